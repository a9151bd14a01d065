//! The settings page.

use askama::Template;
use chrono::{DateTime, Utc};
use tenancy::clock::JST;

use super::store::BackupRun;
use crate::web::{Chrome, FormState};

#[derive(Template)]
#[template(path = "clinic/show.html")]
pub struct ClinicPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub saved: bool,
    pub institution_code: String,
    pub backups: Vec<BackupRow>,
}

crate::no_subjects!(ClinicPage);

pub struct BackupRow {
    pub started: String,
    /// Mark, tone and word.
    pub state: (&'static str, &'static str, &'static str),
    pub size: String,
}

impl From<BackupRun> for BackupRow {
    fn from(run: BackupRun) -> Self {
        let state = match run.state.as_str() {
            "succeeded" => ("check", "plain", "済"),
            "running" => ("clock", "info", "実行中"),
            _ => ("x-c", "stop", "失敗"),
        };
        Self { started: at(run.started_at), state, size: run.bytes.map_or("–".into(), |b| format!("{:.1} MB", b as f64 / 1_000_000.0)) }
    }
}

fn at(t: DateTime<Utc>) -> String {
    t.with_timezone(&JST).format("%Y-%m-%d %H:%M").to_string()
}
