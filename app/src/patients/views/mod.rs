//! Pages of this slice: one struct each, display helpers as methods.

use chrono::{DateTime, NaiveDate, Utc};
use domain::clock;
use domain::patient::{Age, Patient};
use domain::wareki;

use super::fields::both_calendars;
use crate::web::PatientStripe;

mod compare;
mod list;
mod merge;
mod show;

pub use compare::{Choice, PatientConflictPage, PatientHistoryPage, VersionRow};
pub use list::{CandidateRow, Marked, PatientEditPage, PatientListPage, PatientNewPage, PatientRow};
pub use merge::{MergePage, MergeParty, MergeShowPage, MergeSide};
pub use show::{CoverageRow, MergedRow, PatientShowPage, VisitRow, coverage_rows, visit_rows};

/// What a person may do from a list or a patient's page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acts {
    pub receive: bool,
    pub chart: bool,
    pub edit: bool,
    pub merge: bool,
    pub take_in: bool,
    pub consents: bool,
    pub documents: bool,
}

/// The stripe's form of a patient (R3).
pub fn stripe(patient: &Patient, same_name: u32, today: NaiveDate) -> PatientStripe {
    let d = &patient.demographics;
    PatientStripe {
        patient_id: patient.id,
        kana: d.name.syllabic.to_string(),
        name: d.name.ideographic.clone(),
        age: Age::on(d.birth_date, d.deceased_on.unwrap_or(today)).to_string(),
        sex: d.sex.label(),
        birth_wareki: wareki::short(d.birth_date),
        birth_iso: d.birth_date.to_string(),
        number: patient.number.to_string(),
        same_name,
        deceased_on: d.deceased_on.map(both_calendars),
        guards: PatientStripe::unasked(),
    }
}

pub fn moment(at: DateTime<Utc>) -> String {
    clock::jst(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod samples;
