//! 版履歴: every version of every section with what changed from the one before, and the note's own steps.

use askama::Template;
use domain::{EncounterId, PatientId};

use super::{Mark, SpanView};
use crate::web::Subjects;
use crate::web::chrome::Chrome;
use crate::web::stripe::PatientStripe;

#[derive(Template)]
#[template(path = "notes/history.html")]
pub struct HistoryPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub date: String,
    pub mark: Mark,
    pub acts: Vec<ActRow>,
    pub sections: Vec<SectionHistory>,
    pub kept: Vec<KeptText>,
}

/// A step of the whole note: 下書き, 承認待ち, 差戻し, 確定, 無効.
#[derive(Debug, Clone)]
pub struct ActRow {
    pub at: String,
    pub status: String,
    pub by: String,
    pub entered_by: String,
    pub reason: String,
}

/// All versions of one section, newest first.
#[derive(Debug, Clone)]
pub struct SectionHistory {
    pub letter: &'static str,
    pub label: &'static str,
    pub versions: Vec<VersionView>,
}

/// One version and its difference from the one before.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// `3版`, `訂正`, `追記`
    pub name: String,
    pub at: String,
    pub by: String,
    pub entered_by: Option<String>,
    pub reason: String,
    pub spans: Vec<SpanView>,
}

/// A text that lost against a newer version. It stays readable for ever.
#[derive(Debug, Clone)]
pub struct KeptText {
    pub letter: String,
    pub at: String,
    pub by: String,
    pub body: String,
    pub url: String,
    pub is_open: bool,
}

impl Subjects for HistoryPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
