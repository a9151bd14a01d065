//! What was typed about a line or the head: raw text in, an accepted value or one sentence per field out.

use chrono::NaiveDate;
use domain::prescription::head::{DispensedAt, HeadContent, HeadError, IssueForm, Leftover, uses};
use domain::prescription::split::{self, SplitError};
use domain::prescription::usage::{self, Shorthand};
use domain::prescription::{
    COMMENT_MAX_CHARS, DAYS_MAX, Dose, GenericSubstitution, LineContent, Preparation, PrescriptionError, Supply, USAGE_MAX_CHARS,
    check_comment, check_leftover, check_unit, check_usage,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::drugs::Drug;
use super::entity::medication_request::Model;
use crate::web::FormErrors;

/// Everything a doctor typed about one line, untouched. `q` alone may say it all: `あせと 3t 5`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawLineForm {
    pub patient_token: String,
    pub idempotency_key: String,
    pub version: String,
    /// What was typed to find the drug.
    pub q: String,
    pub drug_code: String,
    pub dose: String,
    /// Empty = the master's unit.
    pub unit: String,
    pub usage: String,
    /// Empty = as such a drug is usually handed out.
    pub supply: String,
    pub count: String,
    pub substitution: String,
    pub is_generic: String,
    pub preparation: String,
    pub leftover_days: String,
    pub comment: String,
}

impl RawLineForm {
    /// An empty form with the usual choices made.
    pub fn begun(key: Uuid) -> Self {
        Self { idempotency_key: key.to_string(), substitution: GenericSubstitution::Allowed.code().into(), ..Self::default() }
    }

    /// The stored line as it would be typed.
    pub fn of(row: &Model, key: Uuid) -> Self {
        let times = row.quantity_text.strip_suffix("回分");
        let (supply, count) = match (row.days, times) {
            (Some(days), _) => ("days", days.to_string()),
            (None, Some(times)) => ("times", times.to_owned()),
            (None, None) => ("total", String::new()),
        };
        Self {
            patient_token: row.patient_id.to_string(),
            idempotency_key: key.to_string(),
            version: row.version.to_string(),
            q: String::new(),
            drug_code: row.drug_code.clone(),
            dose: row.dose_value.clone(),
            unit: row.dose_unit.clone(),
            usage: row.usage_text.clone(),
            supply: supply.into(),
            count,
            substitution: row.generic_substitution.clone(),
            is_generic: if row.is_generic { "yes" } else { "" }.into(),
            preparation: row.preparation.clone(),
            leftover_days: if row.leftover_days > 0 { row.leftover_days.to_string() } else { String::new() },
            comment: row.comment.clone(),
        }
    }

    /// The part of `q` that names the drug.
    pub fn drug_text(&self) -> String {
        Shorthand::parse(&self.q).drug
    }

    /// What the one-line box left unsaid is filled from its shorthand and from how such a drug is usually given.
    fn completed(&self, drug: Option<&Drug>) -> Self {
        let line = Shorthand::parse(&self.q);
        let or = |typed: &String, said: String| if typed.trim().is_empty() { said } else { typed.clone() };
        let mut whole = Self {
            dose: or(&self.dose, line.dose),
            usage: or(&self.usage, line.usage),
            count: or(&self.count, line.count),
            ..self.clone()
        };
        let times = usage::of_shorthand(&whole.usage).or_else(|| usage::of_words(whole.usage.trim())).map(|usage| usage.times);
        if let Some(drug) = drug {
            if whole.supply.is_empty() {
                whole.supply = if drug.usual_supply() == "days" && times == Some(0) { "times" } else { drug.usual_supply() }.into();
            }
            if whole.dose.is_empty() && whole.supply == "total" {
                whole.dose = std::mem::take(&mut whole.count);
            } else if whole.dose.is_empty() && drug.is_counted() {
                whole.dose = times.map(|times| times.max(1).to_string()).unwrap_or_default();
            }
        }
        if whole.substitution.is_empty() {
            whole.substitution = GenericSubstitution::Allowed.code().into();
        }
        whole
    }

    /// `drug` is what the master says of `drug_code`; its absence is an error of the field `q`.
    pub fn read(&self, drug: Result<&Drug, String>) -> Result<LineContent, FormErrors> {
        let whole = self.completed(drug.as_ref().ok().copied());
        let mut e = FormErrors::default();
        let drug = e.take("q", drug, Clone::clone);
        let dose = e.take("dose", Dose::parse(&whole.dose), sentence);
        let unit = if whole.unit.trim().is_empty() { drug.map_or("", |drug| &drug.unit) } else { &whole.unit };
        let unit = if drug.is_some() { e.take("unit", check_unit(unit), sentence) } else { None };
        let usage = e.take("usage", check_usage(&whole.usage), sentence);
        let supply = e.take("count", Supply::parse(&whole.supply, &whole.count), sentence);
        let substitution = e.take("substitution", GenericSubstitution::from_code(&whole.substitution).ok_or(()), |()| {
            "後発医薬品への変更の可否を選んでください".into()
        });
        let preparation = e.take("preparation", Preparation::from_code(&whole.preparation).ok_or(()), |()| "調製を選んでください".into());
        let leftover_days = e.take("leftover_days", check_leftover(&whole.leftover_days), sentence);
        let comment = e.take("comment", check_comment(&whole.comment), sentence);
        let is_generic = !whole.is_generic.is_empty();
        match (dose, unit, usage, supply, substitution, preparation, leftover_days, comment) {
            (
                Some(dose),
                Some(unit),
                Some(usage),
                Some(supply),
                Some(substitution),
                Some(preparation),
                Some(leftover_days),
                Some(comment),
            ) if e.is_empty() => {
                Ok(LineContent { dose, unit, usage, supply, substitution, is_generic, preparation, leftover_days, comment })
            }
            _ => Err(e),
        }
    }
}

