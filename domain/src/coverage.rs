//! 保険資格 (`Coverage`): what a card said, how it differs from what we knew, and which of two things follows.

use chrono::{Days, NaiveDate};

use crate::eligibility::{EligibilityStatus, MedicalTicket, Qualification, SpecificDisease};
use crate::public_expense::Subsidy;

/// 保険種別 (S04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageKind {
    /// 社保
    Employees,
    /// 国保
    National,
    /// 後期高齢者
    LateElderly,
    /// 生活保護(医療扶助)
    PublicAssistance,
    /// 労災
    WorkersAccident,
    /// 自賠責
    Automobile,
    /// 自費
    SelfPay,
    /// 公費負担医療: stands beside an insurance
    PublicExpense,
}

impl CoverageKind {
    pub const ALL: [Self; 8] = [
        Self::Employees,
        Self::National,
        Self::LateElderly,
        Self::PublicAssistance,
        Self::WorkersAccident,
        Self::Automobile,
        Self::SelfPay,
        Self::PublicExpense,
    ];

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Employees => "employees",
            Self::National => "national",
            Self::LateElderly => "late_elderly",
            Self::PublicAssistance => "public_assistance",
            Self::WorkersAccident => "workers_accident",
            Self::Automobile => "automobile",
            Self::SelfPay => "self_pay",
            Self::PublicExpense => "public_expense",
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The short word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Employees => "社保",
            Self::National => "国保",
            Self::LateElderly => "後期",
            Self::PublicAssistance => "生保",
            Self::WorkersAccident => "労災",
            Self::Automobile => "自賠",
            Self::SelfPay => "自費",
            Self::PublicExpense => "公費",
        }
    }

    /// One of these stands at a time; the others stand beside it.
    pub const fn is_main_insurance(self) -> bool {
        matches!(self, Self::Employees | Self::National | Self::LateElderly | Self::PublicAssistance)
    }

    /// Printed as a payer and a recipient number.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::PublicAssistance | Self::PublicExpense)
    }

    /// Whether the paper has a number of the insurer: nobody issues one for 自費, 自賠責 and 労災 have their own.
    pub const fn needs_insurer(self) -> bool {
        !matches!(self, Self::WorkersAccident | Self::Automobile | Self::SelfPay)
    }

    /// From the card's 証区分 and the 法別番号 that leads an eight-digit 保険者番号; six digits are 国保.
    pub fn of(card_classification: &str, insurer_number: &str) -> Self {
        if card_classification == "A1" {
            return Self::PublicAssistance;
        }
        let significant = insurer_number.trim_start_matches(['0', ' ']);
        match (insurer_number.trim().len(), insurer_number.trim().get(..2)) {
            (8, Some("39")) => Self::LateElderly,
            (8, Some("67")) => Self::National,
            (8, Some("12" | "25")) => Self::PublicAssistance,
            (8, Some("00")) if significant.len() <= 6 => Self::National,
            (8, Some(_)) => Self::Employees,
            _ => Self::National,
        }
    }
}

/// How we came to believe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// マイナ保険証
    Card,
    /// 資格確認書
    Certificate,
    /// 目視
    Sight,
    /// 照会不可
    Unavailable,
}

impl Verification {
    pub const ALL: [Self; 4] = [Self::Card, Self::Certificate, Self::Sight, Self::Unavailable];

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.code() == code)
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Card => "マイナ保険証",
            Self::Certificate => "資格確認書",
            Self::Sight => "目視",
            Self::Unavailable => "照会不可",
        }
    }

    /// Nobody answered for it: it is to be asked again.
    pub const fn is_by_eye(self) -> bool {
        matches!(self, Self::Sight | Self::Unavailable)
    }

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Certificate => "certificate",
            Self::Sight => "sight",
            Self::Unavailable => "unavailable",
        }
    }
}

