//! 未確定・承認待ち: the list that is empty at the end of the day (GL-12).

use askama::Template;
use domain::EncounterId;

use super::Notice;
use crate::web::Chrome;

#[derive(Template)]
#[template(path = "notes/pending.html")]
pub struct PendingPage {
    pub chrome: Chrome,
    pub filters: Vec<Filter>,
    pub rows: Vec<PendingRow>,
    pub has_more: bool,
    pub can_sign: bool,
    pub notice: Option<Notice>,
}

#[derive(Debug, Clone)]
pub struct Filter {
    pub href: &'static str,
    pub label: &'static str,
    pub current: bool,
}

#[derive(Debug, Clone)]
pub struct PendingRow {
    pub encounter_id: EncounterId,
    /// The note and the section versions the reader saw: what an approval signs.
    pub stamp: String,
    pub is_pending: bool,
    pub date: String,
    /// Said when it waits for more than 24 hours.
    pub overdue: Option<String>,
    pub patient: String,
    pub kana: String,
    pub number: String,
    pub status: &'static str,
    pub responsible: String,
    pub entered_by: String,
    pub excerpt: String,
}
