//! Pages of the slice.

use askama::Template;
use domain::clock::jst;
use uuid::Uuid;

use super::check::Problem;
use super::columns::{Column, missing};
use super::entity::Model;
use super::store::{CHECKED, DISCARDED, DONE, PROBLEMS_KEPT, QUEUED, RUNNING};
use crate::web::Chrome;
use crate::web::face::Face;

fn face(state: &str) -> Face {
    match state {
        CHECKED => Face { mark: "eye", word: "確かめ中", tone: "warn" },
        QUEUED => Face { mark: "glass", word: "順番待ち", tone: "accent-weak" },
        RUNNING => Face { mark: "c-half", word: "取込中", tone: "accent" },
        DONE => Face { mark: "check", word: "取込済", tone: "ok" },
        _ => Face { mark: "x", word: "やめた", tone: "cancelled" },
    }
}

/// One import as a line.
#[derive(Debug, Clone)]
pub struct ImportRow {
    pub id: Uuid,
    pub file_name: String,
    pub at: String,
    pub face: Face,
    pub total: i32,
    pub done: i32,
}

impl ImportRow {
    pub fn of(row: &Model) -> Self {
        Self {
            id: row.id,
            file_name: row.file_name.clone(),
            at: jst(row.created_at).format("%Y-%m-%d %H:%M").to_string(),
            face: face(&row.state),
            total: row.total,
            done: row.done,
        }
    }
}

/// 患者の取込.
#[derive(Debug, Clone, Template)]
#[template(path = "patient_import/list.html")]
pub struct ImportListPage {
    pub chrome: Chrome,
    pub rows: Vec<ImportRow>,
    /// Why the file just sent was not read.
    pub refused: Option<String>,
}

/// A heading and what it is taken for.
#[derive(Debug, Clone)]
pub struct Heading {
    pub at: usize,
    pub text: String,
    pub column: Column,
}

/// One import: what would come of it, how far it is, what came of it.
#[derive(Debug, Clone, Template)]
#[template(path = "patient_import/show.html", blocks = ["progress"])]
pub struct ImportPage {
    pub chrome: Chrome,
    pub row: ImportRow,
    pub encoding: String,
    pub state: String,
    pub good: i32,
    pub skipped: i32,
    pub headings: Vec<Heading>,
    pub missing: Vec<&'static str>,
    pub problems: Vec<Problem>,
    pub finished_at: String,
    pub is_known: bool,
}

impl ImportPage {
    pub fn of(chrome: Chrome, row: &Model, headings: Vec<String>, is_known: bool) -> Self {
        let columns = row.columns();
        let heading = |(at, text): (usize, String)| Heading { at, text, column: columns.get(at).copied().unwrap_or(Column::Ignored) };
        Self {
            chrome,
            row: ImportRow::of(row),
            encoding: row.encoding.clone(),
            state: row.state.clone(),
            good: row.good,
            skipped: row.skipped,
            headings: headings.into_iter().enumerate().map(heading).collect(),
            missing: missing(&columns),
            problems: row.kept_problems(),
            finished_at: row.finished_at.map(|at| jst(at).format("%-m月%-d日 %H:%M").to_string()).unwrap_or_default(),
            is_known,
        }
    }

    pub fn is_checked(&self) -> bool {
        self.state == CHECKED
    }

    pub fn is_under_way(&self) -> bool {
        self.state == QUEUED || self.state == RUNNING
    }

    pub fn is_done(&self) -> bool {
        self.state == DONE
    }

    pub fn is_discarded(&self) -> bool {
        self.state == DISCARDED
    }

    pub fn bad(&self) -> i32 {
        self.row.total - self.good
    }

    pub fn columns(&self) -> &'static [Column] {
        Column::ALL
    }

    /// Whether more lines were wrong than the page keeps.
    pub fn has_more_problems(&self) -> bool {
        self.problems.len() >= PROBLEMS_KEPT
    }
}

crate::no_subjects!(ImportListPage, ImportPage);
