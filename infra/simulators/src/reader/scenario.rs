//! What can happen at the reader, the good and the bad.

use chrono::{DateTime, FixedOffset, TimeDelta};

use super::message::{Answer, Encoding, Header, Writer, assistance, qualification};
use super::people::{PEOPLE, Person};

/// 外来 consents last a day.
pub const LASTS: TimeDelta = TimeDelta::hours(24);

/// Whose card, and how it was used.
pub struct Card<'a> {
    pub person: &'a Person,
    /// 照会番号; empty when none is registered
    pub reference: &'a str,
    /// Another insurer's card of the same person
    pub is_changed: bool,
    /// What was allowed on the reader's screen; `None` where there was no reader.
    pub consents: Option<&'a [&'a str]>,
    /// 同意取得困難: the person could not be asked.
    pub is_unable: bool,
    /// How long.
    pub lasts: TimeDelta,
    /// The card in a smartphone.
    pub is_phone: bool,
    /// PrescriptionIssueSelect: 1 電子, 2 紙
    pub form: &'a str,
    /// 医療費助成の受給者証 is used too.
    pub with_subsidies: bool,
    /// 医療扶助 stands beside the insurance.
    pub with_assistance: bool,
}

impl<'a> Card<'a> {
    /// A card nobody was asked about: no consent, paper, nothing beside the insurance.
    pub const fn of(person: &'a Person) -> Self {
        Self {
            person,
            reference: "",
            is_changed: false,
            consents: None,
            is_unable: false,
            lasts: LASTS,
            is_phone: false,
            form: "2",
            with_subsidies: false,
            with_assistance: false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    Valid,
    Invalid,
    Superseded,
    NotFound,
    Multiple,
    Unregistered,
    UnknownValidity,
    ServiceClosed,
    NotProcessed,
    Pending,
    Truncated,
    Garbled,
    MissingBirthdate,
    ImpossibleBirthdate,
    DocumentType,
    IndividualNumber,
    Oversized,
    Empty,
}

impl Scenario {
    pub const ALL: [Self; 18] = [
        Self::Valid,
        Self::Invalid,
        Self::Superseded,
        Self::NotFound,
        Self::Multiple,
        Self::Unregistered,
        Self::UnknownValidity,
        Self::ServiceClosed,
        Self::NotProcessed,
        Self::Pending,
        Self::Truncated,
        Self::Garbled,
        Self::MissingBirthdate,
        Self::ImpossibleBirthdate,
        Self::DocumentType,
        Self::IndividualNumber,
        Self::Oversized,
        Self::Empty,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Superseded => "superseded",
            Self::NotFound => "not_found",
            Self::Multiple => "multiple",
            Self::Unregistered => "unregistered",
            Self::UnknownValidity => "unknown_validity",
            Self::ServiceClosed => "service_closed",
            Self::NotProcessed => "not_processed",
            Self::Pending => "pending",
            Self::Truncated => "truncated",
            Self::Garbled => "garbled",
            Self::MissingBirthdate => "missing_birthdate",
            Self::ImpossibleBirthdate => "impossible_birthdate",
            Self::DocumentType => "document_type",
            Self::IndividualNumber => "individual_number",
            Self::Oversized => "oversized",
            Self::Empty => "empty",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Valid => "有効",
            Self::Invalid => "無効(資格喪失)",
            Self::Superseded => "無効(新しい資格あり)",
            Self::NotFound => "該当資格なし",
            Self::Multiple => "複数該当",
            Self::Unregistered => "有効(未登録・医療扶助)",
            Self::UnknownValidity => "知らない資格有効性コード",
            Self::ServiceClosed => "サービス時間外(処理結果 9)",
            Self::NotProcessed => "処理エラー(処理結果状況 2)",
            Self::Pending => "処理中(処理結果 2)",
            Self::Truncated => "途中で切れたファイル",
            Self::Garbled => "文字化けしたファイル",
            Self::MissingBirthdate => "生年月日がない",
            Self::ImpossibleBirthdate => "あり得ない生年月日",
            Self::DocumentType => "DOCTYPE と実体参照",
            Self::IndividualNumber => "個人番号が紛れたファイル",
            Self::Oversized => "1 MB を超えるファイル",
            Self::Empty => "空のファイル",
        }
    }

    /// Damage done to a file, as opposed to an answer of the service.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Truncated
                | Self::Garbled
                | Self::MissingBirthdate
                | Self::ImpossibleBirthdate
                | Self::DocumentType
                | Self::IndividualNumber
                | Self::Oversized
                | Self::Empty
        )
    }

    /// The scenario of that key, or the usual one.
    pub fn find(key: &str) -> Self {
        Self::ALL.into_iter().find(|scenario| scenario.key() == key).unwrap_or(Self::Valid)
    }

    /// The bytes the reader leaves in its folder.
    pub fn write(self, card: &Card<'_>, encoding: Encoding, at: DateTime<FixedOffset>) -> Vec<u8> {
        let until = card.consents.map(|_| (at + card.lasts).format("%Y%m%d%H%M%S").to_string()).unwrap_or_default();
        let at = at.format("%Y%m%d%H%M%S").to_string();
        let answer = self.answer(card, &until);
        let mut w = Writer::default();
        self.header(&at, card.is_phone).write(&mut w, encoding);
        if self != Self::ServiceClosed {
            self.body(&mut w, card, &answer, &at);
        }
        self.damage(w.finish(encoding), encoding)
    }

    fn answer<'a>(self, card: &Card<'a>, until: &'a str) -> Answer<'a> {
        let (lost_on, loss_reason) = match self {
            Self::Invalid => ("20260930", "99"),
            Self::Superseded => ("20260930", "03"),
            _ => ("", ""),
        };
        // A made-up number whose check digit is right.
        let hidden_number = if self == Self::IndividualNumber { "1234 5678 9018" } else { "" };
        Answer {
            reference: card.reference,
            is_changed_card: card.is_changed,
            lost_on,
            loss_reason,
            hidden_number,
            consents: card.consents.unwrap_or_default(),
            is_unable: card.is_unable,
            until,
            with_subsidies: card.with_subsidies,
        }
    }

    fn header<'a>(self, at: &'a str, is_phone: bool) -> Header<'a> {
        let (segment, failure) = match self {
            Self::ServiceClosed => ("9", Some(("SIM0001E", "模擬：サービス時間外です。"))),
            Self::Pending => ("2", None),
            _ => ("1", None),
        };
        Header { at, segment, failure, is_phone }
    }

    fn body(self, w: &mut Writer, card: &Card<'_>, answer: &Answer<'_>, at: &str) {
        w.open("MessageBody").element("ProcessingResultStatus", if self == Self::NotProcessed { "2" } else { "1" });
        match self {
            Self::NotProcessed => {
                w.element("ProcessingResultCode", "SIM0002E").element("ProcessingResultMessage", "模擬：資格情報を取得できませんでした。");
            }
            Self::Pending => {}
            _ => {
                w.element("QualificationValidity", self.validity());
                if self != Self::NotFound {
                    w.open("ResultList");
                    qualification(w, card.person, answer, at);
                    if card.with_assistance && card.person.classification != "A1" {
                        assistance(w, card.person, at);
                    }
                    if self == Self::Multiple {
                        qualification(w, another(card.person), answer, at);
                    }
                    w.close("ResultList");
                }
                w.element("PrescriptionIssueSelect", card.form);
            }
        }
        w.close("MessageBody");
    }

    fn validity(self) -> &'static str {
        match self {
            Self::Invalid => "2",
            Self::Superseded => "3",
            Self::NotFound => "4",
            Self::Multiple => "5",
            Self::Unregistered => "6",
            Self::UnknownValidity => "7",
            _ => "1",
        }
    }

    fn damage(self, text: String, encoding: Encoding) -> Vec<u8> {
        let bytes = encoding.bytes(&text);
        match self {
            Self::Truncated => bytes[..bytes.len() * 2 / 3].to_vec(),
            Self::Garbled => garble(bytes),
            Self::MissingBirthdate => encoding.bytes(&cut_element(&text, "Birthdate")),
            Self::ImpossibleBirthdate => encoding.bytes(&text.replacen("<Birthdate>", "<Birthdate>9", 1)),
            Self::DocumentType => encoding.bytes(&text.replacen("<XmlMsg>", "<!DOCTYPE XmlMsg [<!ENTITY x \"x\">]><XmlMsg>&x;", 1)),
            Self::Oversized => [bytes, vec![b' '; 1024 * 1024]].concat(),
            Self::Empty => Vec::new(),
            _ => bytes,
        }
    }
}

