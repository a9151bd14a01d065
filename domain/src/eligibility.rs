//! 資格確認の結果: what a card reader's answer says about a person's insurance, in our words.
//!
//! Codes are the OQSCD tables of オンライン資格確認等システム. A code we do not know is kept as it came (`Unknown`), because a
//! national table may grow before this program does.

mod assistance;
mod certificate;
mod individual_number;
mod status;

pub use assistance::together;
pub use certificate::{LimitCertificate, MedicalTicket, SpecificDisease};
pub use individual_number::carries_individual_number;
pub use status::{EligibilityStatus, QualificationValidity, ResultSegment};

use certificate::holds;
use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::check_in::{CareSetting, CheckChannel};
use crate::consent::Consent;
use crate::kana::Kana;
use crate::patient::Sex;
use crate::public_expense::Subsidy;

/// 性別 (OQSCD007). Anything but 1 and 2 is 不明: 3 未設定 and codes we do not know look the same to reception.
pub fn sex_of_code(code: &str) -> Sex {
    match code {
        "1" => Sex::Male,
        "2" => Sex::Female,
        _ => Sex::Unknown,
    }
}

/// One `ResultOfQualificationConfirmation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualification {
    /// 証区分 (OQSCD010): `01` 一般, `A1` 医療扶助…; unknown codes kept.
    pub card_classification: String,
    pub insurer_number: String,
    pub insured_symbol: Option<String>,
    pub insured_number: String,
    pub branch_number: Option<String>,
    /// 本人家族 (OQSCD009): true = 本人. `None` when not said.
    pub is_self: Option<bool>,
    pub name: String,
    /// `None` when the card has no reading in kana.
    pub name_kana: Option<Kana>,
    pub sex: Sex,
    pub birth_date: NaiveDate,
    pub postal_code: Option<String>,
    pub address: Option<String>,
    pub qualified_on: Option<NaiveDate>,
    pub disqualified_on: Option<NaiveDate>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    /// 一部負担割合 in percent (`030` → 30).
    pub copay_percent: Option<u8>,
    /// 高齢受給者証の負担割合 in percent; wins over `copay_percent` while valid.
    pub elderly_copay_percent: Option<u8>,
    pub elderly_from: Option<NaiveDate>,
    pub elderly_to: Option<NaiveDate>,
    pub insurer_name: Option<String>,
    pub loss_reason: Option<String>,
    pub limit: Option<LimitCertificate>,
    pub specific_diseases: Vec<SpecificDisease>,
    pub tickets: Vec<MedicalTicket>,
    /// 医療費助成 (PMH) the person chose to use.
    pub subsidies: Vec<Subsidy>,
    pub consents: Vec<Consent>,
    /// 照会番号: our 患者番号 when we registered it.
    pub reference_number: Option<String>,
    /// 継続的な同意 to questions before every visit (訪問診療等).
    pub continuing: Option<ContinuingConsent>,
    /// 併用の医療扶助, from the same reading.
    pub assistance: Option<Box<Qualification>>,
}

/// 継続的な同意: the clinic may ask again without the person being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContinuingConsent {
    /// Its last day; none where it lasts until it is withdrawn.
    pub until: Option<NaiveDate>,
}

impl Qualification {
    /// The share the patient pays on that day; `None` when the service did not say.
    pub fn copay_on(&self, day: NaiveDate) -> Option<u8> {
        self.elderly_copay_percent.filter(|_| holds(self.elderly_from, self.elderly_to, day)).or(self.copay_percent)
    }

    /// 限度額適用区分 in force on that day.
    pub fn limit_on(&self, day: NaiveDate) -> Option<&LimitCertificate> {
        self.limit.as_ref().filter(|limit| holds(limit.valid_from, limit.valid_to, day))
    }

