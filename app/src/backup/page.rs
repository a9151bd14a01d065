//! 控え: what was archived when, and whether a restore would need anything that is missing.

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use tenancy::permission::BackupRead;
use tenancy::{Access, Audit, InfoClass};

use super::list::{self, Run, RunState};
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Routes};

const SHOWN: u64 = 30;
/// Later than this without a good archive is an alarm (BK-03).
const LATE_AFTER: TimeDelta = TimeDelta::hours(26);

pub fn routes(r: &mut Routes) {
    r.get("/backups", show);
}

pub async fn show(access: Access<BackupRead>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (runs, now) = (list::recent(&tx, SHOWN).await?, tx.now());
    let receipt = tx.commit(Audit::viewed(InfoClass::Backup)).await?;
    Page::full(receipt, &BackupsPage::new(Chrome::of(access.principal(), Nav::Account), &runs, now))
}

#[derive(Template)]
#[template(path = "backup/show.html")]
pub struct BackupsPage {
    chrome: Chrome,
    last: Option<String>,
    is_late: bool,
    rows: Vec<Line>,
}

pub struct Line {
    pub started_at: String,
    pub seconds: Option<i64>,
    pub state: &'static str,
    pub tone: &'static str,
    pub mark: &'static str,
    pub rows: String,
    pub mebibytes: String,
    pub why: &'static str,
}

crate::no_subjects!(BackupsPage);

impl BackupsPage {
    pub fn new(chrome: Chrome, runs: &[Run], now: DateTime<Utc>) -> Self {
        let last = runs.iter().find(|run| run.state == RunState::Succeeded);
        Self {
            chrome,
            is_late: last.is_none_or(|run| now - run.started_at > LATE_AFTER),
            last: last.map(|run| jst(run.started_at)),
            rows: runs.iter().map(|run| Line::of(run, now)).collect(),
        }
    }
}

impl Line {
    fn of(run: &Run, now: DateTime<Utc>) -> Self {
        // A run nobody finished: its process was ended.
        let broken_off = run.state == RunState::Running && now - run.started_at > TimeDelta::hours(12);
        let (state, tone, mark) = match run.state {
            RunState::Succeeded => (run.state.label(), "ok", "check"),
            RunState::Running if !broken_off => (run.state.label(), "info", "clock"),
            RunState::Running => ("中断", "warn", "tri"),
            RunState::Failed => (run.state.label(), "stop", "x-c"),
        };
        Self {
            started_at: jst(run.started_at),
            seconds: run.finished_at.map(|at| (at - run.started_at).num_seconds()),
            state,
            tone,
            mark,
            rows: run.rows.to_string(),
            mebibytes: run.bytes.map_or_else(|| "—".into(), |bytes| format!("{:.1}", bytes as f64 / 1_048_576.0)),
            why: why(&run.error_code),
        }
    }
}

/// What a failure means for the clinic, and who can do something about it.
fn why(code: &str) -> &'static str {
    match code {
        "" => "",
        "store_unreachable" => "保管先につながりませんでした。15分おきにやり直します。",
        "store_refused" => "保管先が書込みを断りました。運用担当者が確かめます。",
        "key" => "鍵を使えませんでした。運用担当者が確かめます。",
        "database" => "データベースが途中で応じなくなりました。15分おきにやり直します。",
        _ => "最後まで書けませんでした。15分おきにやり直します。",
    }
}

fn jst(at: DateTime<Utc>) -> String {
    domain::clock::jst(at).format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(state: RunState, started_at: DateTime<Utc>, error_code: &str) -> Run {
        let finished_at = (state != RunState::Running).then_some(started_at + TimeDelta::seconds(42));
        let bytes = (state == RunState::Succeeded).then_some(3_500_000);
        Run { state, started_at, finished_at, object_key: "backup/x".into(), bytes, rows: 120_000, error_code: error_code.into() }
    }

    // BK-03
    #[test]
    fn a_late_archive_is_said_in_words() {
        let now = DateTime::from_timestamp(1_795_008_800, 0).unwrap();
        let page = |runs: &[Run]| BackupsPage::new(Chrome::sample(Nav::Account), runs, now).render().unwrap();
        let fresh = page(&[run(RunState::Succeeded, now - TimeDelta::hours(3), "")]);
        assert!(fresh.contains("120000") && !fresh.contains("控えが遅れています"));
        let late = page(&[run(RunState::Failed, now, "store_unreachable"), run(RunState::Succeeded, now - TimeDelta::hours(30), "")]);
        assert!(late.contains("控えが遅れています") && late.contains("保管先につながりませんでした"));
        assert!(page(&[]).contains("まだ一度も"));
        assert!(page(&[run(RunState::Running, now - TimeDelta::hours(13), "")]).contains("中断"));
    }
}
