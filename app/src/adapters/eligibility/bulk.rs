//! 一括照会 (OQSmuquc01 to hand in, OQSmuquc02 to fetch) and 照会番号登録 (OQSsiimm01): the questions, and what their answers say.

use chrono::NaiveDate;
use domain::check_in::CareSetting;
use domain::eligibility::{EligibilityStatus, FaceResult, QualificationValidity, ResultSegment};
use domain::outbox::Trouble;
use serde::{Deserialize, Serialize};

use super::query::NotOurs;
use super::wire::required;
use super::xml::{self, Element, HISTORY, escape};
use super::{ReadError, unpacked};
use crate::outbox::Outcome;

const MAX_SAID_CHARS: usize = 200;

/// The insurance of one person, as it is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insured {
    pub insurer_number: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
}

impl Insured {
    pub(super) fn elements(&self) -> String {
        elements(&[
            ("InsurerNumber", &format!("{:>8}", self.insurer_number)),
            ("InsuredCardSymbol", &self.insured_symbol),
            ("InsuredIdentificationNumber", &self.insured_number),
            ("InsuredBranchNumber", &self.branch_number),
        ])
    }
}

/// One of many; `identifier` comes back with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkItem {
    pub identifier: String,
    pub insured: Insured,
    pub birth_date: NaiveDate,
}

pub(super) fn elements(pairs: &[(&str, &str)]) -> String {
    pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("<{name}>{}</{name}>", escape(value))).collect()
}

pub(super) fn message(institution: &str, identifier: &str, asked_on: Option<NaiveDate>, body: &str) -> Vec<u8> {
    let day = asked_on.map(|day| day.format("%Y%m%d").to_string()).unwrap_or_default();
    let header = elements(&[
        ("QualificationConfirmationDate", &day),
        ("MedicalInstitutionCode", institution),
        ("ArbitraryFileIdentifier", identifier),
    ]);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>{header}</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
    )
    .into_bytes()
}

/// Hands a list in. 一括照会 tells the validity on the day, nothing more.
pub fn submission(institution: &str, identifier: &str, day: NaiveDate, items: &[BulkItem]) -> Vec<u8> {
    let one = |item: &BulkItem| {
        let more = elements(&[
            ("Birthdate", &item.birth_date.format("%Y%m%d").to_string()),
            ("LimitApplicationCertificateRelatedConsFlg", "0"),
            ("ArbitraryIdentifier", &item.identifier),
        ]);
        format!("<QualificationConfirmSearchInfo>{}{more}</QualificationConfirmSearchInfo>", item.insured.elements())
    };
    message(institution, identifier, Some(day), &items.iter().map(one).collect::<String>())
}

pub fn collection(institution: &str, identifier: &str, reception_number: &str) -> Vec<u8> {
    message(institution, identifier, None, &elements(&[("ReceptionNumber", reception_number)]))
}

/// 照会番号: our patient number, so that the next card names the chart.
pub fn registration(institution: &str, identifier: &str, reference: &str, insured: &Insured) -> Vec<u8> {
    let number = elements(&[("ReferenceNumber", reference)]);
    let body = format!("<ReferenceNumberRegistrationInfo>{number}{}</ReferenceNumberRegistrationInfo>", insured.elements());
    message(institution, identifier, None, &body)
}

/// What an answer says of the question as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<T> {
    Given(T),
    /// 処理中: ask again later.
    Running,
    Refused {
        code: String,
        said: String,
    },
}

/// How an attempt ended whose answer was read so.
pub fn outcome<T>(read: Result<Reply<T>, NotOurs>, received: &[u8]) -> Outcome {
    match read {
        Ok(Reply::Given(_)) => Outcome::Done(received.to_vec()),
        Ok(Reply::Running) => Outcome::Retry(Trouble::Busy),
        Ok(Reply::Refused { code, said }) => Outcome::Refused { code, said },
        Err(NotOurs::Unreadable(ReadError::Packed(pack))) if pack.is_lasting() => {
            Outcome::Refused { code: pack.code().to_owned(), said: pack.sentence().to_owned() }
        }
        Err(_) => Outcome::Retry(Trouble::Unreadable),
    }
}

