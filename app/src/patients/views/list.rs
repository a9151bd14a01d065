//! The list, registration and editing.

use askama::Template;
use chrono::NaiveDate;
use domain::PatientId;
use domain::patient::{self, Age, LANGUAGES, Sex};
use domain::patient_search::{NamePart, PatientSearch};
use domain::phone;
use domain::search_key::matched_len;
use domain::wareki;

use super::super::duplicates::{Candidate, Likeness};
use super::super::search::{Found, Hit};
use super::Acts;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

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
    /// 最終受診
    pub last_visit: Option<NaiveDate>,
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
            last_visit: hit.last_visit,
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
    /// Whoever is found goes on to reception instead of the patient's page.
    pub is_for_reception: bool,
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
            is_for_reception: false,
            chrome,
            q,
        }
    }

    #[must_use]
    pub fn for_reception(mut self) -> Self {
        self.is_for_reception = self.acts.receive;
        self
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

impl Subjects for PatientEditPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
