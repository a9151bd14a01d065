//! 追記, 訂正 and 無効 of a signed note. They are rows beside it: what was signed stays readable (R5, GL-11).

use domain::note::{AmendmentKind, NoteAct, NoteError, NoteStatus, Reason, Section, SectionText};
use domain::{NoteId, PatientId, Role};
use tenancy::TenantTx;
use uuid::Uuid;

use super::{Refusal, check_token, hand};
use crate::notes::record::NoteRecord;
use crate::notes::store::read;
use crate::notes::store::write::{self, NewAmendment};

const ACT: &str = "note.amend";

/// What a doctor adds to a signed note.
#[derive(Debug, Clone)]
pub struct Amendment {
    pub kind: AmendmentKind,
    pub section: Section,
    pub text: SectionText,
    /// Empty only for 追記.
    pub reason: Option<Reason>,
    pub token: PatientId,
    pub key: Uuid,
}

/// Adds 追記, 訂正 or 無効の申請. The same key adds once.
pub async fn amend(tx: &TenantTx, note_id: NoteId, new: Amendment) -> Result<NoteRecord, Refusal> {
    let note = read::get(tx, note_id).await?;
    check_token(tx, new.token, note.patient_id).await?;
    let act = tx.act_key(new.key, ACT, &format!("{note_id} {new:?}"));
    if tx.idempotent(act).await?.is_some() {
        return Ok(note);
    }
    must_be_signed(&note)?;
    if new.kind == AmendmentKind::VoidRequest && note.void_request().is_some() {
        return Err(NoteError::AlreadySubmitted.into());
    }
    let is_text = matches!(new.kind, AmendmentKind::Addendum | AmendmentKind::Amendment);
    let row = NewAmendment {
        kind: new.kind,
        section: is_text.then_some(new.section),
        body: new.text.into_inner(),
        reason: new.reason.map(|r| r.as_str().to_owned()).unwrap_or_default(),
    };
    write::insert_amendment(tx, &note, row).await?;
    tx.remember(act, serde_json::json!({ "note_id": note_id })).await?;
    Ok(note)
}

/// 無効: an administrator agrees to what a doctor asked for.
pub async fn make_void(tx: &TenantTx, role: Role, note_id: NoteId, token: PatientId, reason: Reason) -> Result<NoteRecord, Refusal> {
    let note = read::get(tx, note_id).await?;
    check_token(tx, token, note.patient_id).await?;
    note.status().after(NoteAct::Void, hand(role))?;
    if role != Role::ClinicAdmin || note.void_request().is_none() {
        return Err(NoteError::VoidNotRequested.into());
    }
    // 無効 takes two people, whatever roles one of them may hold.
    if note.void_request().is_some_and(|request| request.author_id == tx.actor()) {
        return Err(NoteError::OwnVoidRequest.into());
    }
    let row = NewAmendment { kind: AmendmentKind::Void, section: None, body: String::new(), reason: reason.as_str().to_owned() };
    write::insert_amendment(tx, &note, row).await?;
    Ok(note)
}

fn must_be_signed(note: &NoteRecord) -> Result<(), NoteError> {
    match note.status() {
        NoteStatus::Signed => Ok(()),
        NoteStatus::Voided => Err(NoteError::Voided),
        NoteStatus::Draft | NoteStatus::PendingApproval => Err(NoteError::NotSigned),
    }
}