    /// 特定疾病 in force on that day.
    pub fn diseases_on(&self, day: NaiveDate) -> impl Iterator<Item = &SpecificDisease> {
        self.specific_diseases.iter().filter(move |disease| holds(disease.valid_from, disease.valid_to, day))
    }

    /// 医療扶助
    pub fn is_assistance(&self) -> bool {
        self.card_classification == "A1"
    }

    /// The 医療券 to treat under on that day.
    pub fn ticket_on(&self, day: NaiveDate) -> Option<&MedicalTicket> {
        self.tickets.iter().find(|ticket| ticket.holds(day))
    }
}

/// A card reader's answer, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceResult {
    pub processed_at: Option<DateTime<FixedOffset>>,
    /// 資格確認日.
    pub confirmed_on: Option<NaiveDate>,
    pub institution_code: Option<String>,
    /// 照会区分 (OQSCD002) is 1: read from the card itself.
    pub by_card: bool,
    /// The card was the one in the person's smartphone.
    pub by_phone: bool,
    /// 診療区分
    pub setting: CareSetting,
    pub segment: ResultSegment,
    /// 処理結果状況 (OQSCD004) is 1.
    pub is_processed: bool,
    pub validity: Option<QualificationValidity>,
    /// The service's own words, shown as they came.
    pub message: Option<ServiceMessage>,
    pub qualifications: Vec<Qualification>,
    /// 処方箋発行形態 (OQSCD017): `1` 電子, `2` 紙.
    pub prescription_choice: Option<String>,
}

/// Code and sentence from the national service; opaque to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceMessage {
    pub code: Option<String>,
    pub text: Option<String>,
}

impl FaceResult {
    /// The state to show. Several candidates are always `Multiple`: a person chooses, never the program.
    pub fn status(&self) -> EligibilityStatus {
        if self.segment == ResultSegment::InProgress {
            return EligibilityStatus::Pending;
        }
        if self.segment != ResultSegment::Normal || !self.is_processed {
            return EligibilityStatus::Unavailable;
        }
        if self.qualifications.len() > 1 {
            return EligibilityStatus::Multiple;
        }
        match &self.validity {
            Some(QualificationValidity::Valid | QualificationValidity::ValidUnregistered) => EligibilityStatus::Valid,
            Some(QualificationValidity::Invalid) => EligibilityStatus::Invalid,
            Some(QualificationValidity::Superseded) => EligibilityStatus::Superseded,
            Some(QualificationValidity::NotFound) => EligibilityStatus::NotFound,
            Some(QualificationValidity::Multiple) => EligibilityStatus::Multiple,
            Some(QualificationValidity::Unknown(_)) | None => EligibilityStatus::Unavailable,
        }
    }

    /// 受付経路
    pub const fn channel(&self) -> CheckChannel {
        match (self.setting, self.by_card, self.by_phone) {
            (CareSetting::Home, ..) => CheckChannel::Home,
            (CareSetting::Online, ..) => CheckChannel::Online,
            (CareSetting::Outpatient, false, _) => CheckChannel::Number,
            (CareSetting::Outpatient, true, true) => CheckChannel::Phone,
            (CareSetting::Outpatient, true, false) => CheckChannel::Card,
        }
    }

