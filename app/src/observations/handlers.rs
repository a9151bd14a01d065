//! One function per act on a visit's measuring.

use actix_web::{Either, HttpRequest, web};
use domain::{EncounterId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{ObservationRead, ObservationWrite, Permission};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::vital_signs::Model;
use super::forms::RoundForm;
use super::store::{self, NewRound};
use super::views::{VitalsPage, VitalsPane};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::patients::store as patients;
use crate::web::{Chrome, FormState, Nav, Page, PatientStripe, Redirect, is_htmx};

const RECORD: &str = "vital_signs.record";

/// The form of the visit with the rounds before it.
pub async fn show(access: Access<ObservationRead>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let form = RoundForm::new(tx.new_id(), tx.now());
    let rounds = store::last_rounds(&tx, &group(&tx, &visit).await?).await?;
    let page = page(&access, &tx, &visit, FormState::of(&form), &rounds, &[]).await?;
    let audit = Audit::viewed(InfoClass::Observation).subject(page.stripe.patient_id).entity("encounter", *path);
    Page::full(tx.commit(audit).await?, &page)
}

/// Keeps a round. Unusual values come back once, in amber; the second press keeps them.
pub async fn record(
    access: Access<ObservationWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RoundForm>,
    live: web::Data<Live>,
) -> Result<Either<Redirect, Page>, AppError> {
    let mut form = form.into_inner();
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let patient_id = PatientId::new(visit.patient_id);
    if form.patient_token != patient_id.to_string() {
        return Err(AppError::WrongPatient);
    }
    let rounds = store::last_rounds(&tx, &group(&tx, &visit).await?).await?;
    let read = match form.read(tx.now()) {
        Ok(read) => read,
        Err(errors) => return again(&access, tx, &visit, FormState::of(&form).with_errors(errors), &rounds, &[]).await,
    };
    let unseen = form.unseen(&read.values, |item| store::usual(&rounds, item));
    if !unseen.is_empty() {
        form.note_seen(&read.values, &unseen);
        return again(&access, tx, &visit, FormState::of(&form), &rounds, &unseen).await;
    }
    let round = NewRound {
        encounter_id: *path,
        patient_id,
        measured_at: read.measured_at,
        values: read.values,
        jcs: read.jcs,
        acuity: read.acuity,
    };
    let receipt = keep(tx, &form, &round).await?;
    live.announce(access.tenant_id(), Topic::Visit(*path));
    Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{}/vitals", *path))))
}

/// A form posted twice is one round.
async fn keep(tx: TenantTx, form: &RoundForm, round: &NewRound) -> Result<tenancy::Receipt, AppError> {
    let key: Uuid = form.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してからもう一度送ってください。".into()))?;
    let act = tx.act_key(key, RECORD, &format!("{round:?}"));
    if tx.idempotent(act).await?.is_some() {
        return Ok(tx.commit(Audit::viewed(InfoClass::Observation).subject(round.patient_id)).await?);
    }
    let row = store::insert(&tx, round).await?;
    tx.remember(act, json!({ "id": row.id })).await?;
    Ok(tx.commit(Audit::created(InfoClass::Observation).subject(round.patient_id).entity("vital_signs", row.id)).await?)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CancelForm {
    version: String,
    patient_token: String,
}

/// 取消 of a wrong round.
pub async fn cancel(
    access: Access<ObservationWrite>,
    path: web::Path<Uuid>,
    form: web::Form<CancelForm>,
    live: web::Data<Live>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let (patient_id, visit) = (PatientId::new(row.patient_id), EncounterId::new(row.encounter_id));
    if form.patient_token != patient_id.to_string() {
        return Err(AppError::WrongPatient);
    }
    if form.version != row.version.to_string() || row.status != store::FINAL {
        return Err(AppError::Conflict);
    }
    store::cancel(&tx, row).await?;
    let receipt = tx.commit(Audit::updated(InfoClass::Observation).subject(patient_id).entity("vital_signs", *path)).await?;
    live.announce(access.tenant_id(), Topic::Visit(visit));
    Ok(Redirect::to(receipt, format!("/encounters/{visit}/vitals")))
}

/// The box of the chart: the last round and the key that takes it into O.
pub async fn pane(
    access: Access<ObservationRead>,
    path: web::Path<EncounterId>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let patient_id = PatientId::new(visit.patient_id);
    let last = store::last_of_visit(&tx, *path).await?;
    let pane = VitalsPane::of(*path, patient_id, last, access.may::<ObservationWrite>());
    let audit = Audit::viewed(InfoClass::Observation).subject(patient_id).entity("encounter", *path);
    let receipt = tx.commit(audit).await?;
    if is_htmx(&req) { Page::full(receipt, &pane).map(Either::Right) } else { Ok(Either::Left(Redirect::to(receipt, pane.page()))) }
}

async fn group(tx: &TenantTx, visit: &encounter::Model) -> Result<Vec<PatientId>, Error> {
    patients::group_ids(tx, PatientId::new(visit.patient_id)).await
}

async fn again(
    access: &Access<ObservationWrite>,
    tx: TenantTx,
    visit: &encounter::Model,
    form: FormState,
    rounds: &[Model],
    unseen: &[domain::vital_signs::VitalItem],
) -> Result<Either<Redirect, Page>, AppError> {
    let page = page(access, &tx, visit, form, rounds, unseen).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Observation).subject(page.stripe.patient_id)).await?;
    Page::invalid(receipt, &page).map(Either::Right)
}

async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    visit: &encounter::Model,
    form: FormState,
    rounds: &[Model],
    unseen: &[domain::vital_signs::VitalItem],
) -> Result<VitalsPage, Error> {
    let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
    let namesakes = patients::count_namesakes(tx, &patient).await?;
    let stripe = PatientStripe::of(&patient, encounters::today(tx, access.principal()), namesakes);
    let chrome = Chrome::of(access.principal(), Nav::Today);
    let id = EncounterId::new(visit.id);
    Ok(VitalsPage::new(chrome, stripe, id, form, rounds, unseen, access.may::<ObservationWrite>()))
}
