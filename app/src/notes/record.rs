//! A note as it is read: head, sections and everything added after 確定, already in domain types.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::note::{AmendmentKind, NoteStatus, Section};
use domain::{EncounterId, NoteAmendmentId, NoteId, NoteSectionId, PatientId, StaffId};
use uuid::Uuid;

/// Names of the people who appear on one page; a person who left the clinic keeps the name.
#[derive(Debug, Clone, Default)]
pub struct Names(pub HashMap<StaffId, String>);

impl Names {
    pub fn of(&self, id: StaffId) -> &str {
        self.0.get(&id).map_or("不明な利用者", String::as_str)
    }
}

/// The head of a note.
#[derive(Debug, Clone)]
pub struct NoteRecord {
    pub id: NoteId,
    pub version: i32,
    pub patient_id: PatientId,
    pub encounter_id: EncounterId,
    pub noted_on: NaiveDate,
    /// As stored; see [`NoteRecord::status`] for what a reader is told.
    pub stored_status: NoteStatus,
    pub author_id: StaffId,
    pub entered_by_id: StaffId,
    pub responsible_id: StaffId,
    pub signed: Option<(DateTime<Utc>, StaffId)>,
    /// At most one of each, in the order of reading.
    pub sections: Vec<SectionRecord>,
    /// Oldest first.
    pub amendments: Vec<AmendmentRecord>,
    /// Texts that lost against a newer version, oldest first.
    pub conflicts: Vec<ConflictRecord>,
}

/// A text that arrived on an older version, or after 確定. It is kept for ever; resolving it only marks it.
#[derive(Debug, Clone)]
pub struct ConflictRecord {
    pub id: Uuid,
    pub section: Section,
    pub base_version: i32,
    pub body: String,
    pub author_id: StaffId,
    pub created_at: DateTime<Utc>,
    pub is_resolved: bool,
}

/// The current text of one section.
#[derive(Debug, Clone)]
pub struct SectionRecord {
    pub id: NoteSectionId,
    pub section: Section,
    pub version: i32,
    pub body: String,
    pub recorded_at: DateTime<Utc>,
    pub author_id: StaffId,
    pub entered_by_id: StaffId,
}

/// 追記, 訂正 or 無効 of a signed note.
#[derive(Debug, Clone)]
pub struct AmendmentRecord {
    pub id: NoteAmendmentId,
    pub kind: AmendmentKind,
    pub section: Option<Section>,
    pub body: String,
    pub reason: String,
    pub recorded_at: DateTime<Utc>,
    pub author_id: StaffId,
    pub entered_by_id: StaffId,
}

impl NoteRecord {
    /// A signed row cannot be changed, so 無効 is told by the amendment that made it so.
    pub fn status(&self) -> NoteStatus {
        if self.amendments.iter().any(|a| a.kind == AmendmentKind::Void) { NoteStatus::Voided } else { self.stored_status }
    }

    /// 訂正済: signed and corrected since.
    pub fn is_amended(&self) -> bool {
        self.amendments.iter().any(|a| a.kind == AmendmentKind::Amendment)
    }

    /// A doctor asked for 無効 and no administrator has agreed yet.
    pub fn void_request(&self) -> Option<&AmendmentRecord> {
        if self.status() == NoteStatus::Voided {
            return None;
        }
        self.amendments.iter().find(|a| a.kind == AmendmentKind::VoidRequest)
    }

    pub fn section(&self, section: Section) -> Option<&SectionRecord> {
        self.sections.iter().find(|s| s.section == section)
    }

    /// The oldest text of a section that still waits to be compared.
    pub fn open_conflict(&self, section: Section) -> Option<&ConflictRecord> {
        self.conflicts.iter().find(|c| c.section == section && !c.is_resolved)
    }

    /// What was added to one section after 確定, oldest first.
    pub fn amendments_of(&self, section: Section) -> impl Iterator<Item = &AmendmentRecord> {
        self.amendments.iter().filter(move |a| a.section == Some(section))
    }

    /// The text that holds now: the last 訂正, or what was signed.
    pub fn current_body(&self, section: Section) -> &str {
        self.amendments_of(section)
            .filter(|a| a.kind == AmendmentKind::Amendment)
            .last()
            .map(|a| a.body.as_str())
            .or_else(|| self.section(section).map(|s| s.body.as_str()))
            .unwrap_or_default()
    }

    /// Everyone whose name a page with this note shows.
    pub fn people(&self) -> impl Iterator<Item = StaffId> + '_ {
        [self.author_id, self.entered_by_id, self.responsible_id]
            .into_iter()
            .chain(self.signed.map(|(_, by)| by))
            .chain(self.sections.iter().flat_map(|s| [s.author_id, s.entered_by_id]))
            .chain(self.amendments.iter().flat_map(|a| [a.author_id, a.entered_by_id]))
            .chain(self.conflicts.iter().map(|c| c.author_id))
    }
}
