//! A statement as it was typed.

use domain::allergy::{
    AllergyContent, AllergyError, Category, Certainty, Severity, Source, SubstanceSystem, TEXT_MAX_CHARS, check_reaction, check_substance,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::substances::Substance;
use crate::web::FormErrors;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawAllergyForm {
    pub patient_token: String,
    pub idempotency_key: String,
    pub category: String,
    /// What was typed; kept as free text when nothing is chosen from the list.
    pub substance: String,
    pub substance_code: String,
    pub reaction: String,
    pub severity: String,
    pub certainty: String,
    pub source: String,
}

impl RawAllergyForm {
    pub fn begun(key: Uuid) -> Self {
        Self {
            idempotency_key: key.to_string(),
            category: Category::Medication.code().into(),
            certainty: Certainty::Confirmed.code().into(),
            source: Source::Patient.code().into(),
            ..Self::default()
        }
    }

    /// 種類; the form begins with drugs.
    pub fn category(&self) -> Category {
        Category::from_code(&self.category).unwrap_or(Category::Medication)
    }

    /// `chosen` is the row of the list, if one was chosen.
    pub fn read(&self, chosen: Option<&Substance>) -> Result<AllergyContent, FormErrors> {
        let mut e = FormErrors::default();
        let category = Category::from_code(&self.category).filter(|c| *c != Category::None).ok_or(());
        let category = e.take("category", category, |()| "種類を選んでください".into());
        let typed = chosen.map_or(self.substance.as_str(), |chosen| &chosen.name);
        let substance = e.take("substance", check_substance(typed), sentence);
        let reaction = e.take("reaction", check_reaction(&self.reaction), sentence);
        let severity = e.take("severity", Severity::from_code(&self.severity).ok_or(()), |()| "重症度を選んでください".into());
        let certainty = e.take("certainty", Certainty::from_code(&self.certainty).ok_or(()), |()| "確実度を選んでください".into());
        let source = e.take("source", Source::from_code(&self.source).ok_or(()), |()| "出典を選んでください".into());
        match (category, substance, reaction, severity, certainty, source) {
            (Some(category), Some(substance), Some(reaction), Some(severity), Some(certainty), Some(source)) => Ok(AllergyContent {
                category,
                substance,
                substance_code: chosen.map(|c| c.code.clone()).unwrap_or_default(),
                system: chosen.map_or(SubstanceSystem::FreeText, |c| c.system),
                reaction,
                severity,
                certainty,
                source,
            }),
            _ => Err(e),
        }
    }
}

/// 「なし」 as asked today.
pub fn none(source: Source) -> AllergyContent {
    AllergyContent {
        category: Category::None,
        substance: String::new(),
        substance_code: String::new(),
        system: SubstanceSystem::FreeText,
        reaction: String::new(),
        severity: Severity::Unsaid,
        certainty: Certainty::Confirmed,
        source,
    }
}

fn sentence(error: &AllergyError) -> String {
    match error {
        AllergyError::Missing => "物質を入れてください".into(),
        AllergyError::TooLong => format!("{TEXT_MAX_CHARS}文字までで入れてください"),
        AllergyError::ControlCharacter => "読めない文字(制御文字など)が入っています。入れ直してください".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_from_the_list_brings_its_code_and_free_text_has_none() {
        let raw = RawAllergyForm { substance: "そ".into(), category: "food".into(), ..RawAllergyForm::begun(Uuid::nil()) };
        let soba = Substance { system: SubstanceSystem::Jfagy, code: "J9F1".into(), name: "そば".into(), yj_code: String::new() };
        let content = raw.read(Some(&soba)).unwrap();
        assert_eq!((content.substance.as_str(), content.substance_code.as_str(), content.system), ("そば", "J9F1", SubstanceSystem::Jfagy));
        let free = raw.read(None).unwrap();
        assert_eq!((free.substance.as_str(), free.system), ("そ", SubstanceSystem::FreeText));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let raw = RawAllergyForm {
            category: "none".into(),
            reaction: "あ".repeat(101),
            severity: "x".into(),
            certainty: "x".into(),
            source: "x".into(),
            ..RawAllergyForm::default()
        };
        let errors = raw.read(None).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["category", "substance", "reaction", "severity", "certainty", "source"]);
    }
}
