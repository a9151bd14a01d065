//! One line as it was typed: raw text in, an accepted line or one sentence per field out.

use domain::prescription::{
    COMMENT_MAX_CHARS, DAYS_MAX, Dose, GenericSubstitution, LineContent, PrescriptionError, Supply, USAGE_MAX_CHARS, check_comment,
    check_unit, check_usage,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::drugs::Drug;
use crate::web::FormErrors;

/// Everything a doctor typed, untouched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawLineForm {
    pub patient_token: String,
    pub idempotency_key: String,
    /// What was typed to find the drug.
    pub q: String,
    pub drug_code: String,
    pub dose: String,
    /// Empty = the master's unit.
    pub unit: String,
    pub usage: String,
    pub supply: String,
    pub count: String,
    pub substitution: String,
    pub comment: String,
}

impl RawLineForm {
    /// An empty form with the usual choices made.
    pub fn begun(key: Uuid) -> Self {
        Self {
            idempotency_key: key.to_string(),
            supply: "days".into(),
            substitution: GenericSubstitution::Allowed.code().into(),
            ..Self::default()
        }
    }

    /// `drug` is what the master says of `drug_code`; its absence is an error of the field `q`.
    pub fn read(&self, drug: Result<&Drug, String>) -> Result<LineContent, FormErrors> {
        let mut e = FormErrors::default();
        let drug = e.take("q", drug, Clone::clone);
        let dose = e.take("dose", Dose::parse(&self.dose), sentence);
        let unit = if self.unit.trim().is_empty() { drug.map_or("", |drug| &drug.unit) } else { &self.unit };
        let unit = if drug.is_some() { e.take("unit", check_unit(unit), sentence) } else { None };
        let usage = e.take("usage", check_usage(&self.usage), sentence);
        let supply = e.take("count", Supply::parse(&self.supply, &self.count), sentence);
        let substitution = e.take("substitution", GenericSubstitution::from_code(&self.substitution).ok_or(()), |()| {
            "後発医薬品への変更の可否を選んでください".into()
        });
        let comment = e.take("comment", check_comment(&self.comment), sentence);
        match (dose, unit, usage, supply, substitution, comment) {
            (Some(dose), Some(unit), Some(usage), Some(supply), Some(substitution), Some(comment)) if e.is_empty() => {
                Ok(LineContent { dose, unit, usage, supply, substitution, comment })
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
        E::CommentTooLong => format!("コメントは{COMMENT_MAX_CHARS}文字までです"),
        E::ControlCharacter => "読めない文字(制御文字など)が入っています。入れ直してください".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drug() -> Drug {
        let day = "2020-04-01".parse().unwrap();
        Drug {
            code: "620000001".into(),
            name: "見本錠".into(),
            unit: "錠".into(),
            release_id: Uuid::nil(),
            valid_from: day,
            valid_to: None,
        }
    }

    fn raw() -> RawLineForm {
        RawLineForm { dose: "1".into(), usage: "3t".into(), count: "14".into(), ..RawLineForm::begun(Uuid::nil()) }
    }

    #[test]
    fn a_filled_line_is_accepted_with_the_masters_unit() {
        let line = raw().read(Ok(&drug())).unwrap();
        assert_eq!((line.unit.as_str(), line.usage.as_str(), line.supply), ("錠", "1日3回毎食後", Supply::Days(14)));
    }

    #[test]
    fn every_wrong_field_gets_its_own_sentence() {
        let wrong = RawLineForm {
            dose: "12345678901".into(),
            usage: String::new(),
            count: "91".into(),
            substitution: "x".into(),
            comment: "あ".repeat(61),
            ..raw()
        };
        let errors = wrong.read(Err("薬を選んでください".into())).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["q", "dose", "usage", "count", "substitution", "comment"]);
        assert_eq!(errors.of("count"), Some("日数は1日から90日までです"));
        assert_eq!(
            RawLineForm { count: "0".into(), ..raw() }.read(Ok(&drug())).unwrap_err().of("count"),
            Some("日数は1日から90日までです")
        );
    }
}
