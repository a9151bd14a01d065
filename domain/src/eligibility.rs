//! 資格確認の結果: what a card reader's answer says about a person's insurance, in our words.
//!
//! Codes are the OQSCD tables of オンライン資格確認等システム. A code we do not know is kept as it came (`Unknown`), because a
//! national table may grow before this program does.

use chrono::{DateTime, FixedOffset, NaiveDate};
use unicode_normalization::UnicodeNormalization;

use crate::check_in::{CareSetting, CheckChannel};
use crate::consent::Consent;
use crate::kana::Kana;
use crate::patient::Sex;
use crate::public_expense::Subsidy;

/// 資格有効性 (OQSCD006).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QualificationValidity {
    /// 1 有効
    Valid,
    /// 2 無効
    Invalid,
    /// 3 無効(新しい資格あり)
    Superseded,
    /// 4 該当資格なし
    NotFound,
    /// 5 複数該当
    Multiple,
    /// 6 有効(未登録、医療扶助)
    ValidUnregistered,
    /// A code not in the table; never taken as valid.
    Unknown(String),
}

impl QualificationValidity {
    /// Reads the one-digit code.
    pub fn from_code(code: &str) -> Self {
        match code {
            "1" => Self::Valid,
            "2" => Self::Invalid,
            "3" => Self::Superseded,
            "4" => Self::NotFound,
            "5" => Self::Multiple,
            "6" => Self::ValidUnregistered,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The code as received.
    pub fn code(&self) -> &str {
        match self {
            Self::Valid => "1",
            Self::Invalid => "2",
            Self::Superseded => "3",
            Self::NotFound => "4",
            Self::Multiple => "5",
            Self::ValidUnregistered => "6",
            Self::Unknown(code) => code,
        }
    }
}

/// What the board shows about a visit's insurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EligibilityStatus {
    Unchecked,
    Valid,
    Invalid,
    Superseded,
    NotFound,
    Multiple,
    Pending,
    Unavailable,
    /// Seen by a person while nobody could be asked; to be asked again.
    ManualVerified,
}

impl EligibilityStatus {
    pub const ALL: [Self; 9] = [
        Self::Unchecked,
        Self::Valid,
        Self::Invalid,
        Self::Superseded,
        Self::NotFound,
        Self::Multiple,
        Self::Pending,
        Self::Unavailable,
        Self::ManualVerified,
    ];

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Superseded => "superseded",
            Self::NotFound => "not_found",
            Self::Multiple => "multiple",
            Self::Pending => "pending",
            Self::Unavailable => "unavailable",
            Self::ManualVerified => "manual_verified",
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The insurance is known not to hold.
    pub const fn is_void(self) -> bool {
        matches!(self, Self::Invalid | Self::Superseded | Self::NotFound)
    }

    /// The words on the board.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unchecked => "未照会",
            Self::Valid => "有効",
            Self::Invalid => "無効",
            Self::Superseded => "無効(新資格あり)",
            Self::NotFound => "該当なし",
            Self::Multiple => "複数候補",
            Self::Pending => "処理中",
            Self::Unavailable => "照会不可",
            Self::ManualVerified => "目視確認",
        }
    }
}

/// 処理結果区分 (OQSCD003), the header's word on the whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultSegment {
    /// 1 正常
    Normal,
    /// 2 処理中
    InProgress,
    /// 9 異常
    Failed,
    Unknown(String),
}

impl ResultSegment {
    pub fn from_code(code: &str) -> Self {
        match code {
            "1" => Self::Normal,
            "2" => Self::InProgress,
            "9" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// 性別 (OQSCD007). Anything but 1 and 2 is 不明: 3 未設定 and codes we do not know look the same to reception.
pub fn sex_of_code(code: &str) -> Sex {
    match code {
        "1" => Sex::Male,
        "2" => Sex::Female,
        _ => Sex::Unknown,
    }
}

/// 限度額適用認定証等の区分.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitCertificate {
    /// OQSCD012, such as `A03`; unknown codes kept.
    pub category: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// 特定疾病療養受療証.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecificDisease {
    /// OQSCD013; unknown codes kept.
    pub category: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub self_pay_yen: Option<u32>,
}

impl SpecificDisease {
    /// 区分 and 自己負担限度額; an unknown code is shown as it came.
    pub fn words(&self) -> String {
        let category = match self.category.as_str() {
            "1" => "人工透析".to_owned(),
            "2" => "血友病".to_owned(),
            "3" => "HIV".to_owned(),
            other => format!("区分 {other}"),
        };
        self.self_pay_yen.map_or(category.clone(), |yen| format!("{category} {yen}円"))
    }
}

/// 医療券・調剤券 of 医療扶助.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MedicalTicket {
    /// OQSCD018: `01` 医療券, `02` 調剤券; unknown codes kept.
    pub kind: String,
    /// 診療年月, `yyyyMM`
    pub month: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub issue_number: String,
    /// 指定医療機関: whether it is this facility (OQSCD026).
    pub is_ours: Option<bool>,
    pub institution_name: String,
    /// OQSCD019
    pub treatment: String,
    pub injuries: Vec<String>,
    pub self_pay_yen: Option<u32>,
    /// OQSCD020: `01` 単独, `02` 併用
    pub combination: String,
    pub contact: String,
}

impl MedicalTicket {
    /// A 医療券 this facility may treat on that day.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.kind == "01" && self.is_ours != Some(false) && holds(self.valid_from, self.valid_to, day)
    }

