//! Pages of the staff and the page of the phone.

use askama::Template;
use domain::clock::jst;
use domain::questionnaire::{Answers, Item};
use domain::{EncounterId, PatientId};

use super::entity::questionnaire_response::Model;
use crate::web::{Chrome, FormErrors, PatientStripe, Subjects};

/// What was answered, in words.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub at: String,
    pub form: String,
    pub lines: Vec<(&'static str, String)>,
    /// What stands in S after the press.
    pub text: String,
}

impl Sheet {
    pub fn of(row: &Model) -> Self {
        let answers = Answers::from_json(&row.answers);
        Self {
            at: jst(row.recorded_at).format("%m/%d %H:%M").to_string(),
            form: row.form.clone(),
            lines: answers.lines(),
            text: answers.for_subjective(),
        }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "questionnaires/show.html")]
pub struct AnswersPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub sheet: Option<Sheet>,
    pub may_issue: bool,
}

impl Subjects for AnswersPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// The box of the chart.
#[derive(Debug, Clone, Template)]
#[template(path = "questionnaires/pane.html")]
pub struct AnswersPane {
    pub patient_id: PatientId,
    pub sheet: Option<Sheet>,
}

impl Subjects for AnswersPane {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.patient_id]
    }
}

/// Issuing the link at the desk; the QR code is shown once.
#[derive(Debug, Clone, Template)]
#[template(path = "questionnaires/link.html")]
pub struct LinkPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub is_answered: bool,
    pub issued: Option<Issued>,
}

#[derive(Debug, Clone)]
pub struct Issued {
    pub url: String,
    pub qr_svg: String,
    pub until: String,
}

impl Subjects for LinkPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// The page of the phone. It knows no name.
#[derive(Debug, Clone, Template)]
#[template(path = "questionnaires/phone.html")]
pub struct PhonePage {
    pub clinic: String,
    pub number: i32,
    pub items: &'static [Item],
    pub sent: std::collections::BTreeMap<String, Vec<String>>,
    pub errors: FormErrors,
}

impl PhonePage {
    pub fn value(&self, key: &str) -> &str {
        self.sent.get(key).and_then(|values| values.first()).map_or("", String::as_str)
    }

    pub fn has(&self, key: &str, code: &str) -> bool {
        self.sent.get(key).is_some_and(|values| values.iter().any(|value| value == code))
    }
}

/// Sent, or not possible: a sentence and nothing else.
#[derive(Debug, Clone, Template)]
#[template(path = "questionnaires/said.html")]
pub struct SaidPage {
    pub title: &'static str,
    pub text: &'static str,
}
