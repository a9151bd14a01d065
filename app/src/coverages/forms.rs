//! A card or a 受給者証 as it was typed.

use chrono::NaiveDate;
use domain::coverage::{CoverageContent, CoverageKind, LIMIT_CATEGORIES, Verification};
use domain::eligibility::EligibilityStatus;
use domain::insurer::{InsurerNumberError, parse_insurer_number, parse_public_payer_number, parse_public_recipient_number};
use domain::{text, wareki};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entity::coverage::Model;
use super::store::content_of;
use crate::web::FormErrors;

/// 記号, 番号 and 保険者名, in characters.
const NUMBER_MAX: usize = 20;
const NAME_MAX: usize = 60;
/// 受給者番号 of local schemes.
const RECIPIENT_MAX: usize = 30;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawCoverage {
    pub patient_token: String,
    pub idempotency_key: String,
    pub version: String,
    pub kind: String,
    pub insurer_number: String,
    pub insurer_name: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub relation: String,
    pub copay_percent: String,
    pub limit_category: String,
    pub specific_diseases: String,
    pub valid_from: String,
    pub valid_to: String,
    pub priority: String,
    pub cap_yen: String,
    pub is_paid_back: String,
    pub verified_on: String,
    pub verification: String,
    /// The 受給者番号 is written so on the paper, whatever its last digit.
    pub as_written: String,
    /// `yes`: old and new were seen side by side. `back`: to the form again.
    pub compared: String,
}

impl RawCoverage {
    pub fn begun(kind: CoverageKind, key: Uuid, today: NaiveDate) -> Self {
        let is_public = kind == CoverageKind::PublicExpense;
        Self {
            idempotency_key: key.to_string(),
            kind: if is_public { kind.code().into() } else { String::new() },
            relation: "self".into(),
            copay_percent: if is_public { String::new() } else { "30".into() },
            priority: if is_public { "1".into() } else { String::new() },
            verified_on: today.to_string(),
            verification: Verification::Certificate.code().into(),
            ..Self::default()
        }
    }

