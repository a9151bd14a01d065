//! 統合: two charts side by side, and the record of a merge.

use askama::Template;
use chrono::NaiveDate;
use domain::patient::{Patient, PatientStatus};
use domain::{MergeId, PatientId};

use super::super::fields::{Facts, Field, both_calendars};
use super::super::overview::{self, Overview};
use super::CandidateRow;
use crate::web::Chrome;
use crate::web::page::Subjects;

/// One of two charts in a merge.
#[derive(Debug, Clone)]
pub struct MergeSide {
    pub id: PatientId,
    pub version: i32,
    pub number: String,
    pub name: String,
    pub kana: String,
    pub is_merged: bool,
    pub visits: usize,
    pub latest_visit: Option<NaiveDate>,
    facts: Facts,
}

impl MergeSide {
    pub fn of(patient: &Patient, overview: &Overview) -> Self {
        Self {
            id: patient.id,
            version: patient.version,
            number: patient.number.to_string(),
            name: patient.name().ideographic.clone(),
            kana: patient.name().syllabic.to_string(),
            is_merged: patient.status == PatientStatus::Merged,
            visits: overview.visits.len(),
            latest_visit: overview.visits.first().map(|visit| visit.reception_date),
            facts: Facts::of(&patient.number, &patient.demographics),
        }
    }

    pub fn visits_shown(&self) -> String {
        let more = if self.visits as u64 >= overview::VISITS_SHOWN { "以上" } else { "" };
        match self.latest_visit {
            Some(day) => format!("{}件{more}(最新 {day})", self.visits),
            None => "なし".to_owned(),
        }
    }
}

/// 統合: which chart goes on.
#[derive(Debug, Template)]
#[template(path = "patients/merge.html")]
pub struct MergePage {
    pub chrome: Chrome,
    pub a: MergeSide,
    /// Not chosen yet.
    pub b: Option<MergeSide>,
    pub candidates: Vec<CandidateRow>,
    pub b_number: String,
    pub survivor: String,
    pub message: Option<String>,
    pub idempotency_key: String,
}

impl MergePage {
    pub fn merge_with(&self) -> Option<PatientId> {
        Some(self.a.id)
    }

    pub fn sides(&self) -> Vec<&MergeSide> {
        std::iter::once(&self.a).chain(&self.b).collect()
    }

    /// Label, a's text, b's text, whether they agree.
    pub fn compared(&self) -> Vec<(&'static str, String, String, bool)> {
        let Some(b) = &self.b else { return vec![] };
        Field::ALL
            .into_iter()
            .map(|field| (field.label(), self.a.facts.shown(field), b.facts.shown(field), self.a.facts.text(field) == b.facts.text(field)))
            .filter(|(_, a, b, _)| !(a.is_empty() && b.is_empty()))
            .collect()
    }
}

impl Subjects for MergePage {
    fn subjects(&self) -> Vec<PatientId> {
        let sides = std::iter::once(self.a.id).chain(self.b.as_ref().map(|b| b.id));
        sides.chain(self.candidates.iter().map(|candidate| candidate.patient.id)).collect()
    }
}

/// A merge that was made, and the way back.
#[derive(Debug, Template)]
#[template(path = "patients/merge_show.html")]
pub struct MergeShowPage {
    pub chrome: Chrome,
    pub merge_id: MergeId,
    pub survivor: MergeParty,
    pub merged: MergeParty,
    pub merged_at: String,
    pub undo_until: String,
    pub undone_at: Option<String>,
    /// Why it cannot be taken back, if so.
    pub refusal: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub struct MergeParty {
    pub id: PatientId,
    pub number: String,
    pub name: String,
    pub kana: String,
    pub birth: String,
}

impl MergeParty {
    pub fn of(patient: &Patient) -> Self {
        Self {
            id: patient.id,
            number: patient.number.to_string(),
            name: patient.name().ideographic.clone(),
            kana: patient.name().syllabic.to_string(),
            birth: both_calendars(patient.demographics.birth_date),
        }
    }
}

impl Subjects for MergeShowPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.survivor.id, self.merged.id]
    }
}
