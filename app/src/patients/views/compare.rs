//! Versions side by side: a stale edit, and the history.

use askama::Template;
use domain::PatientId;

use super::super::fields::{Facts, Field};
use super::super::history::{Change, Version};
use super::moment;
use crate::web::page::Subjects;
use crate::web::{Chrome, PatientStripe};

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

impl Subjects for PatientConflictPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

impl Subjects for PatientHistoryPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
