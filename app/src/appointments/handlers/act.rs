//! One booking: shown, confirmed, received, cancelled, told, taken back.

use actix_web::{Either, HttpRequest, web};
use domain::appointment::{AppointmentStatus, Route};
use domain::patient_search::PatientSearch;
use domain::{AppointmentId, ClosureId, EncounterId, PatientId, ScheduleId, text};
use serde::{Deserialize, Serialize};
use tenancy::permission::{AppointmentRead, AppointmentWrite, EncounterWrite, Permission};
use tenancy::{Access, Audit, Error, InfoClass, Receipt, TenantTx};

use super::book::{NOTE_MAX, PURPOSE_MAX, check_patient};
use super::{Answer, acts, next, toast_of, today, version};
use crate::appointments::acts::{self as deeds, Refusal};
use crate::appointments::entity::Model;
use crate::appointments::seats::{Booking, is_seat_race};
use crate::appointments::store;
use crate::appointments::views::{AppointmentPage, BookingLine, Candidate, CandidateList, refusal_sentence};
use crate::encounters::store::{NUMBER_TRIES, is_number_race};
use crate::error::AppError;
use crate::patients::forms::text_message;
use crate::patients::search;
use crate::patients::store as patients;
use crate::patients::views::PatientRow;
use crate::schedules::store as schedules;
use crate::web::htmx::is_htmx;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect, Subjects};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    done: String,
}

/// What makes a held seat a booking, as typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    q: String,
    patient: String,
    purpose: String,
    note: String,
    route: String,
    version: String,
}

/// 予約の内容.
pub async fn show(access: Access<AppointmentRead>, path: web::Path<AppointmentId>, query: web::Query<ShowQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let form = ConfirmForm { version: row.version.to_string(), route: Route::Phone.code().into(), ..ConfirmForm::default() };
    let mut page = page(&access, &tx, &row, &form, FormErrors::default()).await?;
    if !query.done.is_empty() {
        page.toast = Some(toast_of(&row, &page.booking.name, access.principal(), tx.now()));
    }
    Page::full(tx.commit(viewed(&page, *path)).await?, &page)
}

fn viewed(page: &AppointmentPage, id: AppointmentId) -> Audit {
    Audit::viewed(InfoClass::Appointment).entity("appointment", id).subjects(page.subjects())
}

async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    row: &Model,
    form: &ConfirmForm,
    errors: FormErrors,
) -> Result<AppointmentPage, AppError> {
    let booking = booking_line(access, tx, row).await?;
    let (candidates, was_asked) = find_candidates(access, tx, form).await?;
    let purposes = if booking.is_held() {
        schedules::plan_of(tx, ScheduleId::new(row.schedule_id), row.day, row.day).await?.purposes()
    } else {
        vec![]
    };
    Ok(AppointmentPage {
        chrome: Chrome::of(access.principal(), Nav::Appointments),
        today: today(access),
        form: FormState::of(form).with_errors(errors),
        booking,
        purposes,
        candidates,
        was_asked,
        acts: acts(access),
        toast: None,
    })
}

/// The row in words, with its patient and schedule.
pub async fn booking_line<P: Permission>(access: &Access<P>, tx: &TenantTx, row: &Model) -> Result<BookingLine, AppError> {
    let schedule = schedules::get(tx, ScheduleId::new(row.schedule_id)).await?;
    let patient = match row.patient() {
        Some(id) => Some(patients::get(tx, id).await?),
        None => None,
    };
    Ok(BookingLine::of(&super::patient::joined(row, patient.as_ref(), &schedule.name), today(access)))
}

async fn find_candidates<P: Permission>(access: &Access<P>, tx: &TenantTx, form: &ConfirmForm) -> Result<(Vec<Candidate>, bool), AppError> {
    let asked = PatientSearch::parse(&form.q);
    let found = search::search(tx, &asked).await?;
    let candidate = |hit: &search::Hit| {
        let row = PatientRow::of(hit, &PatientSearch::default(), found.shared_keys.contains(&hit.kana_key), access.clock().today_jst());
        Candidate {
            id: row.id,
            words: format!("{} {}", row.number, hit.name_ideographic),
            detail: format!("{} {} {} {}", hit.name_syllabic, row.age, row.sex, row.birth),
            has_namesake: row.has_namesake,
            is_chosen: form.patient == row.id.to_string() || found.hits.len() == 1,
        }
    };
    Ok((found.hits.iter().map(candidate).collect(), !asked.is_empty()))
}

