//! Pages of this slice: one struct each, display helpers as methods.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::clock;
use domain::patient::{self, Age, LANGUAGES, Patient, PatientStatus, Sex};
use domain::patient_search::{NamePart, PatientSearch};
use domain::phone;
use domain::search_key::matched_len;
use domain::wareki;
use domain::{MergeId, PatientId};

use super::duplicates::{Candidate, Likeness};
use super::fields::{Facts, Field, both_calendars};
use super::history::{Change, Version};
use super::overview::{CoverageLine, Overview, VisitLine};
use super::search::{Found, Hit};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe, face};

/// The part of a text that was searched for, and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub hit: String,
    pub rest: String,
}

impl Marked {
    fn new(shown: &str, key: Option<&str>) -> Self {
        let at = key.map_or(0, |key| matched_len(shown, key));
        Self { hit: shown[..at].to_owned(), rest: shown[at..].to_owned() }
    }
}

/// One line of a list.
#[derive(Debug, Clone)]
pub struct PatientRow {
    pub id: PatientId,
    pub number: String,
    pub is_provisional: bool,
    pub name: Marked,
    pub kana: Marked,
    pub has_namesake: bool,
    pub age: String,
    pub sex: &'static str,
    pub birth: String,
    pub birth_iso: NaiveDate,
    /// Middle digits hidden: the screen stands on a counter.
    pub phone: String,
    pub address: String,
    pub is_deceased: bool,
}

impl PatientRow {
    pub fn of(hit: &Hit, search: &PatientSearch, has_namesake: bool, today: NaiveDate) -> Self {
        let (kana_key, kanji_key) = match &search.name {
            Some(NamePart::Kana(range)) => (Some(range.lower.as_str()), None),
            Some(NamePart::Kanji(range)) => (None, Some(range.lower.as_str())),
            None => (None, None),
        };
        let phone = if hit.mobile.is_empty() { &hit.tel } else { &hit.mobile };
        Self {
            id: hit.patient_id(),
            number: hit.patient_number.clone(),
            is_provisional: patient::is_provisional(&hit.patient_number),
            name: Marked::new(&hit.name_ideographic, kanji_key),
            kana: Marked::new(&hit.name_syllabic, kana_key),
            has_namesake,
            age: Age::on(hit.birth_date, hit.deceased_on.unwrap_or(today)).to_string(),
            sex: sex_label(&hit.sex),
            birth: wareki::short(hit.birth_date),
            birth_iso: hit.birth_date,
            phone: phone::mask(phone),
            address: hit.address.clone(),
            is_deceased: hit.deceased_on.is_some(),
        }
    }
}

fn sex_label(code: &str) -> &'static str {
    code.parse::<Sex>().unwrap_or(Sex::Unknown).label()
}

/// 患者を探す.
#[derive(Debug, Template)]
#[template(path = "patients/list.html", blocks = ["results"])]
pub struct PatientListPage {
    pub chrome: Chrome,
    /// What was typed.
    pub q: String,
    pub rows: Vec<PatientRow>,
    pub has_more: bool,
    /// The box holds something that can be looked for.
    pub was_asked: bool,
    /// The same search without figures, when it might find more.
    pub name_only: Option<String>,
    pub acts: Acts,
}

impl PatientListPage {
    pub fn new(chrome: Chrome, q: String, search: &PatientSearch, found: &Found, today: NaiveDate, acts: Acts) -> Self {
        let row = |hit: &Hit| PatientRow::of(hit, search, found.shared_keys.contains(&hit.kana_key), today);
        let is_mixed = search.name.is_some() && (search.code.is_some() || search.birth_date.is_some());
        let name_only =
            is_mixed.then(|| q.split_whitespace().filter(|word| !word.chars().any(char::is_numeric)).collect::<Vec<_>>().join(" "));
        Self {
            rows: found.hits.iter().map(row).collect(),
            has_more: found.has_more,
            was_asked: !search.is_empty(),
            name_only,
            acts,
            chrome,
            q,
        }
    }
}

impl Subjects for PatientListPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().map(|row| row.id).collect()
    }
}

/// One of those who may already be registered.
#[derive(Debug, Clone)]
pub struct CandidateRow {
    pub patient: PatientRow,
    pub likeness: Likeness,
}

impl CandidateRow {
    pub fn of(candidate: &Candidate, today: NaiveDate) -> Self {
        Self { patient: PatientRow::of(&candidate.hit, &PatientSearch::default(), false, today), likeness: candidate.likeness }
    }

    /// Fact, known alike / different / not yet known.
    pub fn facts(&self) -> [(&'static str, Option<bool>); 3] {
        [("カナ", self.likeness.kana), ("生年月日", self.likeness.birth_date), ("電話", self.likeness.phone)]
    }
}

/// 新しい患者の登録.
#[derive(Debug, Template)]
#[template(path = "patients/new.html", blocks = ["duplicates"])]
pub struct PatientNewPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub candidates: Vec<CandidateRow>,
}

impl PatientNewPage {
    pub fn sexes(&self) -> &'static [(&'static str, &'static str)] {
        SEXES
    }

    pub fn languages(&self) -> &'static [(&'static str, &'static str)] {
        &LANGUAGES
    }
}

impl PatientNewPage {
    /// The candidates are opened, not merged: nobody is registered yet.
    pub fn merge_with(&self) -> Option<PatientId> {
        None
    }
}

impl Subjects for PatientNewPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.candidates.iter().map(|candidate| candidate.patient.id).collect()
    }
}

const SEXES: &[(&str, &str)] =
    &[(Sex::Male.code(), Sex::Male.label()), (Sex::Female.code(), Sex::Female.label()), (Sex::Unknown.code(), Sex::Unknown.label())];

