//! The box of the check, asking anew, and 口頭同意.

use actix_web::{Either, HttpRequest, web};
use domain::prescription::duplicate_check::Standing;
use domain::prescription::head::DispensedAt;
use domain::prescription::registration::RegistrationStatus;
use domain::{EncounterId, PatientId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{Permission, PrescriptionRead, PrescriptionSign, PrescriptionWrite};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::views::{CheckBox, CheckPage, Line};
use super::{acts, consent, look, store, will_register};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::eprescriptions::content;
use crate::eprescriptions::store as registrations;
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::patients::store as patients;
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::heads;
use crate::prescriptions::{print, store as prescriptions};
use crate::web::act_form::{check_token, key_of};
use crate::web::{Chrome, Nav, Page, PatientStripe, Redirect, is_htmx};

pub type Answer = Either<Redirect, Page>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AskForm {
    patient_token: String,
    idempotency_key: String,
}

pub async fn show(access: Access<PrescriptionRead>, path: web::Path<EncounterId>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let content = read(&access, &tx, &visit).await?;
    let audit = viewed(&visit, &content);
    if is_htmx(&req) {
        let page = Page::full(tx.commit(audit).await?, &content)?;
        return Ok(if content.is_settled { page.event("chart-changed") } else { page });
    }
    let patient = patients::get(&tx, PatientId::new(visit.patient_id)).await?;
    let namesakes = patients::count_namesakes(&tx, &patient).await?;
    let stripe = PatientStripe::of(&patient, clock::today(tx.now()), namesakes);
    let page = CheckPage { chrome: Chrome::of(access.principal(), Nav::Today), stripe, content };
    Page::full(tx.commit(audit).await?, &page)
}

/// Looking at what other places gave is an event of its own kind.
fn viewed(visit: &encounter::Model, content: &CheckBox) -> Audit {
    let audit = Audit::viewed(InfoClass::Prescription).subject(PatientId::new(visit.patient_id)).entity("encounter", visit.id);
    if content.shows_past() { audit.detail("national_history", true) } else { audit }
}

async fn read<P: Permission>(access: &Access<P>, tx: &TenantTx, visit: &encounter::Model) -> Result<CheckBox, Error> {
    let encounter = EncounterId::new(visit.id);
    let lines = acts::lines_of(prescriptions::lines(tx, encounter).await?);
    let is_draft = lines.iter().any(|line| line.status == prescriptions::DRAFT);
    let known = content::known(tx, &lines, clock::today(tx.now())).await?;
    let looked = look(tx, encounter, &lines, &known).await?;
    let oral = store::oral_consent(tx, encounter).await?;
    let taken_by = match &oral {
        Some(oral) => Some((print::staff_name(tx, oral.taken_by).await?, oral.taken_at)),
        None => None,
    };
    let is_wanted = is_draft && (will_register(tx, encounter).await? || store::is_connected(tx).await?);
    let late = if is_draft || !access.may::<PrescriptionSign>() { None } else { late(tx, encounter).await? };
    let row = looked.as_ref().and_then(|looked| looked.row.as_ref());
    let may_see = row.is_some_and(|row| consent::may_see(row, visit, tx.now()));
    Ok(CheckBox {
        encounter_id: encounter,
        patient_id: PatientId::new(visit.patient_id),
        is_settled: looked.as_ref().is_some_and(|looked| matches!(looked.standing, Standing::Answered(_) | Standing::Away(_))),
        answered_at: row.and_then(|row| row.answered_at),
        lines: looked.as_ref().map(|looked| looked.alerts.iter().map(|alert| Line::of(alert, may_see)).collect()).unwrap_or_default(),
        may_see,
        consent_until: row.and_then(|row| row.consent_until).filter(|_| may_see),
        taken_by: taken_by.filter(|_| may_see),
        standing: looked.map(|looked| looked.standing),
        is_wanted,
        may_ask: is_draft && access.may::<PrescriptionWrite>(),
        late,
        act_key: tx.new_id(),
    })
}

/// The paper of a visit that the service could still be told of.
async fn late(tx: &TenantTx, encounter: EncounterId) -> Result<Option<Uuid>, Error> {
    let known = registrations::of_encounter(tx, encounter).await?;
    let is_free = |id: Uuid| known.iter().all(|row| row.id != id || row.status == RegistrationStatus::Paper.code());
    let is_late = |head: &&prescription::Model| {
        let content = heads::content_of(head);
        heads::status(head).can_be_withdrawn() && content.dispensed_at == DispensedAt::Outside && content.split == 0 && is_free(head.id)
    };
    let found = heads::of_encounter(tx, encounter).await?.iter().rfind(is_late).map(|head| head.id);
    Ok(if found.is_some() && store::is_connected(tx).await? { found } else { None })
}

/// 照会. The same content is asked about once; pressing again when nothing came asks anew.
pub async fn ask(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<AskForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    check_token(&form.patient_token, visit.patient_id)?;
    key_of(&form.idempotency_key)?;
    match acts::ask(&tx, &visit).await {
        Ok(_) => done(&access, tx, &visit, &req, "duplicate_check").await,
        // Another page asked the same a moment earlier.
        Err(Error::Duplicate { .. }) => done(&access, access.begin().await?, &visit, &req, "repeated").await,
        Err(error) => Err(error.into()),
    }
}

/// 口頭同意: kept with who took it and when; the check is asked again under it.
pub async fn consent(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<AskForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    check_token(&form.patient_token, visit.patient_id)?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, "duplicate_check.consent", &path.to_string());
    if tx.idempotent(key).await?.is_none() && store::oral_consent(&tx, *path).await?.is_none() {
        tx.remember(key, json!({})).await?;
        store::keep_consent(&tx, *path, visit.patient_id).await?;
    }
    acts::ask(&tx, &visit).await?;
    let tenant = tx.tenant_id();
    let answer = done(&access, tx, &visit, &req, "oral_consent").await?;
    live.announce(tenant, Topic::Visit(*path));
    Ok(answer)
}

async fn done<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    what: &'static str,
) -> Result<Answer, AppError> {
    let audit = Audit::of(Act::Send, InfoClass::Prescription)
        .subject(PatientId::new(visit.patient_id))
        .entity("encounter", visit.id)
        .detail("asked", what);
    if !is_htmx(req) {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/encounters/{}/duplicate-check", visit.id))));
    }
    let content = read(access, &tx, visit).await?;
    Ok(Either::Right(Page::full(tx.commit(audit).await?, &content)?.event("chart-changed")))
}
