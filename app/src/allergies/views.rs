//! The page of a patient's allergies, and what the stripe says of them.

use askama::Template;
use domain::PatientId;
use domain::allergy::{AllergyStatus, Category, Certainty, Severity, Source, short};
use uuid::Uuid;

use super::entity::Model;
use super::substances::Substance;
use crate::web::page::Subjects;
use crate::web::stripe::{Guard, Known, Level};
use crate::web::{Chrome, FormState, PatientStripe};

/// Substances named in the stripe before 「ほか」.
const NAMED: usize = 3;

/// アレルギー・禁忌 of the stripe: what stands, the 「なし」 that was said, or that nobody has asked.
pub fn guard(rows: &[Model]) -> Guard {
    let mut named: Vec<&Model> = rows.iter().filter(|row| row.category != Category::None.code()).collect();
    named.sort_by_key(|row| (row.severity != Severity::Severe.code(), row.category != Category::Medication.code()));
    let known = if named.is_empty() {
        rows.iter().map(|row| row.asked_on).max().map_or(Known::Unknown, |day| Known::Absent(format!("なし {day}")))
    } else {
        let mut words: Vec<String> = named.iter().take(NAMED).map(|row| short_of(row)).collect();
        if named.len() > NAMED {
            words.push(format!("ほか{}", named.len() - NAMED));
        }
        Known::Present(words.join("・"))
    };
    Guard::new("アレルギー・禁忌", "stop", Level::Stop, known)
}

fn short_of(row: &Model) -> String {
    let severity = Severity::from_code(&row.severity).unwrap_or(Severity::Unsaid);
    short(&row.substance, severity, Certainty::from_code(&row.certainty).unwrap_or(Certainty::Confirmed))
}

/// One statement in words.
#[derive(Debug, Clone)]
pub struct Statement {
    pub id: Uuid,
    pub version: i32,
    pub category: &'static str,
    pub substance: String,
    pub coded: bool,
    pub reaction: String,
    pub severity: &'static str,
    pub certainty: &'static str,
    pub source: &'static str,
    pub asked_on: String,
    pub status: &'static str,
    pub is_active: bool,
    pub is_none: bool,
}

impl Statement {
    pub fn of(row: &Model) -> Self {
        let status = AllergyStatus::from_code(&row.status).unwrap_or(AllergyStatus::Active);
        Self {
            id: row.id,
            version: row.version,
            category: Category::from_code(&row.category).map_or("", Category::label),
            substance: row.substance.clone(),
            coded: !row.substance_code.is_empty(),
            reaction: row.reaction.clone(),
            severity: Severity::from_code(&row.severity).map_or("", Severity::label),
            certainty: Certainty::from_code(&row.certainty).map_or("", Certainty::label),
            source: Source::from_code(&row.source).map_or("", Source::label),
            asked_on: row.asked_on.to_string(),
            status: status.label(),
            is_active: status == AllergyStatus::Active,
            is_none: row.category == Category::None.code(),
        }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "allergies/show.html")]
pub struct AllergyPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub statements: Vec<Statement>,
    pub past: Vec<Statement>,
    pub form: FormState,
    pub options: Vec<Substance>,
    pub act_key: Uuid,
    pub can_write: bool,
}

impl AllergyPage {
    /// 「なし」 may be stated only while no substance stands.
    pub fn may_state_none(&self) -> bool {
        self.can_write && self.statements.iter().all(|s| s.is_none)
    }

    pub fn categories(&self) -> Vec<(&'static str, &'static str)> {
        Category::ALL.iter().filter(|c| **c != Category::None).map(|c| (c.code(), c.label())).collect()
    }

    pub fn severities(&self) -> Vec<(&'static str, &'static str)> {
        Severity::ALL.iter().map(|c| (c.code(), c.label())).collect()
    }

    pub fn certainties(&self) -> Vec<(&'static str, &'static str)> {
        Certainty::ALL.iter().map(|c| (c.code(), c.label())).collect()
    }

    pub fn sources(&self) -> Vec<(&'static str, &'static str)> {
        Source::ALL.iter().map(|c| (c.code(), c.label())).collect()
    }
}

impl Subjects for AllergyPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// The options under the search box.
#[derive(Debug, Clone, Template)]
#[template(path = "allergies/_substances.html")]
pub struct SubstanceOptions {
    pub options: Vec<Substance>,
    pub typed: String,
}

crate::no_subjects!(SubstanceOptions);