/// 限度額区分 (OQSCD012) with its word.
pub const LIMIT_CATEGORIES: [(&str, &str); 16] = [
    ("A01", "ア"),
    ("A02", "イ"),
    ("A03", "ウ"),
    ("A04", "エ"),
    ("A05", "オ"),
    ("A06", "オ(境界層)"),
    ("B01", "現役並みⅢ"),
    ("B02", "現役並みⅡ"),
    ("B03", "現役並みⅠ"),
    ("B04", "一般"),
    ("B05", "低所得Ⅱ"),
    ("B06", "低所得Ⅰ"),
    ("B07", "低所得Ⅰ(老福)"),
    ("B08", "低所得Ⅰ(境界層)"),
    ("B09", "一般Ⅱ"),
    ("B10", "一般Ⅰ"),
];

/// 限度額適用区分 with its word; a code we do not know is shown as it came.
pub fn limit_words(code: &str) -> String {
    let known = LIMIT_CATEGORIES.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| code.to_owned(), |(code, word)| format!("{word} ({code})"))
}

/// 公費 kept of one patient at a time.
pub const PUBLIC_EXPENSES: usize = 4;

/// What one coverage says, without its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageContent {
    pub kind: CoverageKind,
    pub insurer_number: String,
    pub insurer_name: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub is_self: bool,
    pub copay_percent: Option<u8>,
    pub card_classification: String,
    pub limit_category: String,
    /// 特定疾病 in force, in words.
    pub specific_diseases: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub verified_on: NaiveDate,
    pub verification: Verification,
    pub eligibility: EligibilityStatus,
    /// 公費の優先順位 1–4; 0 for an insurance.
    pub priority: u8,
    /// 公費の月の自己負担上限額
    pub cap_yen: Option<u32>,
    /// 償還払いの公費: the patient pays here.
    pub is_paid_back: bool,
    /// 医療券 in words
    pub medical_ticket: String,
}

impl CoverageContent {
    /// From one qualification of a reader's answer. The end is the day of loss when there is one, else the card's own end.
    pub fn from_qualification(q: &Qualification, status: EligibilityStatus, by_card: bool, verified_on: NaiveDate) -> Self {
        let ticket = q.ticket_on(verified_on).filter(|_| q.is_assistance());
        Self {
            kind: CoverageKind::of(&q.card_classification, &q.insurer_number),
            insurer_number: q.insurer_number.trim().to_owned(),
            insurer_name: q.insurer_name.clone().unwrap_or_default(),
            insured_symbol: q.insured_symbol.clone().unwrap_or_default(),
            insured_number: q.insured_number.clone(),
            branch_number: q.branch_number.clone().unwrap_or_default(),
            is_self: q.is_self.unwrap_or(true),
            copay_percent: q.copay_on(verified_on),
            card_classification: q.card_classification.clone(),
            limit_category: q.limit_on(verified_on).map(|limit| limit.category.clone()).unwrap_or_default(),
            specific_diseases: q.diseases_on(verified_on).map(SpecificDisease::words).collect::<Vec<_>>().join("・"),
            // 医療扶助 holds as its 医療券 says.
            valid_from: ticket.and_then(|ticket| ticket.valid_from).or(q.valid_from).or(q.qualified_on),
            valid_to: q.disqualified_on.or(ticket.and_then(|ticket| ticket.valid_to)).or(q.valid_to),
            verified_on,
            verification: if by_card { Verification::Card } else { Verification::Certificate },
            eligibility: status,
            priority: 0,
            cap_yen: ticket.and_then(|ticket| ticket.self_pay_yen),
            is_paid_back: false,
            medical_ticket: ticket.map(MedicalTicket::words).unwrap_or_default(),
        }
    }

    /// 医療扶助 beside an insurance (併用): a 公費 that pays last.
    pub fn from_assistance(q: &Qualification, status: EligibilityStatus, by_card: bool, verified_on: NaiveDate) -> Self {
        let alone = Self::from_qualification(q, status, by_card, verified_on);
        Self { kind: CoverageKind::PublicExpense, copay_percent: None, priority: 1, ..alone }
    }

