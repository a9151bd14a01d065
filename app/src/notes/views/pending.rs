//! 未確定・承認待ち: the list that is empty at the end of the day (GL-12).

use askama::Template;
use domain::{EncounterId, NoteId, PatientId};

use super::Notice;
use crate::web::Subjects;
use crate::web::chrome::Chrome;

#[derive(Template)]
#[template(path = "notes/pending.html")]
pub struct PendingPage {
    pub chrome: Chrome,
    pub filters: Vec<Filter>,
    pub rows: Vec<PendingRow>,
    pub has_more: bool,
    pub can_sign: bool,
    /// 救急時の閲覧 are judged here, in hospitals.
    pub can_judge_looks: bool,
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
    pub patient_id: PatientId,
    pub patient: String,
    pub kana: String,
    pub number: String,
    pub status: &'static str,
    pub responsible: String,
    pub entered_by: String,
    pub excerpt: String,
}

impl Subjects for PendingPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().map(|r| r.patient_id).collect()
    }
}

/// 無効の申請 waiting for an administrator. It says whose and why; the text of the note is not the administrator's to read.
#[derive(Template)]
#[template(path = "notes/void_requests.html")]
pub struct VoidRequestsPage {
    pub chrome: Chrome,
    pub rows: Vec<VoidRequestRow>,
    pub may_agree: bool,
    pub notice: Option<Notice>,
}

#[derive(Debug, Clone)]
pub struct VoidRequestRow {
    pub note_id: NoteId,
    pub patient_id: PatientId,
    pub patient: String,
    pub kana: String,
    pub number: String,
    pub asked_at: String,
    pub asked_by: String,
    pub reason: String,
}

impl Subjects for VoidRequestsPage {
    fn subjects(&self) -> Vec<PatientId> {
        self.rows.iter().map(|r| r.patient_id).collect()
    }
}
