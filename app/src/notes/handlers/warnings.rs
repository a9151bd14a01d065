//! 確定前の確認: the panel above the action bar, and the reasons given in it.

use actix_web::{Either, HttpRequest, web};
use domain::note::{Reason, TextError};
use domain::warning::{self, Level, Warning};
use domain::{EncounterId, Role};
use serde::Deserialize;
use tenancy::permission::{NoteRead, NoteSign, Permission, WarningOverride};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};

use crate::AppError;
use crate::notes::acts::check_token;
use crate::notes::neighbours;
use crate::notes::store::{answers, fired, visit};
use crate::notes::views::warnings::{WarningsPage, WarningsPanel};
use crate::notes::warnings::{self, Found};
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
    let group = neighbours::group(&tx, visit.patient_id).await?;
    let mut found = warnings::of_encounter(&tx, &group, visit.id).await?;
    let allergies = std::mem::take(&mut found.allergies);
    let panel = drawn(access, &visit, found, error);
    let audit = Audit::viewed(InfoClass::Note).entity("encounter", id);
    if is_htmx(req) {
        let receipt = tx.commit(audit.subject(visit.patient_id)).await?;
        return if is_invalid { Page::invalid(receipt, &panel) } else { Page::full(receipt, &panel) };
    }
    let person = neighbours::person_of(&tx, &group, &allergies).await?;
    let receipt = tx.commit(audit.subjects([visit.patient_id, person.stripe.patient_id])).await?;
    let page = WarningsPage { chrome: Chrome::of(access.principal(), Nav::Today), stripe: person.stripe, panel };
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}

fn drawn<P: Permission>(access: &Access<P>, visit: &visit::Visit, found: Found, error: Option<(String, String)>) -> WarningsPanel {
    WarningsPanel {
        encounter_id: visit.id,
        patient_id: visit.patient_id,
        may_answer: found.is_open && access.may::<NoteSign>(),
        may_override: found.is_open && is_superior(access),
        warnings: found.warnings,
        error,
    }
}

/// 院長 or 管理者 with a doctor's licence: signs as a doctor and also administers the clinic.
fn is_superior<P: Permission>(access: &Access<P>) -> bool {
    access.may::<WarningOverride>() && access.principal().roles.contains(&Role::ClinicAdmin)
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

/// 理由. Only a doctor goes on in spite of a warning; one that stops needs a superior besides.
pub async fn answer(
    access: Access<NoteSign>,
    path: web::Path<EncounterId>,
    form: web::Form<AnswerForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = visit_of(&tx, *path, &form).await?;
    let said = if form.reason.is_empty() { &form.words } else { &form.reason };
    let reason = match Reason::parse(said) {
        Ok(reason) => reason,
        Err(e) => {
            let says = if e == TextError::Empty { "理由を選ぶか、書いてください。".to_owned() } else { e.message() };
            drop(tx);
            return shown(&access, *path, &req, Some((form.code.clone(), says))).await.map(Either::Right);
        }
    };
    let mut found = looked_for(&tx, &visit).await?;
    fired::keep(&tx, visit.id, &found.warnings).await?;
    let warning = named(&mut found, &form.code)?;
    if warning.is_absolute {
        return Err(AppError::Refused("この警告は理由では進めません。内容を直してください。".into()));
    }
    if warning.answer.is_none() {
        kept(answers::answer(&tx, visit.patient_id, visit.id, warning, &reason).await)?;
        warning.answer = Some(reason.as_str().to_owned());
    }
    let audit = Audit::updated(InfoClass::Note).detail("warning", form.code.clone());
    done(&access, tx, &visit, &req, found, audit).await
}

/// 上位者の承認 of a reason given against a warning that stops (S10). Nobody agrees to a reason of one's own.
pub async fn approve(
    access: Access<WarningOverride>,
    path: web::Path<EncounterId>,
    form: web::Form<AnswerForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = visit_of(&tx, *path, &form).await?;
    if !is_superior(&access) {
        return Err(AppError::Refused("この承認は、院長か、医師免許のある管理者だけができます。".into()));
    }
    let mut found = looked_for(&tx, &visit).await?;
    let warning = named(&mut found, &form.code)?;
    let reasons = answers::of_encounter(&tx, visit.id).await?;
    let reason = reasons.get(&form.code).filter(|_| warning.level == Level::Block && !warning.is_absolute);
    let reason = reason.ok_or_else(|| AppError::Refused("承認を待っている理由がありません。".into()))?;
    if reason.is_by(tx.actor()) {
        return Err(AppError::Refused("自分が書いた理由は、自分では承認できません。ほかの上位者に頼んでください。".into()));
    }
    if warning.approved_by.is_none() {
        kept(answers::approve(&tx, visit.patient_id, visit.id, reason).await)?;
        warning.approved_by = Some(access.principal().staff_name.clone());
    }
    let audit = Audit::of(Act::Approve, InfoClass::Note).detail("warning", form.code.clone());
    done(&access, tx, &visit, &req, found, audit).await
}

type Answer = Either<Redirect, Page>;

async fn looked_for(tx: &TenantTx, visit: &visit::Visit) -> Result<Found, Error> {
    warnings::of_encounter(tx, &neighbours::group(tx, visit.patient_id).await?, visit.id).await
}

async fn visit_of(tx: &TenantTx, id: EncounterId, form: &AnswerForm) -> Result<visit::Visit, AppError> {
    let visit = visit::get(tx, id).await?;
    let token = form.patient_token.parse().map_err(|_| AppError::WrongPatient)?;
    check_token(tx, token, visit.patient_id).await?;
    Ok(visit)
}

fn named<'a>(found: &'a mut Found, code: &str) -> Result<&'a mut Warning, AppError> {
    found.warnings.iter_mut().find(|w| w.code == code).ok_or_else(|| AppError::Refused("この警告はもうありません。".into()))
}

/// The same press, a moment earlier, is no failure.
fn kept(written: Result<(), Error>) -> Result<(), Error> {
    match written {
        Err(Error::Duplicate { .. }) => Ok(()),
        other => other,
    }
}

async fn done<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &visit::Visit,
    req: &HttpRequest,
    mut found: Found,
    audit: Audit,
) -> Result<Answer, AppError> {
    let receipt = tx.commit(audit.subject(visit.patient_id).entity("encounter", visit.id)).await?;
    if !is_htmx(req) {
        return Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{}#warnings", visit.id))));
    }
    warning::sort(&mut found.warnings);
    Page::full(receipt, &drawn(access, visit, found, None)).map(Either::Right)
}
