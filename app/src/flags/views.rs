//! What the stripe says, the page of a patient's flags, and the 付箋.

use askama::Template;
use chrono::NaiveDate;
use domain::PatientId;
use domain::allergy::Source;
use domain::flag::{FlagCategory, SAID_MAX};
use domain::patient::{Age, Patient, Sex};
use uuid::Uuid;

use super::Model;
use super::store::{ACTIVE, IN_ERROR};
use crate::web::page::Subjects;
use crate::web::stripe::{Guard, Known, Level};
use crate::web::{Chrome, FormState, PatientStripe};

/// Flags named in the stripe before 「ほか」.
const NAMED: usize = 3;
/// 妊娠 is asked of these; of others it is shown when somebody said it.
const ASKED_OF: std::ops::RangeInclusive<i32> = 10..=59;

/// 感染, 妊娠 and 禁忌 of the stripe, from what stands.
pub fn guards(rows: &[Model], patient: &Patient, today: NaiveDate) -> Vec<Guard> {
    let infection = Guard::new("感染", "germ", Level::Warn, known(rows, FlagCategory::Infection));
    let pregnancy = Guard::new("妊娠", "info", Level::Warn, known(rows, FlagCategory::Pregnancy));
    let contraindication = Guard::new("禁忌", "stop", Level::Stop, known(rows, FlagCategory::Contraindication));
    let facts = &patient.demographics;
    let may_be = facts.sex == Sex::Female && ASKED_OF.contains(&Age::on(facts.birth_date, today).years);
    let mut guards = vec![infection];
    if may_be || pregnancy.known != Known::Unknown {
        guards.push(pregnancy);
    }
    if contraindication.known != Known::Unknown {
        guards.push(contraindication);
    }
    guards
}

fn known(rows: &[Model], category: FlagCategory) -> Known {
    let of: Vec<&Model> = rows.iter().filter(|row| row.category == category.code()).collect();
    let present: Vec<&Model> = of.iter().filter(|row| row.is_present).copied().collect();
    if present.is_empty() {
        return of.iter().map(|row| row.noted_on).max().map_or(Known::Unknown, |day| Known::Absent(format!("なし {day}")));
    }
    let mut words: Vec<String> = present.iter().take(NAMED).map(|row| row.said.clone()).collect();
    if present.len() > NAMED {
        words.push(format!("ほか{}", present.len() - NAMED));
    }
    Known::Present(words.join("・"))
}

/// One statement in words.
#[derive(Debug, Clone)]
pub struct Statement {
    pub id: Uuid,
    pub version: i32,
    pub category: &'static str,
    pub is_infection: bool,
    pub said: String,
    pub source: &'static str,
    pub noted_on: String,
    pub status: &'static str,
}

impl Statement {
    fn of(row: &Model) -> Self {
        let category = FlagCategory::from_code(&row.category);
        Self {
            id: row.id,
            version: row.version,
            category: category.map_or("", FlagCategory::label),
            is_infection: category == Some(FlagCategory::Infection),
            said: if row.is_present { row.said.clone() } else { "なし".into() },
            source: Source::from_code(&row.source).map_or("", Source::label),
            noted_on: row.noted_on.to_string(),
            status: if row.status == IN_ERROR { "誤登録" } else { "終了" },
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "flags/show.html")]
pub struct FlagsPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub statements: Vec<Statement>,
    pub past: Vec<Statement>,
    pub form: FormState,
    pub can_write: bool,
}

impl FlagsPage {
    pub fn of(chrome: Chrome, stripe: PatientStripe, rows: &[Model], form: FormState, can_write: bool) -> Self {
        let clinical = rows.iter().filter(|row| row.category != FlagCategory::Sticky.code());
        let (active, past): (Vec<&Model>, Vec<&Model>) = clinical.partition(|row| row.status == ACTIVE);
        let words = |rows: Vec<&Model>| rows.into_iter().map(Statement::of).collect();
        Self { chrome, stripe, statements: words(active), past: words(past), form, can_write }
    }

    fn categories(&self) -> Vec<(&'static str, &'static str)> {
        FlagCategory::CLINICAL.map(|category| (category.code(), category.label())).to_vec()
    }

    fn sources(&self) -> Vec<(&'static str, &'static str)> {
        Source::ALL.iter().map(|source| (source.code(), source.label())).collect()
    }

    fn max(&self) -> usize {
        SAID_MAX
    }
}

impl Subjects for FlagsPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// 付箋.
#[derive(Debug, Template)]
#[template(path = "flags/sticky.html")]
pub struct StickyPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: Uuid,
    pub form: FormState,
    pub is_stale: bool,
}

impl StickyPage {
    fn max(&self) -> usize {
        SAID_MAX
    }
}

impl Subjects for StickyPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
