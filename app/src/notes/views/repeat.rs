//! 前回受診まるごとDo: what would change, before it does.

use askama::Template;
use domain::{EncounterId, PatientId, StaffId};
use uuid::Uuid;

use super::SpanView;
use super::chart::SectionView;
use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::stripe::PatientStripe;

/// One section: the last visit's text against today's, and what would stand there.
#[derive(Debug, Clone)]
pub struct RepeatRow {
    pub letter: &'static str,
    pub label: &'static str,
    pub version: i32,
    pub is_same: bool,
    /// From the last visit's text to what would stand today.
    pub spans: Vec<SpanView>,
    /// Today's words stay; an empty section takes the last visit's.
    pub proposal: String,
}

impl RepeatRow {
    pub fn of(section: &SectionView) -> Self {
        let proposal = if section.body.trim().is_empty() { section.previous.clone() } else { section.body.clone() };
        Self {
            letter: section.letter(),
            label: section.label(),
            version: section.version,
            is_same: proposal == section.previous,
            spans: SpanView::between(&section.previous, &proposal),
            proposal,
        }
    }
}

#[derive(Template)]
#[template(path = "notes/repeat.html")]
pub struct RepeatPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    /// The day of the visit that is repeated; none before the second visit.
    pub previous: Option<String>,
    pub rows: Vec<RepeatRow>,
    pub action: String,
    pub key: Uuid,
    pub responsible: Option<StaffId>,
}

impl Subjects for RepeatPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
