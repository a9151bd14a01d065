//! 確定: the doctor signs exactly the versions on the page; the database locks them from then on (R5, GL-11).

use std::collections::BTreeMap;

use domain::note::{self as rules, NoteAct, NoteStatus, Section};
use domain::{EncounterId, NoteId, PatientId, Role};
use tenancy::versioned::{self, Authorship};
use tenancy::{ActKey, Error, TenantTx};
use uuid::Uuid;

use super::{Refusal, Target, check_token, hand};
use crate::encounters::finish_consultation;
use crate::notes::store::write;

const ACT: &str = "note.sign";

/// What the page showed when the doctor pressed 確定.
#[derive(Debug, Clone)]
pub struct Signature {
    pub target: Target,
    /// Version of each section shown; 0 for one that was never written.
    pub versions: BTreeMap<Section, i32>,
    pub token: PatientId,
    pub key: Uuid,
}

/// What was signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed {
    pub note_id: NoteId,
    pub patient_id: PatientId,
}

/// Signs, freezes every section and ends the consultation. Pressed twice it is done once.
pub async fn sign(tx: &TenantTx, role: Role, signature: &Signature) -> Result<Signed, Refusal> {
    let head = match signature.target {
        Target::Note(id) => write::lock_open(tx, id).await?,
        Target::Encounter(id) => write::lock_open_of(tx, id).await?,
    };
    let Some(mut head) = head else { return signed_before(tx, signature).await };
    let patient_id = PatientId::new(head.patient_id);
    check_token(tx, signature.token, patient_id).await?;
    let status: NoteStatus = head.status.parse()?;
    let next = status.after(NoteAct::Sign, hand(role))?;

    let sections = write::sections_of(tx, head.id).await?;
    for section in Section::ALL {
        let current = sections.iter().find(|s| s.section == section.letter()).map_or(0, |s| s.version);
        if signature.versions.get(&section).copied().unwrap_or(0) != current {
            return Err(Refusal::Stale);
        }
    }
    rules::check_signable(sections.iter().map(|s| s.body.as_str()))?;
    for section in sections {
        write::freeze(tx, section).await?;
    }
    head.status = next.code().to_owned();
    head.signed_at = Some(tx.now());
    head.signed_by_id = Some(tx.actor().as_uuid());
    let head = versioned::update(tx, head, Authorship::own(tx), "").await?;
    let encounter_id = EncounterId::new(head.encounter_id);
    finish_consultation(tx, encounter_id).await?;
    tx.remember(act_key(tx, signature), serde_json::json!({ "note_id": head.id })).await?;
    Ok(Signed { note_id: NoteId::new(head.id), patient_id })
}

/// No open note: the same press came before, somebody else signed, or nothing was ever written.
async fn signed_before(tx: &TenantTx, signature: &Signature) -> Result<Signed, Refusal> {
    let head = match signature.target {
        Target::Note(id) => write::find_head(tx, id).await?,
        Target::Encounter(id) => write::find_signed_of(tx, id).await?,
    };
    let Some(head) = head else {
        return Err(match signature.target {
            Target::Note(_) => Error::NotFound.into(),
            Target::Encounter(_) => rules::NoteError::NothingWritten.into(),
        });
    };
    check_token(tx, signature.token, PatientId::new(head.patient_id)).await?;
    if tx.idempotent(act_key(tx, signature)).await?.is_none() {
        return Err(rules::NoteError::AlreadySigned.into());
    }
    Ok(Signed { note_id: NoteId::new(head.id), patient_id: PatientId::new(head.patient_id) })
}

fn act_key(tx: &TenantTx, signature: &Signature) -> ActKey {
    tx.act_key(signature.key, ACT, &format!("{signature:?}"))
}
