//! A flag and a 付箋 as typed.

use domain::allergy::Source;
use domain::flag::{FlagCategory, SAID_MAX, parse_said, parse_sticky};
use domain::text::TextError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::Said;
use crate::web::FormErrors;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawFlag {
    pub patient_token: String,
    pub idempotency_key: String,
    pub category: String,
    /// `yes` or `no`
    pub presence: String,
    pub said: String,
    pub source: String,
}

impl RawFlag {
    pub fn begun(key: Uuid) -> Self {
        Self {
            idempotency_key: key.to_string(),
            category: FlagCategory::Infection.code().into(),
            presence: "yes".into(),
            source: Source::Patient.code().into(),
            ..Self::default()
        }
    }

    pub fn read(&self) -> Result<Said, FormErrors> {
        let mut e = FormErrors::default();
        let category = FlagCategory::from_code(&self.category).filter(|category| FlagCategory::CLINICAL.contains(category));
        let category = e.take("category", category.ok_or(()), |()| "種類を選んでください".into());
        let is_present = match self.presence.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => e.take("presence", Err(()), |()| "あり・なしを選んでください".into()),
        };
        let text = match is_present {
            Some(false) => Some(String::new()),
            _ => e.take("said", parse_said(&self.said), |error| sentence(*error)),
        };
        let source = e.take("source", Source::from_code(&self.source).ok_or(()), |()| "出典を選んでください".into());
        match (category, is_present, text, source) {
            (Some(category), Some(is_present), Some(text), Some(source)) => Ok(Said { category, is_present, text, source: Some(source) }),
            _ => Err(e),
        }
    }
}

/// Both 付箋 of one visit's page; versions say what was seen, 0 where there was none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawSticky {
    pub patient_token: String,
    pub visit_note: String,
    pub visit_version: String,
    pub patient_note: String,
    pub patient_version: String,
    /// Where the person came from.
    pub back: String,
}

impl RawSticky {
    pub fn read(&self) -> Result<[Option<String>; 2], FormErrors> {
        let mut e = FormErrors::default();
        let visit = e.take("visit_note", parse_sticky(&self.visit_note), |error| sentence(*error));
        let patient = e.take("patient_note", parse_sticky(&self.patient_note), |error| sentence(*error));
        visit.zip(patient).map(|(visit, patient)| [visit, patient]).ok_or(e)
    }
}

fn sentence(error: TextError) -> String {
    match error {
        TextError::Empty => "何に気をつけるかを入れてください".into(),
        TextError::TooLong { .. } => format!("{SAID_MAX}文字までで入れてください"),
        _ => "読めない文字(制御文字など)が入っています。入れ直してください".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_needs_no_words_and_every_wrong_field_is_named() {
        let none = RawFlag { presence: "no".into(), ..RawFlag::begun(Uuid::nil()) };
        assert!(!none.read().unwrap().is_present);
        let raw = RawFlag { category: "sticky".into(), presence: "x".into(), source: "x".into(), ..RawFlag::default() };
        let errors = raw.read().unwrap_err();
        assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["category", "presence", "said", "source"]);
    }

    #[test]
    fn a_sticky_is_sixty_letters() {
        let raw = RawSticky { visit_note: "あ".repeat(61), ..RawSticky::default() };
        assert!(raw.read().unwrap_err().of("visit_note").unwrap().contains("60"));
        assert_eq!(RawSticky::default().read(), Ok([None, None]));
    }
}