    pub fn of(row: &Model, today: NaiveDate) -> Self {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let number = |number: Option<i32>| number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            version: row.version.to_string(),
            kind: row.kind.clone(),
            insurer_number: row.insurer_number.clone(),
            insurer_name: row.insurer_name.clone(),
            insured_symbol: row.insured_symbol.clone(),
            insured_number: row.insured_number.clone(),
            branch_number: row.branch_number.clone(),
            relation: row.relation.clone(),
            copay_percent: number(row.copay_percent),
            limit_category: row.limit_category.clone(),
            specific_diseases: row.specific_diseases.clone(),
            valid_from: day(row.valid_from),
            valid_to: day(row.valid_to),
            priority: row.priority.to_string(),
            cap_yen: number(row.cap_yen),
            is_paid_back: if row.is_paid_back { "yes" } else { "" }.into(),
            verified_on: today.to_string(),
            verification: row.verification.clone(),
            ..Self::default()
        }
    }

    pub fn is_public(&self) -> bool {
        self.kind == CoverageKind::PublicExpense.code()
    }

    pub fn is_compared(&self) -> bool {
        self.compared == "yes"
    }

    /// What was typed; whether anybody answered for it follows from `old`.
    pub fn read(&self, today: NaiveDate, old: Option<&Model>) -> Result<CoverageContent, FormErrors> {
        let mut e = FormErrors::default();
        let kind = CoverageKind::from_code(&self.kind).unwrap_or(CoverageKind::SelfPay);
        if CoverageKind::from_code(&self.kind).is_none() {
            e.add("kind", "保険種別を選んでください");
        }
        let (insurer_number, insured_number) = if kind.is_public() { self.public_numbers(&mut e) } else { self.insured(kind, &mut e) };
        let line = |e: &mut FormErrors, field: &'static str, label: &str, typed: &str, max: usize| {
            let message = format!("{label}は{max}文字までで、読める文字だけを入れてください");
            e.take(field, text::line(typed, max), |_| message).flatten().unwrap_or_default()
        };
        let insurer_name = line(&mut e, "insurer_name", "名称", &self.insurer_name, NAME_MAX);
        let insured_symbol = line(&mut e, "insured_symbol", "記号", &self.insured_symbol, NUMBER_MAX);
        let specific_diseases = line(&mut e, "specific_diseases", "特定疾病", &self.specific_diseases, NAME_MAX);
        let branch_number = self.branch(&mut e);
        if kind != CoverageKind::PublicExpense && !matches!(self.relation.as_str(), "self" | "family") {
            e.add("relation", "本人か家族を選んでください");
        }
        let copay_percent = self.share(kind, &mut e);
        if !self.limit_category.is_empty() && LIMIT_CATEGORIES.iter().all(|(code, _)| *code != self.limit_category) {
            e.add("limit_category", "限度額区分を一覧から選んでください");
        }
        let (valid_from, valid_to) = self.period(&mut e);
        let (priority, cap_yen) = if kind == CoverageKind::PublicExpense { self.terms(&mut e) } else { (0, None) };
        let verified_on = wareki::parse_past(&self.verified_on, today);
        let verified_on = e.take("verified_on", verified_on, |_| "確認日を今日までの日付で入れてください".into());
        let verification = Verification::from_code(&self.verification).ok_or(());
        let verification = e.take("verification", verification, |()| "確認方法を選んでください".into());
        let (Some(verified_on), Some(verification), true) = (verified_on, verification, e.is_empty()) else { return Err(e) };
        let mut content = CoverageContent {
            kind,
            insurer_number,
            insurer_name,
            insured_symbol,
            insured_number,
            branch_number,
            is_self: self.relation != "family",
            copay_percent,
            card_classification: old.map(|row| row.insured_card_classification.clone()).unwrap_or_default(),
            limit_category: self.limit_category.clone(),
            specific_diseases,
            valid_from,
            valid_to,
            verified_on,
            verification,
            eligibility: EligibilityStatus::Unchecked,
            priority,
            cap_yen,
            is_paid_back: self.is_paid_back == "yes",
            medical_ticket: old.map(|row| row.medical_ticket.clone()).unwrap_or_default(),
        };
        content.eligibility = eligibility(&content, old);
        Ok(content)
    }

    fn insured(&self, kind: CoverageKind, e: &mut FormErrors) -> (String, String) {
        let must = kind.needs_insurer();
        let insurer = if must || !self.insurer_number.trim().is_empty() {
            e.take("insurer_number", parse_insurer_number(&self.insurer_number), |error| number_message("保険者番号", "6桁か8桁", *error))
        } else {
            Some(String::new())
        };
        if let Some(number) = insurer.as_deref().filter(|number| must && !number.is_empty())
            && CoverageKind::of("", number) != kind
        {
            let meant = CoverageKind::of("", number).label();
            e.add("kind", format!("この保険者番号は{meant}のものです。保険種別か番号を確かめてください"));
        }
        let number = text::without_spaces(&self.insured_number);
        if (must && number.is_empty()) || number.chars().count() > NUMBER_MAX || number.chars().any(char::is_control) {
            e.add("insured_number", "番号を20文字までで入れてください");
        }
        (insurer.unwrap_or_default(), number)
    }

    /// 負担者番号 and 受給者番号. Local schemes may write a recipient number without a check digit: it is asked about once.
    fn public_numbers(&self, e: &mut FormErrors) -> (String, String) {
        let payer =
            e.take("insurer_number", parse_public_payer_number(&self.insurer_number), |error| number_message("負担者番号", "8桁", *error));
        let recipient = match parse_public_recipient_number(&self.insured_number) {
            Err(InsurerNumberError::CheckDigit { .. }) if self.as_written == "yes" => Ok(text::without_spaces(&self.insured_number)),
            Err(InsurerNumberError::WrongLength) if self.as_written == "yes" && self.is_long_recipient() => {
                Ok(text::without_spaces(&self.insured_number))
            }
            read => read,
        };
        let recipient = e.take("insured_number", recipient, |error| number_message("受給者番号", "7桁", *error));
        (payer.unwrap_or_default(), recipient.unwrap_or_default())
    }

    /// Longer than seven digits, as some local schemes have it.
    fn is_long_recipient(&self) -> bool {
        (8..=RECIPIENT_MAX).contains(&text::without_spaces(&self.insured_number).chars().count())
    }

    fn branch(&self, e: &mut FormErrors) -> String {
        let branch = text::without_spaces(&self.branch_number);
        if branch.len() > 2 || !branch.bytes().all(|b| b.is_ascii_digit()) {
            e.add("branch_number", "枝番は2桁の数字です。分からなければ空のままにしてください");
        }
        if branch.is_empty() { branch } else { format!("{branch:0>2}") }
    }

    fn share(&self, kind: CoverageKind, e: &mut FormErrors) -> Option<u8> {
        if self.copay_percent.is_empty() && matches!(kind, CoverageKind::PublicExpense | CoverageKind::PublicAssistance) {
            return None;
        }
        let known = self.copay_percent.parse().ok().filter(|share| SHARES.iter().any(|(code, _)| code.parse() == Ok(*share)));
        e.take("copay_percent", known.ok_or(()), |()| "負担割合を選んでください".into())
    }

    fn period(&self, e: &mut FormErrors) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let read = |e: &mut FormErrors, field: &'static str, typed: &str| match typed.trim() {
            "" => None,
            typed => e.take(field, wareki::parse(typed), |_| "日付を R8.4.1 か 2026-04-01 の形で入れてください".into()),
        };
        let from = read(e, "valid_from", &self.valid_from);
        if self.valid_from.trim().is_empty() {
            e.add("valid_from", "有効期間の始まりを入れてください");
        }
        let to = read(e, "valid_to", &self.valid_to);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            e.add("valid_to", "終わりが始まりより前です");
        }
        (from, to)
    }

    fn terms(&self, e: &mut FormErrors) -> (u8, Option<u32>) {
        let priority = self.priority.parse::<u8>().ok().filter(|rank| (1..=4).contains(rank)).ok_or(());
        let priority = e.take("priority", priority, |()| "優先順位を1から4で選んでください".into());
        let typed: String = text::without_spaces(&self.cap_yen).replace([',', '、'], "");
        let cap = match typed.as_str() {
            "" => None,
            typed => e.take("cap_yen", typed.parse::<u32>().map_err(drop).and_then(within), |()| {
                "上限額を0円から1,000万円までの数字で入れてください".into()
            }),
        };
        (priority.unwrap_or_default(), cap)
    }
}