/// 編集.
#[derive(Debug, Template)]
#[template(path = "patients/edit.html")]
pub struct PatientEditPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub form: FormState,
}

impl PatientEditPage {
    pub fn sexes(&self) -> &'static [(&'static str, &'static str)] {
        SEXES
    }

    pub fn languages(&self) -> &'static [(&'static str, &'static str)] {
        &LANGUAGES
    }
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

/// What a person may do from a list or a patient's page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Acts {
    pub receive: bool,
    pub chart: bool,
    pub edit: bool,
    pub merge: bool,
}

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
    pub kind: &'static str,
    pub payer: String,
    pub insured: String,
    pub terms: String,
    pub period: String,
    pub face: face::Face,
    pub verified_on: String,
}

impl CoverageRow {
    pub fn of(line: &CoverageLine) -> Self {
        use domain::coverage::CoverageKind;
        use domain::eligibility::EligibilityStatus;
        let day = |day: Option<NaiveDate>| day.map(wareki::short).unwrap_or_default();
        let insured = [&line.insured_symbol, &line.insured_number, &line.branch_number];
        let insured: Vec<&str> = insured.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let relation = if line.relation == "family" { "家族" } else { "本人" };
        Self {
            kind: CoverageKind::from_code(&line.kind).map_or("その他", CoverageKind::label),
            payer: format!("{} {}", line.insurer_number, line.insurer_name).trim().to_owned(),
            insured: insured.join("・"),
            terms: line.copay_percent.map_or(relation.to_owned(), |percent| format!("{relation} {}割", f64::from(percent) / 10.0)),
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

/// A field where two people's versions differ: choose one, nothing is lost.
#[derive(Debug, Clone)]
pub struct Choice {
    pub name: &'static str,
    pub label: &'static str,
    pub base: String,
    pub mine: String,
    pub mine_shown: String,
    pub theirs: String,
    pub theirs_shown: String,
    /// Only one of the two changed it, so that one is offered; `None` when both did.
    pub prefers_mine: Option<bool>,
}

impl Choice {
    /// `base` is what both started from; without it neither side is preferred.
    pub fn between(base: Option<&Facts>, mine: &Facts, theirs: &Facts) -> Vec<Self> {
        let choice = |field: Field| {
            let (m, t) = (mine.text(field), theirs.text(field));
            Self {
                name: field.name(),
                label: field.label(),
                base: base.map(|base| base.shown(field)).unwrap_or_default(),
                mine: m.to_owned(),
                mine_shown: mine.shown(field),
                theirs: t.to_owned(),
                theirs_shown: theirs.shown(field),
                prefers_mine: base.and_then(|base| match base.text(field) {
                    b if b == m => Some(false),
                    b if b == t => Some(true),
                    _ => None,
                }),
            }
        };
        mine.differences(theirs).into_iter().map(choice).collect()
    }
}

/// 見比べる: somebody saved while this form was open (R2).
#[derive(Debug, Template)]
#[template(path = "patients/conflict.html")]
pub struct PatientConflictPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub choices: Vec<Choice>,
    /// Fields both agree on, as the form posts them.
    pub same: Vec<(&'static str, String)>,
    pub seen_version: i32,
    pub current_version: i32,
    pub other: String,
    pub other_at: String,
}

impl PatientConflictPage {
    pub fn shared(mine: &Facts, theirs: &Facts) -> Vec<(&'static str, String)> {
        let differs = mine.differences(theirs);
        Field::ALL.into_iter().filter(|field| !differs.contains(field)).map(|field| (field.name(), mine.text(field).to_owned())).collect()
    }
}

#[derive(Debug, Clone)]
pub struct VersionRow {
    pub number: i32,
    pub at: String,
    pub author: String,
    pub entered_by: Option<String>,
    pub reason: String,
    pub is_merged: bool,
    pub changes: Vec<Change>,
    /// The first version states everything.
    pub stated: Vec<(&'static str, String)>,
}

impl VersionRow {
    pub fn of(version: &Version) -> Self {
        let stated = Field::ALL.into_iter().map(|field| (field.label(), version.facts.shown(field))).filter(|(_, text)| !text.is_empty());
        Self {
            number: version.number,
            at: moment(version.recorded_at),
            author: version.author.clone(),
            entered_by: version.entered_by.clone(),
            reason: version.reason.clone(),
            is_merged: version.status == "merged",
            changes: version.changes.clone(),
            stated: if version.number == 1 { stated.collect() } else { vec![] },
        }
    }
}

pub fn moment(at: DateTime<Utc>) -> String {
    clock::jst(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// 版履歴.
#[derive(Debug, Template)]
#[template(path = "patients/history.html")]
pub struct PatientHistoryPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub versions: Vec<VersionRow>,
    /// Ask for versions before this one.
    pub older: Option<i32>,
}

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
        let more = if self.visits as u64 >= super::overview::VISITS_SHOWN { "以上" } else { "" };
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

macro_rules! shows_stripe_patient {
    ($($page:ty),+) => {$(
        impl Subjects for $page {
            fn subjects(&self) -> Vec<PatientId> {
                vec![self.stripe.patient_id]
            }
        }
    )+};
}
shows_stripe_patient!(PatientEditPage, PatientConflictPage, PatientHistoryPage);

impl Subjects for PatientShowPage {
    fn subjects(&self) -> Vec<PatientId> {
        std::iter::once(self.stripe.patient_id).chain(self.candidates.iter().map(|candidate| candidate.patient.id)).collect()
    }
}

#[cfg(test)]
#[path = "views_samples.rs"]
mod samples;
