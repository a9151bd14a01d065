//! The box of the check: how it stands, what it found, and what the patient agreed to.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::prescription::duplicate_check::Standing;
use domain::{EncounterId, PatientId, clock};
use uuid::Uuid;

use crate::adapters::eprescription::check::{Alert, PastDrug};
use crate::web::{Chrome, PatientStripe, Subjects};

/// One finding.
#[derive(Debug, Clone)]
pub struct Line {
    pub category: String,
    pub drug: String,
    pub ingredient: String,
    /// The other drug, while the patient agrees.
    pub past: Option<Past>,
}

#[derive(Debug, Clone)]
pub struct Past {
    pub day: String,
    pub place: String,
    pub drug: String,
}

impl Line {
    pub fn of(alert: &Alert, may_see: bool) -> Self {
        Self {
            category: alert.category.clone(),
            drug: alert.target.name.clone(),
            ingredient: alert.ingredient.clone(),
            past: alert.past.as_ref().filter(|_| may_see).map(past),
        }
    }
}

fn past(past: &PastDrug) -> Past {
    let day =
        chrono::NaiveDate::parse_from_str(&past.day, "%Y%m%d").map_or_else(|_| past.day.clone(), |day| day.format("%m/%d").to_string());
    let join = |parts: &[&String], by| parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect::<Vec<_>>().join(by);
    let quantity = if past.drug.quantity.is_empty() { String::new() } else { format!("{}日分", past.drug.quantity) };
    Past { day, place: join(&[&past.institution, &past.pharmacy], "・"), drug: join(&[&past.drug.name, &past.drug.usage, &quantity], " ") }
}

/// The check of one visit's draft.
#[derive(Debug, Clone, Template)]
#[template(path = "eprescriptions/_check.html")]
pub struct CheckBox {
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    /// `None` when nothing can be asked about.
    pub standing: Option<Standing>,
    /// Nothing more comes by itself.
    pub is_settled: bool,
    pub answered_at: Option<DateTime<Utc>>,
    pub lines: Vec<Line>,
    pub may_see: bool,
    /// Until when the patient agreed on the reader.
    pub consent_until: Option<DateTime<Utc>>,
    /// Who took the 口頭同意, and when.
    pub taken_by: Option<(String, DateTime<Utc>)>,
    /// The page asks by itself when nobody has.
    pub is_wanted: bool,
    pub may_ask: bool,
    /// A paper that is out and could still be registered.
    pub late: Option<Uuid>,
    pub act_key: Uuid,
}

impl CheckBox {
    pub fn shows_past(&self) -> bool {
        self.lines.iter().any(|line| line.past.is_some())
    }

    pub fn time(&self, at: &DateTime<Utc>) -> String {
        clock::jst(*at).format("%H:%M").to_string()
    }

    pub fn moment(&self, at: &DateTime<Utc>) -> String {
        clock::jst(*at).format("%m/%d %H:%M").to_string()
    }

    pub fn is_not_asked(&self) -> bool {
        self.standing == Some(Standing::NotAsked)
    }

    pub fn is_waiting(&self) -> bool {
        self.standing == Some(Standing::Waiting)
    }

    /// Why there is no answer.
    pub fn away(&self) -> &str {
        match &self.standing {
            Some(Standing::Away(why)) => why,
            _ => "",
        }
    }

    pub fn found(&self) -> String {
        format!("指摘 {}件", self.lines.len())
    }

    pub fn is_clear(&self) -> bool {
        matches!(&self.standing, Some(Standing::Answered(findings)) if findings.is_empty())
    }

    /// Nothing to say: no draft, and no answer of an earlier one.
    pub fn is_silent(&self) -> bool {
        self.standing.is_none() || (self.is_not_asked() && !self.is_wanted)
    }
}

impl Subjects for CheckBox {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// The box as a page.
#[derive(Template)]
#[template(path = "eprescriptions/check.html")]
pub struct CheckPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub content: CheckBox,
}

impl Subjects for CheckPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id, self.content.patient_id]
    }
}