/// 患者の候補 while typing; without scripts the whole page with them. Posted, as no name belongs into an address.
pub async fn candidates(
    access: Access<AppointmentWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<ConfirmForm>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let page = page(&access, &tx, &row, &form, FormErrors::default()).await?;
    let audit = Audit::searched(InfoClass::Patient).entity("appointment", *path).subjects(page.subjects());
    let receipt = tx.commit(audit).await?;
    let list = CandidateList { was_asked: page.was_asked, candidates: &page.candidates };
    Page::full_or(&req, receipt, &page, list)
}

impl ConfirmForm {
    fn booking(&self) -> Result<Booking, FormErrors> {
        let mut errors = FormErrors::default();
        let patient: Option<PatientId> = errors.take("q", self.patient.parse(), |_| "患者を探して、一覧から選んでください".into());
        let purpose = errors.take("purpose", text::required_line(&self.purpose, PURPOSE_MAX), |e| text_message("目的", *e));
        let note = errors.take("note", text::line(&self.note, NOTE_MAX), |e| text_message("備考", *e));
        let route = errors.take("route", Route::from_code(&self.route).ok_or(()), |()| "経路を選んでください".into());
        match (patient, purpose, note, route) {
            (Some(patient), Some(purpose), Some(note), Some(route)) => {
                Ok(Booking { patient, purpose, note: note.unwrap_or_default(), route })
            }
            _ => Err(errors),
        }
    }
}

/// 予約を確定する: a held seat gets its patient.
pub async fn confirm(
    access: Access<AppointmentWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<ConfirmForm>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let booking = match form.booking() {
        Ok(booking) => booking,
        Err(errors) => {
            let page = page(&access, &tx, &row, &form, errors).await?;
            return Ok(Either::Right(Page::invalid(tx.commit(viewed(&page, *path)).await?, &page)?));
        }
    };
    // The same press twice: the booking is there.
    if row.patient() == Some(booking.patient) && row.purpose == booking.purpose && row.known_status()? == AppointmentStatus::Booked {
        let audit = Audit::viewed(InfoClass::Appointment).entity("appointment", *path).subject(booking.patient).detail("repeated", true);
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, shown(*path))));
    }
    fresh(&row, &form.version)?;
    patients::get(&tx, booking.patient).await?;
    deeds::confirm(&tx, row, &booking).await?.map_err(refused)?;
    let audit = Audit::updated(InfoClass::Appointment).entity("appointment", *path).subject(booking.patient).detail("status", "booked");
    Ok(Either::Left(Redirect::to(tx.commit(audit).await?, shown(*path))))
}

fn shown(id: AppointmentId) -> String {
    format!("/appointments/{id}?done=1")
}

fn refused(refusal: Refusal) -> AppError {
    AppError::Refused(refusal_sentence(refusal).into())
}

fn fresh(row: &Model, seen: &str) -> Result<(), AppError> {
    if row.version == version(seen)? { Ok(()) } else { Err(AppError::Conflict) }
}

/// What a button beside a booking sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    version: String,
    patient_token: String,
    reason: String,
    /// `board`, `day`, `closure/…` or nothing: where to come back to.
    back: String,
}

impl ActForm {
    fn read(&self, row: &Model) -> Result<PatientId, AppError> {
        let patient = check_patient(row, &self.patient_token)?;
        fresh(row, &self.version)?;
        Ok(patient)
    }

    fn reason(&self) -> String {
        self.reason.trim().chars().filter(|c| !c.is_control()).take(100).collect()
    }

    fn back_to(&self, row: &Model) -> String {
        match (self.back.as_str(), self.back.strip_prefix("closure/").map(str::parse::<ClosureId>)) {
            ("day", _) => format!("/appointments?day={}&done={}", row.day, row.id),
            (_, Some(Ok(closure))) => format!("/schedules/closures/{closure}"),
            _ => format!("/appointments/{}?done=1", row.id),
        }
    }
}