/// One answer of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub identifier: String,
    pub status: EligibilityStatus,
    /// The service's own words about this one.
    pub said: String,
    pub is_limit_changed: bool,
}

/// 受付番号 of a list that was taken.
pub fn read_submitted(bytes: &[u8], institution: &str, identifier: &str) -> Result<Reply<String>, NotOurs> {
    reply(bytes, institution, identifier, |root| {
        let number = root.descendant("ReceptionNumber").map(|e| e.text.trim()).filter(|text| !text.is_empty() && text.len() <= 60);
        number.map(str::to_owned).ok_or(ReadError::Missing("ReceptionNumber"))
    })
}

pub fn read_units(bytes: &[u8], institution: &str, identifier: &str) -> Result<Reply<Vec<Unit>>, NotOurs> {
    reply(&unpacked(bytes)?, institution, identifier, |root| {
        let mut units = Vec::new();
        root.descendants("BulkConfirmUnit", &mut units);
        units.into_iter().map(unit).collect()
    })
}

/// Whether a registration was taken.
pub fn read_registered(bytes: &[u8], institution: &str, identifier: &str) -> Result<Reply<()>, NotOurs> {
    reply(bytes, institution, identifier, |root| {
        let status =
            root.descendant("ProcessingResultStatus").map(|e| e.text.trim()).ok_or(ReadError::Missing("ProcessingResultStatus"))?;
        if status == "1" { Ok(()) } else { Err(ReadError::Invalid("ProcessingResultStatus")) }
    })
}

pub(super) fn reply<T>(
    bytes: &[u8],
    institution: &str,
    identifier: &str,
    read: impl FnOnce(&Element) -> Result<T, ReadError>,
) -> Result<Reply<T>, NotOurs> {
    let root = xml::message(bytes, HISTORY)?;
    let header = root.child("MessageHeader").ok_or(ReadError::Missing("MessageHeader"))?;
    let segment = ResultSegment::from_code(required(header, "SegmentOfResult")?);
    // A failure of the service as a whole names nobody.
    let is_addressed = segment == ResultSegment::Normal || header.value("MedicalInstitutionCode").is_some();
    if is_addressed && header.value("ArbitraryFileIdentifier") != Some(identifier) {
        return Err(NotOurs::OtherQuestion);
    }
    if is_addressed && header.value("MedicalInstitutionCode") != Some(institution) {
        return Err(NotOurs::OtherFacility);
    }
    let (code, said) = (said(&root, "ErrorCode", "ProcessingResultCode"), said(&root, "ErrorMessage", "ProcessingResultMessage"));
    match segment {
        ResultSegment::InProgress => Ok(Reply::Running),
        ResultSegment::Normal => match read(&root) {
            Err(ReadError::Invalid("ProcessingResultStatus")) => Ok(Reply::Refused { code, said }),
            read => Ok(Reply::Given(read?)),
        },
        _ => Ok(Reply::Refused { code, said }),
    }
}

fn said(root: &Element, first: &str, second: &str) -> String {
    let found = root.descendant(first).or_else(|| root.descendant(second));
    found.map(|e| e.text.trim().chars().filter(|c| !c.is_control()).take(MAX_SAID_CHARS).collect()).unwrap_or_default()
}

fn unit(e: &Element) -> Result<Unit, ReadError> {
    let asked = e.child("QualificationConfirmSearchInfo").ok_or(ReadError::Missing("QualificationConfirmSearchInfo"))?;
    Ok(Unit {
        identifier: required(asked, "ArbitraryIdentifier")?.to_owned(),
        status: status(e),
        said: said(e, "ProcessingResultMessage", "ProcessingResultCode"),
        is_limit_changed: e.descendant("LimitApplicationCertificateChanged").is_some_and(|e| e.text.trim() == "1"),
    })
}

