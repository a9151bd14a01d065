//! 確定前の確認: the panel above the action bar, and the reasons given in it.

use actix_web::{Either, HttpRequest, web};
use domain::EncounterId;
use domain::note::{Reason, TextError};
use serde::Deserialize;
use tenancy::permission::{NoteRead, NoteSign, Permission};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};

use crate::AppError;
use crate::notes::acts::check_token;
use crate::notes::neighbours;
use crate::notes::store::visit;
use crate::notes::views::warnings::{WarningsPage, WarningsPanel};
use crate::notes::warnings;
use crate::web::chrome::{Chrome, Nav};
use crate::web::{Page, Redirect, is_htmx};

/// The panel; without htmx a page of its own.
pub async fn show(access: Access<NoteRead>, path: web::Path<EncounterId>, req: HttpRequest) -> Result<Page, AppError> {
    shown(&access, *path, &req, None).await
}

async fn shown<P: Permission>(
    access: &Access<P>,
    id: EncounterId,
    req: &HttpRequest,
    error: Option<(String, String)>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = visit::get(&tx, id).await?;
    let is_invalid = error.is_some();
    let panel = panel(&tx, access, &visit, error).await?;
    let audit = Audit::viewed(InfoClass::Note).entity("encounter", id);
    if is_htmx(req) {
        let receipt = tx.commit(audit.subject(visit.patient_id)).await?;
        return if is_invalid { Page::invalid(receipt, &panel) } else { Page::full(receipt, &panel) };
    }
    let (person, _) = neighbours::without_flags(&tx, visit.patient_id).await?;
    let receipt = tx.commit(audit.subjects([visit.patient_id, person.stripe.patient_id])).await?;
    let page = WarningsPage { chrome: Chrome::of(access.principal(), Nav::Today), stripe: person.stripe, panel };
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}

async fn panel<P: Permission>(
    tx: &TenantTx,
    access: &Access<P>,
    visit: &visit::Visit,
    error: Option<(String, String)>,
) -> Result<WarningsPanel, AppError> {
    let warnings = warnings::of_encounter(tx, visit.patient_id, visit.id).await?;
    let is_open = crate::notes::store::write::latest_of(tx, visit.id).await?.is_none_or(|note| note.signed_at.is_none());
    let may_answer = is_open && access.may::<NoteSign>();
    Ok(WarningsPanel { encounter_id: visit.id, patient_id: visit.patient_id, warnings, may_answer, error })
}

/// A reason for one warning: a chip, or words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    patient_token: String,
    code: String,
    /// The chip that was pressed.
    reason: String,
    /// Words of one's own.
    words: String,
}

/// 理由. Only a doctor goes on in spite of a warning; a `Block` takes no reason.
pub async fn answer(
    access: Access<NoteSign>,
    path: web::Path<EncounterId>,
    form: web::Form<AnswerForm>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let visit = visit::get(&tx, *path).await?;
    let token = form.patient_token.parse().map_err(|_| AppError::WrongPatient)?;
    check_token(&tx, token, visit.patient_id).await?;
    let said = if form.reason.is_empty() { &form.words } else { &form.reason };
    let reason = match Reason::parse(said) {
        Ok(reason) => reason,
        Err(e) => {
            let says = if e == TextError::Empty { "理由を選ぶか、書いてください。".to_owned() } else { e.message() };
            drop(tx);
            return shown(&access, *path, &req, Some((form.code.clone(), says))).await.map(Either::Right);
        }
    };
    let all = warnings::of_encounter(&tx, visit.patient_id, visit.id).await?;
    let warning = all.iter().find(|w| w.code == form.code).ok_or_else(|| AppError::Refused("この警告はもうありません。".into()))?;
    if warning.level == domain::warning::Level::Block {
        return Err(AppError::Refused("この警告は理由では進めません。内容を直してください。".into()));
    }
    if warning.answer.is_none() {
        match warnings::answer(&tx, visit.patient_id, visit.id, warning, &reason).await {
            Ok(()) | Err(Error::Duplicate { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
    let audit =
        Audit::updated(InfoClass::Note).subject(visit.patient_id).entity("encounter", *path).detail("warning", warning.code.clone());
    if is_htmx(&req) {
        let panel = panel(&tx, &access, &visit, None).await?;
        return Page::full(tx.commit(audit).await?, &panel).map(Either::Right);
    }
    Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/encounters/{}#warnings", *path))))
}