fn another(person: &Person) -> &'static Person {
    if person.key == PEOPLE[0].key { &PEOPLE[1] } else { &PEOPLE[0] }
}

fn cut_element(text: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    match (text.find(&open), text.find(&close)) {
        (Some(start), Some(end)) => format!("{}{}", &text[..start], &text[end + close.len()..]),
        _ => text.to_owned(),
    }
}

/// A byte no character code of ours can have, in the middle of the name.
fn garble(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(at) = bytes.windows(6).position(|window| window == b"<Name>") {
        bytes[at + 6] = 0xff;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> DateTime<FixedOffset> {
        "2026-11-20T09:01:03+09:00".parse().unwrap()
    }

    fn card(person: usize, reference: &'static str) -> Card<'static> {
        Card { reference, consents: Some(&["PharmacistsInfo"]), ..Card::of(&PEOPLE[person]) }
    }

    #[test]
    fn a_smartphone_says_so_and_a_card_says_nothing() {
        let phone = Scenario::Valid.write(&Card { is_phone: true, ..card(0, "") }, Encoding::Utf8, at());
        assert!(String::from_utf8(phone).unwrap().contains("<IdentificationMedium>2</IdentificationMedium>"));
        assert!(!text(Scenario::Valid).contains("IdentificationMedium"));
    }

    fn text(scenario: Scenario) -> String {
        String::from_utf8(scenario.write(&card(0, "00000042"), Encoding::Utf8, at())).unwrap()
    }

    #[test]
    fn the_usual_answer_has_the_shape_of_the_description() {
        let text = text(Scenario::Valid);
        for part in [
            "<SegmentOfResult>1</SegmentOfResult>",
            "<ProcessExecutionTime>20261120090103</ProcessExecutionTime>",
            "<QualificationValidity>1</QualificationValidity>",
            "<NameKana>ｶｸｳ ﾀﾛｳ</NameKana>",
            "<ReferenceNumber>00000042</ReferenceNumber>",
            "<PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>",
            "<PharmacistsInfoAvailableTime>20261121090103</PharmacistsInfoAvailableTime>",
            "<DiagnosisInfoConsFlg>0</DiagnosisInfoConsFlg>",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn an_unregistered_reference_number_is_left_out() {
        let bytes = Scenario::Valid.write(&card(0, ""), Encoding::Utf8, at());
        assert!(!String::from_utf8(bytes).unwrap().contains("ReferenceNumber"));
    }

    #[test]
    fn cp932_says_so_and_keeps_the_vendor_letters() {
        let bytes = Scenario::Valid.write(&card(2, ""), Encoding::Cp932, at());
        let (text, _, failed) = encoding_rs::SHIFT_JIS.decode(&bytes);
        assert!(!failed && text.contains("髙﨑") && text.contains("Shift_JIS") && text.contains("Identifier>1<"));
    }

    #[test]
    fn faults_are_really_faulty() {
        assert!(!text(Scenario::Truncated).contains("</XmlMsg>"));
        assert!(String::from_utf8(Scenario::Garbled.write(&card(0, ""), Encoding::Utf8, at())).is_err());
        assert!(!text(Scenario::MissingBirthdate).contains("Birthdate"));
        assert!(text(Scenario::DocumentType).contains("<!DOCTYPE"));
        assert!(text(Scenario::Oversized).len() > 1024 * 1024);
        assert!(text(Scenario::Empty).is_empty());
        assert_eq!(text(Scenario::Multiple).matches("<Name>").count(), 2);
        assert!(Scenario::ALL.iter().filter(|s| s.is_fault()).count() >= 8);
    }

    #[test]
    fn keys_are_distinct_and_read_back() {
        for scenario in Scenario::ALL {
            assert!(Scenario::find(scenario.key()) == scenario);
        }
    }
}