fn within(yen: u32) -> Result<u32, ()> {
    if yen <= 10_000_000 { Ok(yen) } else { Err(()) }
}

/// 給付割合 as the patient's share.
pub const SHARES: [(&str, &str); 5] = [("30", "3割"), ("20", "2割"), ("10", "1割"), ("0", "負担なし"), ("100", "10割")];

/// Typing changes nothing the service said of the same card; a card nobody was asked about is unchecked, or seen by a person.
fn eligibility(new: &CoverageContent, old: Option<&Model>) -> EligibilityStatus {
    let known = old.map(content_of).filter(|old| old.is_same_card(new)).map(|old| old.eligibility);
    match known {
        Some(EligibilityStatus::Valid) => EligibilityStatus::Valid,
        _ if new.verification.is_by_eye() => EligibilityStatus::ManualVerified,
        Some(known) => known,
        None => EligibilityStatus::Unchecked,
    }
}

fn number_message(label: &str, digits: &str, error: InsurerNumberError) -> String {
    match error {
        InsurerNumberError::Empty => format!("{label}を入れてください"),
        InsurerNumberError::NotDigits => format!("{label}は数字だけです"),
        InsurerNumberError::WrongLength => format!("{label}は{digits}です"),
        InsurerNumberError::CheckDigit { expected } => {
            format!("{label}の検証数字が合いません(最後の桁は {expected} のはずです)。写し間違いがないか確かめてください")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-20".parse().unwrap()
    }

    fn card() -> RawCoverage {
        RawCoverage {
            kind: "employees".into(),
            insurer_number: "０１１３ ９９９７".into(),
            insured_number: "9000001".into(),
            valid_from: "R8.4.1".into(),
            ..RawCoverage::begun(CoverageKind::Employees, Uuid::nil(), today())
        }
    }

    fn wrong(raw: &RawCoverage) -> Vec<&'static str> {
        raw.read(today(), None).unwrap_err().iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn a_card_is_read_and_nobody_has_answered_for_it() {
        let content = card().read(today(), None).unwrap();
        assert_eq!((content.insurer_number.as_str(), content.copay_percent), ("01139997", Some(30)));
        assert_eq!(content.eligibility, EligibilityStatus::Unchecked);
        let seen = RawCoverage { verification: "sight".into(), ..card() };
        assert_eq!(seen.read(today(), None).unwrap().eligibility, EligibilityStatus::ManualVerified);
    }

    #[test]
    fn a_wrong_digit_is_named_and_the_kind_must_fit_the_number() {
        let raw = RawCoverage { insurer_number: "01139998".into(), ..card() };
        let errors = raw.read(today(), None).unwrap_err();
        assert!(errors.of("insurer_number").unwrap().contains("最後の桁は 7"));
        assert_eq!(wrong(&RawCoverage { insurer_number: "39139993".into(), ..card() }), ["kind"]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let raw = RawCoverage {
            kind: "x".into(),
            branch_number: "123".into(),
            relation: "x".into(),
            copay_percent: "15".into(),
            limit_category: "Z99".into(),
            valid_from: "2026-04-01".into(),
            valid_to: "2026-03-31".into(),
            verified_on: "2026-11-21".into(),
            verification: "x".into(),
            ..card()
        };
        let fields = ["kind", "branch_number", "relation", "copay_percent", "limit_category", "valid_to", "verified_on", "verification"];
        assert_eq!(wrong(&raw), fields);
    }

    #[test]
    fn a_recipient_number_that_does_not_add_up_is_asked_about_once() {
        let raw = RawCoverage {
            insurer_number: "54139993".into(),
            insured_number: "1234567".into(),
            valid_from: "2026-10-01".into(),
            cap_yen: "5,000".into(),
            ..RawCoverage::begun(CoverageKind::PublicExpense, Uuid::nil(), today())
        };
        assert_eq!(wrong(&raw), ["insured_number"]);
        let as_written = RawCoverage { as_written: "yes".into(), ..raw };
        let content = as_written.read(today(), None).unwrap();
        assert_eq!((content.priority, content.cap_yen, content.copay_percent), (1, Some(5000), None));
        assert_eq!(wrong(&RawCoverage { insured_number: "123456".into(), ..as_written.clone() }), ["insured_number"]);
        assert_eq!(wrong(&RawCoverage { cap_yen: "99999999999".into(), priority: "5".into(), ..as_written }), ["priority", "cap_yen"]);
    }
}
