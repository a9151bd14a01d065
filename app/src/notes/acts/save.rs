//! Saving one section. The answer is given after commit, and every text is on the server by then: as the new version, or
//! kept beside it when somebody else was first (R2).

use domain::note::{Hand, Section, SectionText};
use domain::{EncounterId, NoteId, PatientId, Role, StaffId};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx, versioned};
use uuid::Uuid;

use super::{Refusal, Target, check_token, hand};
use crate::notes::entity::{note, note_section};
use crate::notes::store::{people, visit, write};

/// Under this name the answer is remembered.
const ACT: &str = "note_section.save";

/// A section as it came from a page.
#[derive(Debug, Clone)]
pub struct SectionSave {
    pub target: Target,
    pub section: Section,
    pub text: SectionText,
    /// The version the page was drawn with; 0 when the section had no row.
    pub seen: i32,
    pub key: Uuid,
    pub token: PatientId,
    /// Named by a helper when the encounter names no doctor.
    pub responsible: Option<StaffId>,
}

/// What became of the text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    pub note_id: NoteId,
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    pub version: i32,
    pub at: chrono::DateTime<chrono::Utc>,
    /// The text is kept here because another was first.
    pub conflict_id: Option<Uuid>,
    /// Who was first.
    pub other: Option<StaffId>,
}

/// Stores the text, or keeps it beside the newer one. The same key gives the same answer and one version.
pub async fn save_section(tx: &TenantTx, role: Role, save: SectionSave) -> Result<Saved, Refusal> {
    let sent = format!("{:?} {} {} {:?} {}", save.target, save.section.letter(), save.token, save.seen, save.text.as_str());
    let act = tx.act_key(save.key, ACT, &sent);
    if let Some(earlier) = tx.idempotent(act).await? {
        return Ok(serde_json::from_value(earlier).map_err(Error::internal)?);
    }
    let (note, is_open) = note_for(tx, role, &save).await?;
    let row = write::find_section(tx, note.id, save.section).await?;
    let saved = match row {
        _ if !is_open => kept(tx, &note, row, save.clone()).await?,
        Some(row) if row.body == save.text.as_str() => answer(tx, &note, row.version),
        Some(row) if row.version == save.seen => update(tx, role, &note, row, save.text).await?,
        Some(row) => kept(tx, &note, Some(row), save.clone()).await?,
        None if save.text.as_str().is_empty() => answer(tx, &note, 0),
        None => {
            let by = write::authorship(tx, hand(role), StaffId::new(note.responsible_id));
            let row = write::insert_section(tx, &note, save.section, save.text, by).await?;
            answer(tx, &note, row.version)
        }
    };
    tx.remember(act, serde_json::to_value(&saved).map_err(Error::internal)?).await?;
    Ok(saved)
}

async fn update(tx: &TenantTx, role: Role, note: &note::Model, mut row: note_section::Model, text: SectionText) -> Result<Saved, Refusal> {
    row.body = text.into_inner();
    let by = write::authorship(tx, hand(role), StaffId::new(note.responsible_id));
    let row = versioned::update(tx, row, by, "").await?;
    Ok(answer(tx, note, row.version))
}

async fn kept(tx: &TenantTx, note: &note::Model, row: Option<note_section::Model>, save: SectionSave) -> Result<Saved, Refusal> {
    let (version, other) = match &row {
        Some(row) => (row.version, StaffId::new(row.entered_by_id)),
        None => (0, StaffId::new(note.signed_by_id.unwrap_or(note.entered_by_id))),
    };
    let id = write::keep_text(tx, note, save.section, row.map(|r| r.id), save.seen, save.text).await?;
    Ok(Saved { conflict_id: Some(id), other: Some(other), ..answer(tx, note, version) })
}

fn answer(tx: &TenantTx, note: &note::Model, version: i32) -> Saved {
    Saved {
        note_id: NoteId::new(note.id),
        encounter_id: EncounterId::new(note.encounter_id),
        patient_id: PatientId::new(note.patient_id),
        version,
        at: tx.now(),
        conflict_id: None,
        other: None,
    }
}

/// The note the text belongs to, held if it is open; made if this is the first text of the encounter.
async fn note_for(tx: &TenantTx, role: Role, save: &SectionSave) -> Result<(note::Model, bool), Refusal> {
    match save.target {
        Target::Note(id) => {
            if let Some(note) = write::lock_open(tx, id).await? {
                check_token(tx, save.token, PatientId::new(note.patient_id)).await?;
                return Ok((note, true));
            }
            let note = write::find_head(tx, id).await?.ok_or(Error::NotFound)?;
            check_token(tx, save.token, PatientId::new(note.patient_id)).await?;
            Ok((note, false))
        }
        Target::Encounter(id) => {
            if let Some(note) = write::lock_open_of(tx, id).await? {
                check_token(tx, save.token, PatientId::new(note.patient_id)).await?;
                return Ok((note, true));
            }
            first_note(tx, role, id, save).await
        }
    }
}

/// The encounter is held while we look again: of two first saves one makes the note and the other finds it.
async fn first_note(tx: &TenantTx, role: Role, encounter: EncounterId, save: &SectionSave) -> Result<(note::Model, bool), Refusal> {
    let visit = visit::lock(tx, encounter).await?;
    check_token(tx, save.token, visit.patient_id).await?;
    if let Some(note) = write::lock_open_of(tx, encounter).await? {
        return Ok((note, true));
    }
    if let Some(signed) = write::find_signed_of(tx, encounter).await? {
        return Ok((signed, false));
    }
    if visit.is_cancelled {
        return Err(Refusal::CancelledVisit);
    }
    let responsible = match (hand(role), save.responsible.or(visit.doctor_id)) {
        (Hand::Doctor, _) => tx.actor(),
        (Hand::OnBehalf, Some(id)) if people::is_doctor(tx, id).await? => id,
        (Hand::OnBehalf, _) => return Err(Refusal::NoResponsible),
    };
    Ok((write::insert_note(tx, &visit, responsible).await?, true))
}
