//! 確定: sign and close the consultation.

use actix_web::{Either, web};
use domain::{EncounterId, NoteId};
use tenancy::permission::NoteSign;
use tenancy::{Access, Act, Audit, InfoClass, Receipt};

use super::{chart_again, refused_with};
use crate::AppError;
use crate::adapters::eprescription::PrescriptionSigner;
use crate::notes::acts::sign::{Ending, Signature, sign};
use crate::notes::acts::{Refusal, Target, take_over};
use crate::notes::assemble::{Extra, conflict_url};
use crate::notes::forms::{RawNote, RawStep};
use crate::notes::store::write;
use crate::web::{Page, Redirect};

type Answer = Either<Redirect, Page>;

/// 確定 of a note.
pub async fn finalize(
    access: Access<NoteSign>,
    path: web::Path<NoteId>,
    form: web::Form<RawNote>,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let head = write::find_head(&tx, *path).await?.ok_or(AppError::NotFound)?;
    drop(tx);
    finish(access, EncounterId::new(head.encounter_id), Target::Note(*path), &form, signer.get_ref()).await
}

/// 確定 of the note an encounter has.
pub async fn finalize_of_encounter(
    access: Access<NoteSign>,
    path: web::Path<EncounterId>,
    form: web::Form<RawNote>,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Answer, AppError> {
    finish(access, *path, Target::Encounter(*path), &form, signer.get_ref()).await
}

async fn finish(
    access: Access<NoteSign>,
    encounter: EncounterId,
    target: Target,
    form: &RawNote,
    signer: &dyn PrescriptionSigner,
) -> Result<Answer, AppError> {
    let texts = match form.texts()? {
        Ok(texts) => texts,
        Err(rejected) => return chart_again(&access, encounter, Extra { rejected, ..Extra::default() }).await.map(Either::Right),
    };
    match sign_once(&access, &form.signature(target, texts)?, signer).await {
        Ok((Ending::Signed(_), receipt)) => Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{encounter}")))),
        Ok((Ending::Compare(kept, _), receipt)) => {
            Ok(Either::Left(Redirect::to(receipt, conflict_url(kept.note_id, kept.section, kept.conflict_id))))
        }
        Err(refusal) => refused_with(&access, encounter, refusal, form).await.map(Either::Right),
    }
}

async fn sign_once(
    access: &Access<NoteSign>,
    signature: &Signature,
    signer: &dyn PrescriptionSigner,
) -> Result<(Ending, Receipt), Refusal> {
    let tx = access.begin().await?;
    let ending = sign(&tx, access.principal().role, signature, signer).await?;
    let audit = match ending {
        Ending::Signed(signed) => Audit::of(Act::Sign, InfoClass::Note).subject(signed.patient_id).entity("note", signed.note_id),
        Ending::Compare(kept, patient) => {
            Audit::updated(InfoClass::Note).subject(patient).entity("note", kept.note_id).detail("conflict", true)
        }
    };
    let receipt = tx.commit(audit).await?;
    Ok((ending, receipt))
}

/// 引き継ぐ: the draft becomes this doctor's own.
pub async fn take_over(access: Access<NoteSign>, path: web::Path<NoteId>, form: web::Form<RawStep>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let head = write::find_head(&tx, *path).await?.ok_or(AppError::NotFound)?;
    let encounter = EncounterId::new(head.encounter_id);
    match take_over::take_over(&tx, access.principal().role, *path, form.token()?, form.responsible()?).await {
        Ok(moved) => {
            let audit = Audit::updated(InfoClass::Note).subject(moved.patient_id).entity("note", moved.note_id).detail("taken_over", true);
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/encounters/{encounter}"))))
        }
        Err(refusal) => {
            drop(tx);
            super::refused(&access, encounter, refusal).await.map(Either::Right)
        }
    }
}
