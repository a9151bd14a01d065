//! R2 競合: both texts side by side and a proposal in the middle.

use askama::Template;
use domain::note::Section;
use domain::text_merge::{self, Hunk, Pick};
use domain::{EncounterId, PatientId};
use uuid::Uuid;

use super::{By, SpanView};
use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::stripe::PatientStripe;

#[derive(Template)]
#[template(path = "notes/conflict.html")]
pub struct ConflictPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub section: Section,
    /// Where the merged text goes.
    pub action: String,
    /// False once the note is signed: then the merged text becomes a 追記.
    pub is_open: bool,
    pub mine: By,
    pub theirs: By,
    pub theirs_version: i32,
    pub next_version: i32,
    pub mine_chars: usize,
    pub theirs_chars: usize,
    pub differences: usize,
    pub rows: Vec<Row>,
    pub merged: String,
    pub base: String,
    pub base_label: String,
    pub kept_at: String,
    pub idempotency_key: Uuid,
    pub error: Option<String>,
}

/// One piece of the comparison.
#[derive(Debug, Clone)]
pub struct Row {
    hunk: Hunk,
    pick: Option<Pick>,
    /// 1, 2, … over the differences only.
    pub number: usize,
    pub mine_spans: Vec<SpanView>,
    pub theirs_spans: Vec<SpanView>,
}

impl Row {
    /// Rows with the given picks, one per difference; missing ones take the proposal.
    pub fn all(hunks: Vec<Hunk>, picks: &[Option<Pick>]) -> Vec<Self> {
        let mut number = 0_usize;
        hunks
            .into_iter()
            .map(|hunk| {
                let proposal = hunk.proposal();
                if proposal.is_some() {
                    number += 1;
                }
                let pick = proposal.map(|p| picks.get(number.saturating_sub(1)).copied().flatten().unwrap_or(p));
                let mine_spans = SpanView::between(hunk.base(), hunk.mine());
                let theirs_spans = SpanView::between(hunk.base(), hunk.theirs());
                Self { hunk, pick, number, mine_spans, theirs_spans }
            })
            .collect()
    }

    pub fn is_same(&self) -> bool {
        self.pick.is_none()
    }

    pub fn is_picked(&self, code: &str) -> bool {
        self.pick.is_some_and(|p| p.code() == code)
    }

    pub fn mine_text(&self) -> &str {
        self.hunk.mine()
    }

    pub fn theirs_text(&self) -> &str {
        self.hunk.theirs()
    }

    pub fn both_text(&self) -> String {
        self.hunk.picked(Pick::Both)
    }

    pub fn picked_text(&self) -> String {
        self.pick.map(|p| self.hunk.picked(p)).unwrap_or_default()
    }

    pub fn picked_label(&self) -> &'static str {
        match self.pick {
            Some(Pick::Mine) => "← 自分の文を採用",
            Some(Pick::Theirs) => "→ 相手の文を採用",
            Some(Pick::Both) => "← → 両方を採用",
            None => "",
        }
    }

    pub fn mine_label(&self) -> &'static str {
        match self.hunk {
            Hunk::Mine { .. } => "自分だけが変えた文を採る",
            Hunk::Theirs { .. } => "変える前の文を採る",
            _ => "こちらを採る",
        }
    }

    pub fn theirs_label(&self) -> &'static str {
        match self.hunk {
            Hunk::Theirs { .. } => "相手だけが変えた文を採る",
            Hunk::Mine { .. } => "変える前の文を採る",
            _ => "こちらを採る",
        }
    }
}

/// The merged text for the picks.
pub fn merged(hunks: &[Hunk], picks: &[Option<Pick>]) -> String {
    text_merge::compose(hunks, picks)
}

impl Subjects for ConflictPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