    /// A certificate that came with the card; its rank among others is given where all are known.
    pub fn from_subsidy(subsidy: &Subsidy, verified_on: NaiveDate) -> Self {
        Self {
            kind: CoverageKind::PublicExpense,
            insurer_number: subsidy.payer_number.clone(),
            insurer_name: subsidy.name.clone(),
            insured_symbol: String::new(),
            insured_number: subsidy.recipient_number.clone(),
            branch_number: String::new(),
            is_self: true,
            copay_percent: None,
            card_classification: String::new(),
            limit_category: String::new(),
            specific_diseases: String::new(),
            valid_from: subsidy.valid_from,
            valid_to: subsidy.valid_to,
            verified_on,
            verification: Verification::Card,
            eligibility: EligibilityStatus::Valid,
            priority: 1,
            cap_yen: subsidy.cap_yen,
            is_paid_back: subsidy.is_paid_back,
            medical_ticket: String::new(),
        }
    }

    /// The same 保険者番号・記号・番号・枝番. A branch number unknown on one side does not make another card.
    pub fn is_same_card(&self, other: &Self) -> bool {
        self.insurer_number == other.insurer_number
            && self.insured_symbol == other.insured_symbol
            && self.insured_number == other.insured_number
            && (self.branch_number == other.branch_number || self.branch_number.is_empty() || other.branch_number.is_empty())
    }

    /// Field by field, old beside new; the day of checking is not a difference.
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |field: CoverageField, old: String, new: String| {
            if old != new {
                found.push(Difference { field, old, new });
            }
        };
        compare(CoverageField::Kind, self.kind.label().into(), new.kind.label().into());
        compare(CoverageField::InsurerNumber, self.insurer_number.clone(), new.insurer_number.clone());
        compare(CoverageField::InsurerName, self.insurer_name.clone(), new.insurer_name.clone());
        compare(CoverageField::InsuredSymbol, self.insured_symbol.clone(), new.insured_symbol.clone());
        compare(CoverageField::InsuredNumber, self.insured_number.clone(), new.insured_number.clone());
        compare(CoverageField::BranchNumber, self.branch_number.clone(), new.branch_number.clone());
        compare(CoverageField::Relation, self.relation_label().into(), new.relation_label().into());
        compare(CoverageField::Copay, percent(self.copay_percent), percent(new.copay_percent));
        compare(CoverageField::LimitCategory, limit_words(&self.limit_category), limit_words(&new.limit_category));
        compare(CoverageField::SpecificDisease, self.specific_diseases.clone(), new.specific_diseases.clone());
        compare(CoverageField::ValidFrom, day(self.valid_from), day(new.valid_from));
        compare(CoverageField::ValidTo, day(self.valid_to), day(new.valid_to));
        compare(CoverageField::Priority, rank(self.priority), rank(new.priority));
        compare(CoverageField::Cap, yen(self.cap_yen), yen(new.cap_yen));
        compare(CoverageField::PaidBack, yes(self.is_paid_back), yes(new.is_paid_back));
        compare(CoverageField::MedicalTicket, self.medical_ticket.clone(), new.medical_ticket.clone());
        compare(CoverageField::Eligibility, self.eligibility.label().into(), new.eligibility.label().into());
        found
    }

    /// 本人 or 家族.
    pub const fn relation_label(&self) -> &'static str {
        if self.is_self { "本人" } else { "家族" }
    }

    /// The last day of an old card when another one took its place: never after the day it was already to end.
    pub fn closing_day(&self, replaced_by: &Self) -> NaiveDate {
        let successor_starts = replaced_by.valid_from.unwrap_or(replaced_by.verified_on);
        let eve = successor_starts.checked_sub_days(Days::new(1)).unwrap_or(successor_starts);
        self.valid_to.map_or(eve, |known| known.min(eve))
    }
}

/// A field of the comparison shown at reception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageField {
    Kind,
    InsurerNumber,
    InsurerName,
    InsuredSymbol,
    InsuredNumber,
    BranchNumber,
    Relation,
    Copay,
    LimitCategory,
    SpecificDisease,
    ValidFrom,
    ValidTo,
    Priority,
    Cap,
    PaidBack,
    MedicalTicket,
    Eligibility,
}

