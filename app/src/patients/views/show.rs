//! One patient with insurance and visits.

use askama::Template;
use chrono::NaiveDate;
use domain::clock;
use domain::patient;
use domain::wareki;
use domain::{MergeId, PatientId};

use super::super::fields::{Facts, Field};
use super::super::overview::{CoverageLine, Overview, VisitLine};
use super::{Acts, CandidateRow};
use crate::web::page::Subjects;
use crate::web::{Chrome, PatientStripe, face};

#[derive(Debug, Clone)]
pub struct MergedRow {
    pub merge_id: Option<MergeId>,
    pub number: String,
    pub name: String,
}

/// 患者の情報.
#[derive(Debug, Template)]
#[template(path = "patients/show.html")]
pub struct PatientShowPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub facts: Facts,
    pub version: i32,
    pub coverages: Vec<CoverageRow>,
    pub visits: Vec<VisitRow>,
    pub merged: Vec<MergedRow>,
    /// Shown once after registration.
    pub candidates: Vec<CandidateRow>,
    pub was_registered: bool,
    pub acts: Acts,
}

impl PatientShowPage {
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        Field::ALL.into_iter().map(|field| (field.label(), self.facts.shown(field)))
    }

    pub fn is_provisional(&self) -> bool {
        patient::is_provisional(&self.stripe.number)
    }

    /// Whom a candidate would be compared with.
    pub fn merge_with(&self) -> Option<PatientId> {
        self.acts.merge.then_some(self.stripe.patient_id)
    }
}

#[derive(Debug, Clone)]
pub struct CoverageRow {
    pub id: uuid::Uuid,
    pub kind: &'static str,
    pub payer: String,
    pub insured: String,
    pub terms: String,
    pub period: String,
    pub face: face::Face,
    pub verified_on: String,
    pub way: &'static str,
}

impl CoverageRow {
    pub fn of(line: &CoverageLine) -> Self {
        use domain::billing::grouped;
        use domain::coverage::{CoverageKind, Verification, limit_words};
        use domain::eligibility::EligibilityStatus;
        use domain::insurer::public_scheme;
        let day = |day: Option<NaiveDate>| day.map(wareki::short).unwrap_or_default();
        let insured = [&line.insured_symbol, &line.insured_number, &line.branch_number];
        let insured: Vec<&str> = insured.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let relation = if line.relation == "family" { "家族" } else { "本人" };
        let kind = CoverageKind::from_code(&line.kind);
        let terms = line.copay_percent.map_or(relation.to_owned(), |percent| format!("{relation} {}割", f64::from(percent) / 10.0));
        let limit = Some(&line.limit_category).filter(|code| !code.is_empty()).map(|code| format!(" 限度額 {}", limit_words(code)));
        let disease = Some(&line.specific_diseases).filter(|text| !text.is_empty()).map(|text| format!(" 特定疾病 {text}"));
        let ticket = Some(&line.medical_ticket).filter(|text| !text.is_empty()).map(|text| format!(" {text}")).unwrap_or_default();
        let terms = format!("{terms}{}{}{ticket}", limit.unwrap_or_default(), disease.unwrap_or_default());
        let cap = line.cap_yen.map(|yen| format!(" 上限 {}円/月", grouped(yen.into()))).unwrap_or_default();
        Self {
            id: line.id,
            kind: kind.map_or("その他", CoverageKind::label),
            payer: format!("{} {}", line.insurer_number, line.insurer_name).trim().to_owned(),
            insured: insured.join("・"),
            terms: if kind == Some(CoverageKind::PublicExpense) {
                format!("第{}公費 {}{cap}{ticket}", line.priority.max(1), public_scheme(&line.insurer_number))
            } else {
                terms
            },
            way: Verification::from_code(&line.verification).map_or("", Verification::label),
            period: format!("{} 〜 {}", day(line.valid_from), day(line.valid_to)),
            face: face::eligibility(EligibilityStatus::from_code(&line.eligibility).unwrap_or(EligibilityStatus::Unchecked)),
            verified_on: day(line.verified_on),
        }
    }
}

#[derive(Debug, Clone)]
pub struct VisitRow {
    pub id: uuid::Uuid,
    pub day: NaiveDate,
    pub time: String,
    pub face: face::Face,
    pub purpose: String,
    pub doctor: String,
}

impl VisitRow {
    pub fn of(line: &VisitLine) -> Self {
        use domain::encounter::VisitStatus;
        Self {
            id: line.id,
            day: line.reception_date,
            time: clock::jst(line.arrived_at).format("%H:%M").to_string(),
            face: face::visit(VisitStatus::from_code(&line.status).unwrap_or(VisitStatus::Registered)),
            purpose: line.purpose.clone(),
            doctor: line.doctor.clone().unwrap_or_default(),
        }
    }
}

pub fn coverage_rows(overview: &Overview) -> Vec<CoverageRow> {
    overview.coverages.iter().map(CoverageRow::of).collect()
}

pub fn visit_rows(overview: &Overview) -> Vec<VisitRow> {
    overview.visits.iter().map(VisitRow::of).collect()
}

impl Subjects for PatientShowPage {
    fn subjects(&self) -> Vec<PatientId> {
        std::iter::once(self.stripe.patient_id).chain(self.candidates.iter().map(|candidate| candidate.patient.id)).collect()
    }
}