fn sentence(error: &PrescriptionError) -> String {
    use PrescriptionError as E;
    match error {
        E::DoseMissing => "用量を入れてください".into(),
        E::DoseNotNumber => "用量は数字で入れてください(例 1、0.5)".into(),
        E::DoseZero => "用量が0です".into(),
        E::DoseTooLong => "用量は整数6桁・小数5桁までです".into(),
        E::UnitMissing => "単位を入れてください".into(),
        E::UnitTooLong => "単位は6文字までです".into(),
        E::UsageMissing => "用法を入れてください(略号も使えます。例 3t = 1日3回毎食後)".into(),
        E::UsageTooLong => format!("用法は{USAGE_MAX_CHARS}文字までです"),
        E::CountNotNumber => "日数・回数は数字で入れてください".into(),
        E::DaysOutOfRange => format!("日数は1日から{DAYS_MAX}日までです"),
        E::TimesOutOfRange => "回数は1回から99回までです".into(),
        E::LeftoverOutOfRange => format!("残薬は{DAYS_MAX}日分までです"),
        E::CommentTooLong => format!("コメントは{COMMENT_MAX_CHARS}文字までです"),
        E::ControlCharacter => "読めない文字(制御文字など)が入っています。入れ直してください".into(),
    }
}

fn split_sentence(error: SplitError) -> String {
    match error {
        SplitError::Missing => "各回の日数を「14+14」のように入れてください".into(),
        SplitError::NotDays => "各回の日数は1日以上の数字を「+」でつないでください(例 14+14)".into(),
        SplitError::Count => "分割の回数と同じ数だけ日数を入れてください(2回なら 14+14)".into(),
        SplitError::TooMany => format!("各回の日数は、合わせて{DAYS_MAX}日までです"),
    }
}

/// The head as it was chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawHeadForm {
    pub patient_token: String,
    pub idempotency_key: String,
    /// Empty while nothing was prescribed yet.
    pub version: String,
    pub dispensed_at: String,
    pub issue_form: String,
    pub valid_to: String,
    pub refill: String,
    pub split: String,
    /// Days of each part, `14+14`.
    pub split_days: String,
    pub leftover: String,
    pub remark: String,
}

impl RawHeadForm {
    pub fn of(head: &HeadContent, version: Option<i32>, key: Uuid) -> Self {
        Self {
            patient_token: String::new(),
            idempotency_key: key.to_string(),
            version: version.map(|v| v.to_string()).unwrap_or_default(),
            dispensed_at: head.dispensed_at.code().into(),
            issue_form: head.issue_form.code().into(),
            valid_to: head.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            refill: head.refill.to_string(),
            split: head.split.to_string(),
            split_days: split::words(&head.split_days),
            leftover: head.leftover.code().into(),
            remark: head.remark.clone(),
        }
    }

