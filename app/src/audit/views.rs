//! The log as people read it.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::{PatientId, Role};
use tenancy::{Act, InfoClass, Outcome};

use super::forms::{EXPORT_REASONS, RawFilter};
use super::handlers::Read;
use super::store::{Event, PAGE, Person};
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState};

/// Patients named in one row; a search that touched more says how many.
pub const SHOWN_SUBJECTS: usize = 3;

#[derive(Template)]
#[template(path = "audit/show.html")]
pub struct AuditPage {
    chrome: Chrome,
    form: FormState,
    people: Vec<(String, String)>,
    rows: Vec<Line>,
    shown: Vec<PatientId>,
    /// The next page's address.
    next: Option<String>,
}

/// One event.
pub struct Line {
    pub at: String,
    pub person: String,
    pub role: &'static str,
    pub act: String,
    pub info: String,
    pub outcome: &'static str,
    pub is_success: bool,
    pub patients: Vec<String>,
    pub more_patients: usize,
    pub source_ip: String,
}

impl Subjects for AuditPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.shown.clone()
    }
}

impl AuditPage {
    pub(super) fn new(chrome: Chrome, raw: &RawFilter, form: FormState, mut read: Read) -> Self {
        let has_more = read.events.len() as u64 > PAGE;
        read.events.truncate(PAGE as usize);
        let last = read.events.last().filter(|_| has_more);
        let next = last.map(|event| format!("/audit?{}&before={}", raw.address(), event.id));
        Self {
            chrome,
            form,
            people: read.people.iter().map(|person| (person.id.to_string(), person.name.clone())).collect(),
            rows: read.events.iter().map(|event| Line::of(event, &read)).collect(),
            shown: read.subjects.keys().copied().map(PatientId::new).collect(),
            next,
        }
    }

    pub fn is_valid(&self) -> bool {
        self.form.is_valid()
    }

    fn acts(&self) -> Vec<(&'static str, &'static str)> {
        Act::ALL.iter().map(|act| (act.code(), act.label())).collect()
    }

    fn classes(&self) -> Vec<(&'static str, &'static str)> {
        InfoClass::ALL.iter().map(|class| (class.code(), class.label())).collect()
    }

    fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.label())).collect()
    }

    fn reasons(&self) -> [(&'static str, &'static str); 5] {
        EXPORT_REASONS
    }

    fn filters(&self) -> [(&'static str, &str); 7] {
        ["from", "to", "staff", "act", "info", "outcome", "patient"].map(|name| (name, self.form.value(name)))
    }
}

impl Line {
    fn of(event: &Event, read: &Read) -> Self {
        let named = event.subject_ids.iter().take(SHOWN_SUBJECTS).filter_map(|id| read.subjects.get(id));
        Self {
            at: jst(event.recorded_at),
            person: person(event, &read.people).to_owned(),
            role: role(&event.actor_role),
            act: act(&event.act),
            info: info(&event.info_class),
            outcome: outcome(&event.outcome),
            is_success: event.outcome == Outcome::Success.code(),
            patients: named.map(|subject| format!("{} {}", subject.patient_number, subject.name_ideographic)).collect(),
            more_patients: event.subject_ids.len().saturating_sub(SHOWN_SUBJECTS),
            source_ip: event.source_ip.clone(),
        }
    }
}

/// The moment in Japan, to the second.
pub(super) fn jst(at: DateTime<Utc>) -> String {
    domain::clock::jst(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn person<'a>(event: &Event, people: &'a [Person]) -> &'a str {
    match event.actor_id {
        None => "つむぎ",
        Some(id) => people.iter().find(|person| person.id == id).map_or("(不明な職員)", |person| person.name.as_str()),
    }
}

/// A code this version does not know is shown as it is.
pub(super) fn act(code: &str) -> String {
    Act::from_code(code).map_or(code.to_owned(), |act| act.label().to_owned())
}

pub(super) fn info(code: &str) -> String {
    InfoClass::from_code(code).map_or(code.to_owned(), |info| info.label().to_owned())
}

pub(super) fn outcome(code: &str) -> &'static str {
    Outcome::from_code(code).map_or("不明", Outcome::label)
}

pub(super) fn role(code: &str) -> &'static str {
    match code {
        "signing_in" => "サインイン中",
        "device" => "連携端末",
        code => Role::from_code(code).map_or("自動", Role::label),
    }
}

#[cfg(test)]
impl AuditPage {
    pub(super) fn sample_read() -> Read {
        use uuid::Uuid;
        let patient = Uuid::from_u128(8);
        let event = |n: u128, outcome: &str, subject_ids: Vec<Uuid>| Event {
            id: Uuid::from_u128(n),
            recorded_at: DateTime::from_timestamp(1_795_008_800, 0).unwrap_or_default(),
            actor_id: Some(Uuid::from_u128(2)),
            actor_role: "doctor".into(),
            act: "view".into(),
            info_class: "note".into(),
            outcome: outcome.into(),
            subject_ids,
            entity_kind: "note".into(),
            detail: serde_json::json!({}),
            source_ip: "192.0.2.7".into(),
            request_id: Uuid::from_u128(99),
        };
        let subject =
            super::store::Subject { id: patient, patient_number: "000123".into(), name_ideographic: "勅使河原 権左衛門尉".into() };
        Read {
            events: vec![event(1, "success", vec![patient; 5]), event(2, "refused", vec![])],
            people: vec![Person { id: Uuid::from_u128(2), name: "山﨑 理恵".into() }],
            subjects: [(patient, subject)].into(),
        }
    }

    pub fn sample() -> Self {
        let raw = RawFilter::default();
        Self::new(Chrome::sample(crate::web::Nav::Audit), &raw, FormState::of(&raw), Self::sample_read())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    // GL-15
    #[test]
    fn a_row_says_who_did_what_to_whose_information_and_whether_it_was_allowed() {
        let html = AuditPage::sample().render().unwrap();
        for fact in ["山﨑 理恵", "医師", "閲覧", "診療記録", "000123 勅使河原 権左衛門尉", "ほか2名", "拒否", "192.0.2.7"]
        {
            assert!(html.contains(fact), "{fact}");
        }
    }
}
