//! The texts a form carries along: without scripts 確定 and 保存 send all four sections, and none of them may be lost.

use domain::note::{Section, SectionText};
use domain::{NoteId, PatientId, Role, StaffId};
use tenancy::TenantTx;
use uuid::Uuid;

use super::save::{SectionSave, save_section};
use super::{Refusal, Target};
use crate::notes::store::write;

/// One section as it stood in the form.
#[derive(Debug, Clone)]
pub struct Typed {
    pub section: Section,
    pub text: SectionText,
    /// The version the page was drawn with.
    pub seen: i32,
}

/// Who sends them, for which note.
#[derive(Debug, Clone)]
pub struct Sender {
    pub target: Target,
    pub token: PatientId,
    pub key: Uuid,
    pub responsible: Option<StaffId>,
}

/// What became of the texts.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// New versions of the sections that had changed.
    pub saved: Vec<(Section, i32)>,
    /// The first text that lost against a newer one: it is kept and waits to be compared.
    pub kept: Option<Kept>,
    pub note_id: Option<NoteId>,
}

#[derive(Debug, Clone, Copy)]
pub struct Kept {
    pub note_id: NoteId,
    pub section: Section,
    pub conflict_id: Uuid,
}

/// Saves what differs from what is stored; the usual case, in which the script has sent everything, reads and writes nothing more.
pub async fn save_texts(tx: &TenantTx, role: Role, sender: &Sender, typed: &[Typed]) -> Result<Outcome, Refusal> {
    let mut outcome = Outcome::default();
    if typed.is_empty() {
        return Ok(outcome);
    }
    let head = match sender.target {
        Target::Note(id) => write::find_head(tx, id).await?,
        Target::Encounter(id) => write::latest_of(tx, id).await?,
    };
    let stored = match &head {
        Some(head) => write::sections_of(tx, head.id).await?,
        None => vec![],
    };
    for one in typed {
        let before = stored.iter().find(|row| row.section == one.section.letter()).map_or("", |row| row.body.as_str());
        if before == one.text.as_str() {
            continue;
        }
        let save = SectionSave {
            target: sender.target,
            section: one.section,
            text: one.text.clone(),
            seen: one.seen,
            key: sender.key,
            token: sender.token,
            responsible: sender.responsible,
        };
        let saved = save_section(tx, role, save).await?;
        outcome.note_id = Some(saved.note_id);
        match saved.conflict_id {
            Some(conflict_id) => {
                outcome.kept = outcome.kept.or(Some(Kept { note_id: saved.note_id, section: one.section, conflict_id }));
            }
            None => outcome.saved.push((one.section, saved.version)),
        }
    }
    Ok(outcome)
}