    pub fn kind_label(&self) -> String {
        match self.kind.as_str() {
            "01" => "医療券".into(),
            "02" => "調剤券".into(),
            other => format!("券種 {other}"),
        }
    }
}

/// Between two days, either of which may be open.
fn holds(from: Option<NaiveDate>, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
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

/// Whether a text carries a 個人番号 (12 digits with a right check digit), which we must never keep.
/// Full-width digits and the separators of the card's print (`1234 5678 9012`) count.
pub fn carries_individual_number(text: &str) -> bool {
    let folded: Vec<char> = text.nfkc().collect();
    let mut start = 0;
    while start < folded.len() {
        if !folded[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let (digits, end) = digit_run(&folded, start);
        if is_individual_number(&digits) {
            return true;
        }
        start = end.max(start + 1);
    }
    false
}

/// Digits from `start`, allowing one space or hyphen after each full group of four.
fn digit_run(chars: &[char], start: usize) -> (Vec<u32>, usize) {
    let mut digits = Vec::new();
    let mut at = start;
    while let Some(c) = chars.get(at) {
        if let Some(digit) = c.to_digit(10).filter(|_| c.is_ascii()) {
            digits.push(digit);
        } else if !is_group_separator(chars, at, digits.len()) {
            break;
        }
        at += 1;
    }
    (digits, at)
}

fn is_group_separator(chars: &[char], at: usize, digits_before: usize) -> bool {
    matches!(digits_before, 4 | 8) && matches!(chars[at], ' ' | '-') && chars.get(at + 1).is_some_and(char::is_ascii_digit)
}

/// Check digit of 個人番号 (令 平成26年総務省令第85号): weights 2..7 and 2..6 from the right, modulo 11.
fn is_individual_number(digits: &[u32]) -> bool {
    let [body @ .., check] = digits else { return false };
    if body.len() != 11 {
        return false;
    }
    let sum: u32 = body.iter().rev().zip((2..=7).chain(2..=6)).map(|(digit, weight)| digit * weight).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    *check == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(validity: &str, count: usize) -> FaceResult {
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
    fn a_ticket_of_another_facility_or_for_a_pharmacy_is_none_to_treat_under() {
        let day = "2026-11-20".parse().unwrap();
        let ticket = MedicalTicket {
            kind: "01".into(),
            month: "202611".into(),
            valid_from: "2026-11-01".parse().ok(),
            valid_to: "2026-11-30".parse().ok(),
            issue_number: String::new(),
            is_ours: Some(true),
            institution_name: String::new(),
            treatment: "02".into(),
            injuries: Vec::new(),
            self_pay_yen: None,
            combination: "01".into(),
            contact: String::new(),
        };
        assert!(ticket.holds(day));
        assert!(!ticket.holds("2026-12-01".parse().unwrap()));
        assert!(!MedicalTicket { is_ours: Some(false), ..ticket.clone() }.holds(day));
        assert!(!MedicalTicket { kind: "02".into(), ..ticket }.holds(day));
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

    #[test]
    fn individual_numbers_are_recognised_in_any_dress() {
        assert!(carries_individual_number("123456789018"));
        assert!(carries_individual_number("番号 1234-5678-9018 です"));
        assert!(carries_individual_number("１２３４　５６７８　９０１８"));
        assert!(!carries_individual_number("123456789012"), "wrong check digit");
        assert!(!carries_individual_number("20261120090103"), "a time of 14 digits");
        assert!(!carries_individual_number("03-1234-5678"));
        assert!(!carries_individual_number(""));
    }
}