impl CoverageField {
    /// The row header.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kind => "保険種別",
            Self::InsurerNumber => "保険者番号",
            Self::InsurerName => "保険者名",
            Self::InsuredSymbol => "記号",
            Self::InsuredNumber => "番号",
            Self::BranchNumber => "枝番",
            Self::Relation => "本人・家族",
            Self::Copay => "負担割合",
            Self::LimitCategory => "限度額区分",
            Self::SpecificDisease => "特定疾病",
            Self::ValidFrom => "有効開始",
            Self::ValidTo => "有効終了",
            Self::Priority => "優先順位",
            Self::Cap => "月の上限額",
            Self::PaidBack => "償還払い",
            Self::MedicalTicket => "医療券",
            Self::Eligibility => "資格",
        }
    }
}

/// One changed field; an empty side means the value was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: CoverageField,
    pub old: String,
    pub new: String,
}

fn percent(value: Option<u8>) -> String {
    match value {
        Some(p) if p % 10 == 0 => format!("{}割", p / 10),
        Some(p) => format!("{p}%"),
        None => String::new(),
    }
}

fn rank(value: u8) -> String {
    if value == 0 { String::new() } else { format!("第{value}公費") }
}

fn yes(value: bool) -> String {
    if value { "はい".into() } else { String::new() }
}

fn yen(value: Option<u32>) -> String {
    value.map(|yen| format!("{yen}円")).unwrap_or_default()
}

fn day(value: Option<NaiveDate>) -> String {
    value.map(|d| d.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn content() -> CoverageContent {
        CoverageContent {
            kind: CoverageKind::Employees,
            insurer_number: "01139997".into(),
            insurer_name: "全国健康保険協会　架空支部".into(),
            insured_symbol: "12345678".into(),
            insured_number: "9000001".into(),
            branch_number: "00".into(),
            is_self: true,
            copay_percent: Some(30),
            card_classification: "01".into(),
            limit_category: String::new(),
            specific_diseases: String::new(),
            valid_from: Some(on("2020-04-01")),
            valid_to: None,
            verified_on: on("2026-11-20"),
            verification: Verification::Card,
            eligibility: EligibilityStatus::Valid,
            priority: 0,
            cap_yen: None,
            is_paid_back: false,
            medical_ticket: String::new(),
        }
    }

    #[test]
    fn insurer_numbers_tell_the_kind() {
        for (class, number, kind) in [
            ("01", "01139997", CoverageKind::Employees),
            ("01", "06139992", CoverageKind::Employees),
            ("01", "39131234", CoverageKind::LateElderly),
            ("01", "138057", CoverageKind::National),
            ("01", "00138057", CoverageKind::National),
            ("01", "  138057", CoverageKind::National),
            ("A1", "12131234", CoverageKind::PublicAssistance),
            ("01", "", CoverageKind::National),
        ] {
            assert_eq!(CoverageKind::of(class, number), kind, "{class} {number}");
        }
    }

    #[test]
    fn nothing_changed_means_no_difference_even_when_checked_again() {
        let again = CoverageContent { verified_on: on("2026-12-01"), ..content() };
        assert_eq!(content().differences(&again), []);
    }

    #[test]
    fn a_change_shows_old_beside_new() {
        let new = CoverageContent { copay_percent: Some(20), limit_category: "A03".into(), ..content() };
        let found = content().differences(&new);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Difference { field: CoverageField::Copay, old: "3割".into(), new: "2割".into() });
        assert_eq!(found[1].old, "");
    }

    #[test]
    fn an_unknown_branch_number_is_not_another_card() {
        let unknown = CoverageContent { branch_number: String::new(), ..content() };
        let other = CoverageContent { branch_number: "01".into(), ..content() };
        assert!(content().is_same_card(&unknown));
        assert!(!content().is_same_card(&other));
    }

    #[test]
    fn an_old_card_ends_the_day_before_its_successor_and_never_later_than_it_was_to() {
        let new = CoverageContent { insurer_number: "06139992".into(), valid_from: Some(on("2026-10-01")), ..content() };
        assert_eq!(content().closing_day(&new), on("2026-09-30"));
        let ended = CoverageContent { valid_to: Some(on("2026-08-31")), ..content() };
        assert_eq!(ended.closing_day(&new), on("2026-08-31"));
    }
}
