//! 確定: sign and close the consultation.

use actix_web::{Either, web};
use domain::{EncounterId, NoteId};
use tenancy::permission::NoteSign;
use tenancy::{Access, Act, Audit, InfoClass};

use super::refused;
use crate::AppError;
use crate::notes::acts::sign::{Signature, Signed, sign};
use crate::notes::acts::{Refusal, Target};
use crate::notes::forms::RawSignature;
use crate::notes::store::write;
use crate::web::{Page, Redirect};

/// 確定 of a note.
pub async fn finalize(
    access: Access<NoteSign>,
    path: web::Path<NoteId>,
    form: web::Form<RawSignature>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let head = write::find_head(&tx, *path).await?.ok_or(AppError::NotFound)?;
    drop(tx);
    finish(access, EncounterId::new(head.encounter_id), form.parse(Target::Note(*path))?).await
}

/// 確定 of the note an encounter has.
pub async fn finalize_of_encounter(
    access: Access<NoteSign>,
    path: web::Path<EncounterId>,
    form: web::Form<RawSignature>,
) -> Result<Either<Redirect, Page>, AppError> {
    finish(access, *path, form.parse(Target::Encounter(*path))?).await
}

async fn finish(access: Access<NoteSign>, encounter: EncounterId, signature: Signature) -> Result<Either<Redirect, Page>, AppError> {
    match sign_once(&access, &signature).await {
        Ok((_, receipt)) => Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{encounter}")))),
        Err(refusal) => refused(&access, encounter, refusal).await.map(Either::Right),
    }
}

async fn sign_once(access: &Access<NoteSign>, signature: &Signature) -> Result<(Signed, tenancy::Receipt), Refusal> {
    let tx = access.begin().await?;
    let signed = sign(&tx, access.principal().role, signature).await?;
    let audit = Audit::of(Act::Sign, InfoClass::Note).subject(signed.patient_id).entity("note", signed.note_id);
    let receipt = tx.commit(audit).await?;
    Ok((signed, receipt))
}