/// One of many, judged by the same rules as a single answer.
pub(super) fn status(e: &Element) -> EligibilityStatus {
    let result = FaceResult {
        processed_at: None,
        confirmed_on: None,
        institution_code: None,
        by_card: false,
        by_phone: false,
        setting: CareSetting::Outpatient,
        segment: ResultSegment::Normal,
        is_processed: e.value("ProcessingResultStatus") == Some("1"),
        validity: e.value("QualificationValidity").map(QualificationValidity::from_code),
        message: None,
        qualifications: Vec::new(),
        prescription_choice: None,
    };
    result.status()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "1319999999";

    fn answer(header: &str, body: &str) -> String {
        format!(
            "<XmlMsg><MessageHeader><MedicalInstitutionCode>{HERE}</MedicalInstitutionCode><ArbitraryFileIdentifier>q-1</ArbitraryFileIdentifier>{header}\
             </MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
        )
    }

    fn one(identifier: &str, status: &str, validity: &str) -> String {
        format!(
            "<BulkConfirmUnit><QualificationConfirmSearchInfo><ArbitraryIdentifier>{identifier}</ArbitraryIdentifier></QualificationConfirmSearchInfo>\
             <ProcessingResultStatus>{status}</ProcessingResultStatus><QualificationValidity>{validity}</QualificationValidity></BulkConfirmUnit>"
        )
    }

    #[test]
    fn every_unit_is_judged_as_a_single_answer_is() {
        let body: String =
            [("a", "1", "1"), ("b", "1", "2"), ("c", "1", "3"), ("d", "2", "1"), ("e", "1", "9")].map(|(i, s, v)| one(i, s, v)).concat();
        let read = read_units(answer("<SegmentOfResult>1</SegmentOfResult>", &body).as_bytes(), HERE, "q-1").unwrap();
        let Reply::Given(units) = read else { panic!("{read:?}") };
        let states: Vec<_> = units.iter().map(|u| u.status).collect();
        use EligibilityStatus::{Invalid, Superseded, Unavailable, Valid};
        assert_eq!(states, [Valid, Invalid, Superseded, Unavailable, Unavailable]);
    }

    #[test]
    fn running_refused_and_not_ours_are_told_apart() {
        let running = answer("<SegmentOfResult>2</SegmentOfResult>", "");
        assert_eq!(read_units(running.as_bytes(), HERE, "q-1").unwrap(), Reply::Running);
        let closed = "<XmlMsg><MessageHeader><SegmentOfResult>9</SegmentOfResult><ErrorCode>X</ErrorCode><ErrorMessage>時間外</ErrorMessage></MessageHeader></XmlMsg>";
        assert_eq!(read_submitted(closed.as_bytes(), HERE, "q-1").unwrap(), Reply::Refused { code: "X".into(), said: "時間外".into() });
        let good = answer("<SegmentOfResult>1</SegmentOfResult>", "<ReceptionNumber>R1</ReceptionNumber>");
        assert_eq!(read_submitted(good.as_bytes(), HERE, "q-1").unwrap(), Reply::Given("R1".into()));
        assert!(matches!(read_submitted(good.as_bytes(), HERE, "q-2"), Err(NotOurs::OtherQuestion)));
        assert!(matches!(read_submitted(good.as_bytes(), "1399999999", "q-1"), Err(NotOurs::OtherFacility)));
        let turned_down = answer("<SegmentOfResult>1</SegmentOfResult>", "<ProcessingResultStatus>2</ProcessingResultStatus>");
        assert!(matches!(read_registered(turned_down.as_bytes(), HERE, "q-1").unwrap(), Reply::Refused { .. }));
    }

    #[test]
    fn the_questions_carry_each_persons_name_for_the_answer() {
        let insured = Insured {
            insurer_number: "138057".into(),
            insured_symbol: "架<１".into(),
            insured_number: "900100".into(),
            branch_number: String::new(),
        };
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let item = BulkItem { identifier: "p-1".into(), insured: insured.clone(), birth_date: day };
        let text = String::from_utf8(submission(HERE, "q-1", day, &[item.clone(), item])).unwrap();
        assert_eq!(text.matches("<ArbitraryIdentifier>p-1</ArbitraryIdentifier>").count(), 2);
        assert!(
            text.contains("<InsurerNumber>  138057</InsurerNumber><InsuredCardSymbol>架&lt;１</InsuredCardSymbol>")
                && !text.contains("BranchNumber")
        );
        let text = String::from_utf8(registration(HERE, "q-1", "00000042", &insured)).unwrap();
        assert!(text.contains("<ReferenceNumberRegistrationInfo><ReferenceNumber>00000042</ReferenceNumber><InsurerNumber>"));
    }
}