    pub fn read(&self, today: NaiveDate) -> Result<HeadContent, FormErrors> {
        let mut e = FormErrors::default();
        let dispensed_at =
            e.take("dispensed_at", DispensedAt::from_code(&self.dispensed_at).ok_or(()), |()| "院外か院内を選んでください".into());
        let issue_form = e.take("issue_form", IssueForm::from_code(&self.issue_form).ok_or(()), |()| "発行形態を選んでください".into());
        let typed = self.valid_to.trim();
        let day = if typed.is_empty() { Ok(None) } else { domain::wareki::parse(typed).map(Some) };
        let valid_to = e.take("valid_to", day, |_| "使用期限を日付で入れてください(例 2026-11-30)".into());
        let number = |()| "なし・2回・3回から選んでください".to_owned();
        let refill = e.take("refill", uses(&self.refill).ok_or(()), |()| number(()));
        let split = e.take("split", uses(&self.split).ok_or(()), |()| number(()));
        let split_days = match split {
            Some(parts @ 1..) => e.take("split_days", split::days(&self.split_days, parts), |error| split_sentence(*error)),
            _ => Some(Vec::new()),
        };
        let leftover = e.take("leftover", Leftover::from_code(&self.leftover).ok_or(()), |()| "残薬の対応を選んでください".into());
        let (Some(dispensed_at), Some(issue_form), Some(valid_to), Some(refill), Some(split), Some(split_days), Some(leftover)) =
            (dispensed_at, issue_form, valid_to, refill, split, split_days, leftover)
        else {
            return Err(e);
        };
        let head = HeadContent { dispensed_at, issue_form, valid_to, refill, split, split_days, leftover, remark: self.remark.clone() };
        head.check(today).map_err(|error| {
            match error {
                HeadError::RefillAndSplit => e.add("refill", "リフィルと分割は一緒に使えません。どちらかを「なし」にしてください"),
                HeadError::InsideRepeated => e.add("refill", "院内の処方にリフィルと分割はありません。「なし」にしてください"),
                HeadError::SplitDays => e.add("split_days", split_sentence(SplitError::Count)),
                HeadError::ValidTo => e.add("valid_to", "使用期限は今日から1年以内の日にしてください"),
                HeadError::Remark(cause) => e.add("remark", sentence(&cause)),
            }
            e
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drug() -> Drug {
        Drug { code: "620000001".into(), name: "見本錠".into(), unit: "錠".into(), dosage_form: "1".into(), ..Drug::default() }
    }

    fn raw() -> RawLineForm {
        RawLineForm { dose: "1".into(), usage: "3t".into(), count: "14".into(), ..RawLineForm::begun(Uuid::nil()) }
    }

    fn typed(q: &str) -> RawLineForm {
        RawLineForm { q: q.into(), ..RawLineForm::default() }
    }

    #[test]
    fn a_filled_line_is_accepted_with_the_masters_unit() {
        let line = raw().read(Ok(&drug())).unwrap();
        assert_eq!((line.unit.as_str(), line.usage.as_str(), line.supply), ("錠", "1日3回毎食後", Supply::Days(14)));
    }

    #[test]
    fn one_line_says_it_all() {
        let line = typed("みほん 3t 5").read(Ok(&drug())).unwrap();
        assert_eq!((line.dose.as_str(), line.usage.as_str(), line.supply), ("3", "1日3回毎食後", Supply::Days(5)));
        let line = typed("みほん 2 tn 10").read(Ok(&drug())).unwrap();
        assert_eq!((line.dose.as_str(), line.supply), ("2", Supply::Times(10)));
        let ointment = Drug { unit: "ｇ".into(), dosage_form: "6".into(), ..drug() };
        let line = typed("みほん 2g 50").read(Ok(&ointment)).unwrap();
        assert_eq!((line.dose.as_str(), line.unit.as_str(), line.supply), ("50", "ｇ", Supply::Total));
        let powder = Drug { unit: "ｇ".into(), ..drug() };
        assert_eq!(typed("みほん 3t 5").read(Ok(&powder)).unwrap_err().of("dose"), Some("用量を入れてください"));
        let missing = typed("みほん").read(Ok(&drug())).unwrap_err();
        assert_eq!(missing.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["dose", "usage", "count"]);
    }

    #[test]
    fn every_wrong_field_gets_its_own_sentence() {
        let wrong = RawLineForm {
            dose: "12345678901".into(),
            usage: String::new(),
            count: "91".into(),
            substitution: "x".into(),
            preparation: "x".into(),
            leftover_days: "91".into(),
            comment: "あ".repeat(61),
            ..raw()
        };
        let errors = wrong.read(Err("薬を選んでください".into())).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["q", "dose", "usage", "count", "substitution", "preparation", "leftover_days", "comment"]);
        assert_eq!(errors.of("count"), Some("日数は1日から90日までです"));
        let none = RawLineForm { count: "0".into(), ..raw() }.read(Ok(&drug())).unwrap_err();
        assert_eq!(none.of("count"), Some("日数は1日から90日までです"));
    }

    #[test]
    fn a_head_is_read_whole_or_says_what_is_wrong() {
        let today = "2026-11-20".parse().unwrap();
        let usual = RawHeadForm::of(&HeadContent::default(), None, Uuid::nil());
        assert_eq!(usual.read(today), Ok(HeadContent::default()));
        let wrong = RawHeadForm { refill: "9".into(), valid_to: "いつか".into(), ..usual.clone() }.read(today).unwrap_err();
        assert_eq!(wrong.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["valid_to", "refill"]);
        let parts = RawHeadForm { split: "2".into(), split_days: "14+14".into(), ..usual };
        assert_eq!(parts.read(today).map(|head| head.split_days), Ok(vec![14, 14]));
        let both = RawHeadForm { refill: "2".into(), ..parts.clone() }.read(today).unwrap_err();
        assert!(both.of("refill").is_some());
        for (typed, says) in [("", "各回の日数を"), ("14", "同じ数だけ"), ("14+<b>", "数字を"), ("60+60", "90日まで")] {
            let wrong = RawHeadForm { split_days: typed.into(), ..parts.clone() }.read(today).unwrap_err();
            assert!(wrong.of("split_days").is_some_and(|said| said.contains(says)), "{typed}");
        }
    }
}
