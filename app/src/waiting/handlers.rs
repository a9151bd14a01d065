//! The line of the day, and the numbers taken ahead of it.

use actix_web::web;
use domain::reception::WaitsAt;
use domain::{CoverageId, EncounterId, PatientId, QueueTicketId, StaffId};
use serde::Deserialize;
use serde_json::json;
use tenancy::patient_link::{self, LinkPurpose};
use tenancy::permission::{AppointmentRead, AppointmentWrite, EncounterRead, EncounterWrite};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::Model;
use super::store::{self, Line};
use super::views::QueuePage;
use crate::coverages::store as coverages;
use crate::encounters::store::{self as encounters, NUMBER_TRIES, NewVisit, is_number_race};
use crate::encounters::views::TicketPage;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::sign_in::enrolment::qr_svg;
use crate::web::act_form::check_token;
use crate::web::context::Deployment;
use crate::web::{Chrome, Nav, Page, Redirect, Subjects};

const TAKE: &str = "queue.take";
/// From the number to the end of the day.
const LASTS: chrono::TimeDelta = chrono::TimeDelta::hours(14);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The number just taken.
    taken: String,
}

/// 順番表 of today.
pub async fn show(access: Access<AppointmentRead>, query: web::Query<Asked>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let line = Line::of_day(&tx, encounters::today(&tx, access.principal())).await?;
    let people = store::people(&tx, line.patients()).await?;
    let acts = (access.may::<EncounterWrite>(), access.may::<AppointmentWrite>());
    let page = QueuePage::of(Chrome::of(access.principal(), Nav::Appointments), &line, people, tx.now(), query.taken.parse().ok(), acts);
    let audit = Audit::viewed(InfoClass::Appointment).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TakeForm {
    patient_token: String,
    idempotency_key: String,
}

/// 順番予約: the next number of the day, for somebody who is not here yet. Whoever has one, or is here, gets no second.
pub async fn take(access: Access<AppointmentWrite>, path: web::Path<PatientId>, form: web::Form<TakeForm>) -> Result<Redirect, AppError> {
    for _ in 0..NUMBER_TRIES {
        if let Some(done) = take_once(&access, *path, &form).await? {
            return Ok(done);
        }
    }
    Err(AppError::Unavailable("reception number".into()))
}

/// `None` when somebody else took the number first.
async fn take_once(access: &Access<AppointmentWrite>, id: PatientId, form: &TakeForm) -> Result<Option<Redirect>, AppError> {
    let tx = access.begin().await?;
    let patient = patients::get(&tx, id).await?;
    check_token(&form.patient_token, id)?;
    let key = form.idempotency_key.parse::<Uuid>().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let key = tx.act_key(key, TAKE, &id.to_string());
    let audit = Audit::created(InfoClass::Appointment).subject(id);
    if let Some(outcome) = tx.idempotent(key).await? {
        let to = format!("/queue?taken={}", outcome["number"]);
        return Ok(Some(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, to)));
    }
    if patient.merged_into.is_some() {
        return Err(AppError::Refused("この患者は統合済みです。残したカルテから取ってください。".into()));
    }
    let today = encounters::today(&tx, access.principal());
    let group = patients::group_ids(&tx, id).await?;
    if let Some(ticket) = store::open_of(&Line::of_day(&tx, today).await?, &group) {
        return Err(AppError::Refused(format!("今日の順番 {}番 をもう取っています。", ticket.number)));
    }
    if let Some(visit) = encounters::active_on(&tx, today, &group).await?.first() {
        return Err(AppError::Refused(format!("今日はもう {}番 で受け付けています。", visit.reception_number)));
    }
    let row = match store::take(&tx, id, None, access.principal()).await {
        Err(error) if is_number_race(&error) => return Ok(None),
        taken => taken?,
    };
    tx.remember(key, json!({ "number": row.number })).await?;
    let to = format!("/queue?taken={}", row.number);
    Ok(Some(Redirect::to(tx.commit(audit.entity("queue_ticket", row.id)).await?, to)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TicketForm {
    patient_token: String,
    version: String,
}

/// The ticket, if it is this patient's, as it was seen, and still open.
async fn open(tx: &TenantTx, id: QueueTicketId, form: &TicketForm) -> Result<Model, AppError> {
    let row = store::get(tx, id).await?;
    check_token(&form.patient_token, PatientId::new(row.patient_id))?;
    if form.version.parse() != Ok(row.version) || row.status != store::BOOKED {
        return Err(AppError::Conflict);
    }
    Ok(row)
}

/// 来院: the visit keeps the number.
pub async fn arrive(
    access: Access<EncounterWrite>,
    path: web::Path<QueueTicketId>,
    form: web::Form<TicketForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = open(&tx, *path, &form).await?;
    let today = encounters::today(&tx, access.principal());
    if row.day != today {
        return Err(AppError::Refused("今日の順番ではありません。飛込み受付から受け付けてください。".into()));
    }
    let patient = patients::get(&tx, PatientId::new(row.patient_id)).await?;
    let patient_id = patient.merged_into.unwrap_or(patient.id);
    let group = patients::group_ids(&tx, patient_id).await?;
    let in_force = coverages::in_force(&tx, &group, today).await?;
    let visit = NewVisit {
        coverage_id: coverages::usable(&in_force, today).map(|row| CoverageId::new(row.id)),
        doctor_id: row.doctor_id.map(StaffId::new),
        number: Some(row.number),
        ..NewVisit::of(patient_id)
    };
    let visit = match encounters::receive(&tx, &visit, access.principal()).await {
        Err(error) if is_number_race(&error) => return Err(AppError::Conflict),
        received => received?,
    };
    store::close(&tx, row, store::ARRIVED, Some(visit.id), "来院").await?;
    let audit = Audit::created(InfoClass::Encounter).subject(patient_id).entity("encounter", EncounterId::new(visit.id));
    Ok(Redirect::to(tx.commit(audit).await?, format!("/board?moved={}", visit.id)))
}

/// 取消: the number stays unused.
pub async fn cancel(
    access: Access<AppointmentWrite>,
    path: web::Path<QueueTicketId>,
    form: web::Form<TicketForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = open(&tx, *path, &form).await?;
    let patient = PatientId::new(row.patient_id);
    store::close(&tx, row, store::CANCELLED, None, "取消").await?;
    let audit = Audit::updated(InfoClass::Appointment).subject(patient).entity("queue_ticket", *path);
    Ok(Redirect::to(tx.commit(audit).await?, "/queue"))
}

/// 番号票 with the QR code of the patient's own page; the answer is the only place that ever shows it.
pub async fn ticket(
    access: Access<EncounterRead>,
    path: web::Path<EncounterId>,
    form: web::Form<TicketForm>,
    deployment: web::Data<Deployment>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let patient_id = PatientId::new(visit.patient_id);
    check_token(&form.patient_token, patient_id)?;
    let token = patient_link::issue(&tx, *path, patient_id, LASTS, LinkPurpose::Waiting).await?;
    let url = format!("{}/w/{}", deployment.public_url, token.text());
    let doctors = encounters::doctors(&tx, visit.reception_date).await?;
    let page = TicketPage {
        qr_svg: Some(qr_svg(&url)?),
        url,
        ..TicketPage::of(access.principal(), &visit, doctors, WaitsAt::from_code(&visit.waits_at).unwrap_or_default())
    };
    let audit = Audit::of(Act::Print, InfoClass::Encounter).subject(patient_id).entity("encounter", *path).detail("link", true);
    Page::full(tx.commit(audit).await?, &page)
}
