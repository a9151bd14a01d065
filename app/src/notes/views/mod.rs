//! What the note pages show: one askama struct per page, display text as methods or plain fields.

pub mod budget;
pub mod calendar;
pub mod chart;
pub mod conflict;
pub mod history;
pub mod labels;
pub mod pending;
pub mod rail;
pub mod repeat;
pub mod sheet;
pub mod unseen;
pub mod warnings;

#[cfg(test)]
mod samples;

pub use chart::{AmendForm, ChartPage, SectionView, Timeline, Today, VisitHead};
pub use conflict::ConflictPage;
pub use history::HistoryPage;
pub use pending::PendingPage;
pub use sheet::{ChartPrintPage, NoteSheet, PatientChartPage, RefusedPage};

use domain::note::{AmendmentKind, NoteStatus, Section};
use domain::text_merge::{self, Change};

use super::record::{AmendmentRecord, Names, NoteRecord};

/// Who did something, when and why.
#[derive(Debug, Clone, Default)]
pub struct By {
    pub at: String,
    pub by: String,
    /// 代行入力者, when somebody else typed it.
    pub entered_by: Option<String>,
    pub reason: String,
}

/// A chip: its colour class and its word.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    pub kind: &'static str,
    pub word: &'static str,
}

impl Mark {
    /// 訂正済 is told apart from 確定 although it is no state of its own.
    pub fn of(note: &NoteRecord) -> Self {
        match note.status() {
            NoteStatus::Draft => Mark { kind: "info", word: "下書き" },
            NoteStatus::PendingApproval => Mark { kind: "warn", word: "承認待ち" },
            NoteStatus::Signed if note.is_amended() => Mark { kind: "warn", word: "訂正済" },
            NoteStatus::Signed => Mark { kind: "plain", word: "確定" },
            NoteStatus::Voided => Mark { kind: "stop", word: "無効" },
        }
    }
}

/// A message above the content.
#[derive(Debug, Clone)]
pub struct Notice {
    pub kind: &'static str,
    pub icon: &'static str,
    pub text: String,
}

impl Notice {
    pub fn stop(text: impl Into<String>) -> Self {
        Self { kind: "stop", icon: "stop", text: text.into() }
    }

    pub fn ok(text: impl Into<String>) -> Self {
        Self { kind: "ok", icon: "check-c", text: text.into() }
    }
}

/// A run of a difference, for `ins` and `del`.
#[derive(Debug, Clone)]
pub struct SpanView {
    change: Change,
    pub text: String,
}

impl SpanView {
    pub fn is_inserted(&self) -> bool {
        self.change == Change::Inserted
    }

    pub fn is_deleted(&self) -> bool {
        self.change == Change::Deleted
    }

    pub fn between(old: &str, new: &str) -> Vec<Self> {
        text_merge::inline_diff(old, new).into_iter().map(|s| Self { change: s.change, text: s.text }).collect()
    }
}

/// 追記, 訂正 or 無効の申請 as it stands under its section.
#[derive(Debug, Clone)]
pub struct AmendmentView {
    pub kind: &'static str,
    pub label: &'static str,
    pub at: String,
    pub by: String,
    pub entered_by: Option<String>,
    pub body: String,
    pub reason: String,
    /// A later 訂正 took its place.
    pub replaced: bool,
}

impl AmendmentView {
    pub fn icon(&self) -> &'static str {
        if self.kind == AmendmentKind::Addendum.code() { "plus" } else { "pen" }
    }

    /// The amendments of one section, oldest first, each 訂正 but the last struck.
    pub fn of_section(note: &NoteRecord, section: Section, names: &Names) -> Vec<Self> {
        let last = note.amendments_of(section).filter(|a| a.kind == AmendmentKind::Amendment).last().map(|a| a.id);
        note.amendments_of(section)
            .filter(|a| matches!(a.kind, AmendmentKind::Addendum | AmendmentKind::Amendment))
            .map(|a| Self {
                kind: a.kind.code(),
                label: a.kind.label(),
                at: labels::stamp(a.recorded_at),
                by: names.of(a.author_id).to_owned(),
                entered_by: (a.entered_by_id != a.author_id).then(|| names.of(a.entered_by_id).to_owned()),
                body: a.body.clone(),
                reason: a.reason.clone(),
                replaced: a.kind == AmendmentKind::Amendment && last != Some(a.id),
            })
            .collect()
    }
}

/// Who made an amendment of the whole note (無効の申請, 無効).
pub fn by_of(a: &AmendmentRecord, names: &Names) -> By {
    By { at: labels::stamp(a.recorded_at), by: names.of(a.author_id).to_owned(), entered_by: None, reason: a.reason.clone() }
}