    /// The one qualification to work with; `None` when there is none or more than one.
    pub fn single(&self) -> Option<&Qualification> {
        match (self.qualifications.as_slice(), self.status()) {
            (_, EligibilityStatus::Multiple) => None,
            ([only], _) => Some(only),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn result(validity: &str, count: usize) -> FaceResult {
        let one = Qualification {
            card_classification: "01".into(),
            insurer_number: "01139997".into(),
            insured_symbol: None,
            insured_number: "9000001".into(),
            branch_number: None,
            is_self: Some(true),
            name: "架空　太郎".into(),
            name_kana: None,
            sex: Sex::Male,
            birth_date: NaiveDate::from_ymd_opt(1975, 4, 1).unwrap(),
            postal_code: None,
            address: None,
            qualified_on: None,
            disqualified_on: None,
            valid_from: None,
            valid_to: None,
            copay_percent: Some(30),
            elderly_copay_percent: None,
            elderly_from: None,
            elderly_to: None,
            insurer_name: None,
            loss_reason: None,
            limit: None,
            specific_diseases: Vec::new(),
            tickets: Vec::new(),
            subsidies: Vec::new(),
            consents: Vec::new(),
            reference_number: None,
            continuing: None,
            assistance: None,
        };
        FaceResult {
            processed_at: None,
            confirmed_on: None,
            institution_code: None,
            by_card: true,
            by_phone: false,
            setting: CareSetting::Outpatient,
            segment: ResultSegment::Normal,
            is_processed: true,
            validity: Some(QualificationValidity::from_code(validity)),
            message: None,
            qualifications: vec![one; count],
            prescription_choice: None,
        }
    }

    #[test]
    fn validity_codes_become_board_states() {
        for (code, count, expected) in [
            ("1", 1, EligibilityStatus::Valid),
            ("2", 1, EligibilityStatus::Invalid),
            ("3", 1, EligibilityStatus::Superseded),
            ("4", 0, EligibilityStatus::NotFound),
            ("5", 0, EligibilityStatus::Multiple),
            ("6", 1, EligibilityStatus::Valid),
            ("7", 1, EligibilityStatus::Unavailable),
        ] {
            assert_eq!(result(code, count).status(), expected, "code {code}");
        }
    }

    #[test]
    fn certificates_count_only_while_they_hold() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut q = result("1", 1).qualifications.remove(0);
        (q.elderly_copay_percent, q.elderly_from, q.elderly_to) = (Some(20), Some(day("2026-08-01")), Some(day("2027-07-31")));
        assert_eq!(
            (q.copay_on(day("2026-07-31")), q.copay_on(day("2026-08-01")), q.copay_on(day("2027-08-01"))),
            (Some(30), Some(20), Some(30))
        );
        q.limit = Some(LimitCertificate { category: "A03".into(), valid_from: None, valid_to: Some(day("2026-07-31")) });
        assert!(q.limit_on(day("2026-07-31")).is_some() && q.limit_on(day("2026-08-01")).is_none());
        let dialysis = SpecificDisease { category: "1".into(), valid_from: None, valid_to: None, self_pay_yen: Some(10_000) };
        assert_eq!(dialysis.words(), "人工透析 10000円");
        assert_eq!(SpecificDisease { category: "8".into(), self_pay_yen: None, ..dialysis }.words(), "区分 8");
    }

    #[test]
    fn several_answers_are_never_picked_from() {
        let several = result("1", 2);
        assert_eq!(several.status(), EligibilityStatus::Multiple);
        assert_eq!(several.single(), None);
        assert!(result("1", 1).single().is_some());
        assert_eq!(result("5", 1).single(), None);
    }

    /// FN-OQ-10, FN-OQ-09
    #[test]
    fn the_channel_is_what_was_shown_and_where() {
        let mut read = result("1", 1);
        assert_eq!(read.channel(), CheckChannel::Card);
        read.by_phone = true;
        assert_eq!(read.channel(), CheckChannel::Phone);
        read.by_card = false;
        assert_eq!(read.channel(), CheckChannel::Number);
        read.setting = CareSetting::Home;
        assert_eq!(read.channel(), CheckChannel::Home);
    }

    #[test]
    fn failed_and_pending_answers_are_not_validity() {
        let mut failed = result("1", 1);
        failed.segment = ResultSegment::Failed;
        assert_eq!(failed.status(), EligibilityStatus::Unavailable);
        failed.segment = ResultSegment::InProgress;
        assert_eq!(failed.status(), EligibilityStatus::Pending);
        failed.segment = ResultSegment::Normal;
        failed.is_processed = false;
        assert_eq!(failed.status(), EligibilityStatus::Unavailable);
    }
}