/// 予約患者の受付: one press makes the visit. Pressed twice it is one visit.
pub async fn arrive(
    access: Access<EncounterWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<ActForm>,
) -> Result<Redirect, AppError> {
    for _ in 0..NUMBER_TRIES {
        let tx = access.begin().await?;
        let row = store::get(&tx, *path).await?;
        let patient = check_patient(&row, &form.patient_token)?;
        if let Some(visit) = row.encounter_id.filter(|_| row.entered_by_id == tx.actor().as_uuid()) {
            let audit = Audit::viewed(InfoClass::Appointment).subject(patient).entity("appointment", *path).detail("repeated", true);
            return Ok(Redirect::to(tx.commit(audit).await?, arrived_path(&form, &row, visit)));
        }
        fresh(&row, &form.version)?;
        match deeds::arrive(&tx, row, access.principal()).await {
            Ok(Ok(row)) => return arrived(tx, &row, &form).await,
            Ok(Err(refusal)) => return Err(refused(refusal)),
            // Somebody received, or pressed twice, in this very moment: the next try sees it.
            Err(error) if is_number_race(&error) || matches!(error, Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("reception number".into()))
}

async fn arrived(tx: TenantTx, row: &Model, form: &ActForm) -> Result<Redirect, AppError> {
    let visit = row.encounter_id.unwrap_or_default();
    let audit = Audit::created(InfoClass::Encounter).subjects(row.patient()).entity("encounter", EncounterId::new(visit));
    let receipt = tx.commit(audit.detail("appointment", row.id.to_string())).await?;
    Ok(Redirect::to(receipt, arrived_path(form, row, visit)))
}

fn arrived_path(form: &ActForm, row: &Model, visit: uuid::Uuid) -> String {
    if form.back == "board" { format!("/board?moved={visit}") } else { form.back_to(row) }
}

/// 取消 with the reason.
pub async fn cancel(
    access: Access<AppointmentWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<ActForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let is_hold = row.patient_id.is_none();
    if is_hold {
        fresh(&row, &form.version)?
    } else {
        form.read(&row).map(drop)?
    }
    let row = deeds::cancel(&tx, row, &form.reason()).await?.map_err(refused)?;
    let to = if is_hold { format!("/appointments?day={}", row.day) } else { form.back_to(&row) };
    finish(tx, &row, "cancelled", to).await
}

/// 連絡済, and back.
pub async fn contact(
    access: Access<AppointmentWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<ActForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    form.read(&row)?;
    let row = deeds::contact(&tx, row).await?;
    let to = form.back_to(&row);
    finish(tx, &row, if row.contacted_at.is_some() { "contacted" } else { "not_contacted" }, to).await
}

/// 元に戻す. The box of 次回予約 answers in place.
pub async fn undo(
    access: Access<AppointmentWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<ActForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let patient = form.read(&row)?;
    let row = match deeds::undo(&tx, row, access.principal()).await {
        Ok(undone) => undone.map_err(refused)?,
        Err(error) if is_seat_race(&error) => {
            return Err(AppError::Refused("その間にほかの人がこの枠を取りました。予約表から、もう一度枠を選んでください。".into()));
        }
        Err(error) => return Err(error.into()),
    };
    let to = match form.back.as_str() {
        "board" => "/board".to_owned(),
        "next" => format!("/patients/{patient}/appointments"),
        _ => form.back_to(&row),
    };
    let done = finish(tx, &row, "undone", to).await?;
    if form.back == "next" && is_htmx(&req) { next::again(&access, patient).await.map(Either::Right) } else { Ok(Either::Left(done)) }
}

async fn finish(tx: TenantTx, row: &Model, what: &'static str, to: String) -> Result<Redirect, AppError> {
    let audit = Audit::updated(InfoClass::Appointment).subjects(row.patient()).entity("appointment", row.id).detail("act", what);
    let receipt: Receipt = tx.commit(audit).await?;
    Ok(Redirect::to(receipt, to))
}
