//! 確定: the doctor signs exactly the versions on the page; the database locks them from then on (R5, GL-11).

use std::collections::BTreeMap;

use domain::note::{self as rules, NoteAct, NoteStatus, Section};
use domain::{EncounterId, NoteId, PatientId, Role};
use tenancy::versioned::{self, Authorship};
use tenancy::{ActKey, Error, TenantTx};
use uuid::Uuid;

use super::texts::{Kept, Outcome, Sender, Typed, save_texts};
use super::{Refusal, Target, check_token, hand};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::notes::seen::{self, Seen};
use crate::notes::store::write;
use crate::notes::{neighbours, warnings};

const ACT: &str = "note.sign";

/// What the page showed when the doctor pressed 確定.
#[derive(Debug, Clone)]
pub struct Signature {
    pub target: Target,
    /// Version of each section shown; 0 for one that was never written.
    pub versions: BTreeMap<Section, i32>,
    /// The texts of the form; they are saved before they are signed.
    pub texts: Vec<Typed>,
    /// Rows of other slices that stood beside the text.
    pub seen: Seen,
    pub token: PatientId,
    pub key: Uuid,
}

/// A note that has just been signed, as the slices after it are told.
#[derive(Debug, Clone, Copy)]
pub struct SignedNote {
    pub note_id: NoteId,
    pub patient_id: PatientId,
    pub encounter_id: EncounterId,
}

/// What 確定 sets in motion, in this order and in its transaction: one line for each slice. An error undoes the signature.
async fn set_in_motion(tx: &TenantTx, signed: &SignedNote, seen: &Seen, signer: &dyn PrescriptionSigner) -> Result<(), Refusal> {
    crate::encounters::note_signed(tx, signed).await?;
    crate::prescriptions::note_signed(tx, signed, &seen.prescription, signer).await?;
    crate::orders::note_signed(tx, signed, &seen.orders).await?;
    crate::claims::note_signed(tx, signed).await?;
    Ok(())
}

/// How a press of 確定 ended.
#[derive(Debug, Clone, Copy)]
pub enum Ending {
    Signed(SignedNote),
    /// Nothing is signed: a text of the form met a newer one and both wait to be compared.
    Compare(Kept, PatientId),
}

/// Signs, freezes every section and ends the consultation. Pressed twice it is done once.
pub async fn sign(tx: &TenantTx, role: Role, signature: &Signature, signer: &dyn PrescriptionSigner) -> Result<Ending, Refusal> {
    let sender = Sender { target: signature.target, token: signature.token, key: signature.key, responsible: None };
    let Outcome { saved, kept, .. } = save_texts(tx, role, &sender, &signature.texts).await?;
    if let Some(kept) = kept {
        return Ok(Ending::Compare(kept, signature.token));
    }
    let head = match signature.target {
        Target::Note(id) => write::lock_open(tx, id).await?,
        Target::Encounter(id) => write::lock_open_of(tx, id).await?,
    };
    let Some(mut head) = head else { return signed_before(tx, signature).await.map(Ending::Signed) };
    let patient_id = PatientId::new(head.patient_id);
    check_token(tx, signature.token, patient_id).await?;
    let status: NoteStatus = head.status.parse()?;
    let next = status.after(NoteAct::Sign, hand(role))?;
    rules::check_responsible(head.responsible_id == tx.actor().as_uuid())?;

    let sections = write::sections_of(tx, head.id).await?;
    for section in Section::ALL {
        let current = sections.iter().find(|s| s.section == section.letter()).map_or(0, |s| s.version);
        let just_saved = saved.iter().find(|(of, _)| *of == section).map(|(_, version)| *version);
        let seen = just_saved.or(signature.versions.get(&section).copied()).unwrap_or(0);
        if seen != current {
            return Err(Refusal::Stale);
        }
    }
    rules::check_signable(sections.iter().map(|s| (s.section.as_str(), s.body.as_str())))?;
    let encounter_id = EncounterId::new(head.encounter_id);
    let group = neighbours::group(tx, patient_id).await?;
    if let Some(unseen) = seen::difference(tx, &group, encounter_id, &signature.seen).await? {
        return Err(Refusal::Unseen(Box::new(unseen)));
    }
    if warnings::of_encounter(tx, &group, encounter_id).await?.warnings.iter().any(|w| w.is_open()) {
        return Err(Refusal::Warned);
    }
    for section in sections {
        write::freeze(tx, section).await?;
    }
    head.status = next.code().to_owned();
    head.signed_at = Some(tx.now());
    head.signed_by_id = Some(tx.actor().as_uuid());
    let head = versioned::update(tx, head, Authorship::own(tx), "").await?;
    let signed = SignedNote { note_id: NoteId::new(head.id), patient_id, encounter_id };
    set_in_motion(tx, &signed, &signature.seen, signer).await?;
    tx.remember(act_key(tx, signature), serde_json::json!({ "note_id": head.id })).await?;
    Ok(Ending::Signed(signed))
}

/// No open note: the same press came before, somebody else signed, or nothing was ever written.
async fn signed_before(tx: &TenantTx, signature: &Signature) -> Result<SignedNote, Refusal> {
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
    let (note_id, patient_id) = (NoteId::new(head.id), PatientId::new(head.patient_id));
    Ok(SignedNote { note_id, patient_id, encounter_id: EncounterId::new(head.encounter_id) })
}

fn act_key(tx: &TenantTx, signature: &Signature) -> ActKey {
    tx.act_key(signature.key, ACT, &format!("{signature:?}"))
}
