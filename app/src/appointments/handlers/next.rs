//! 次回予約 by `2w`: a box that answers in place, so that the chart around it keeps its text.

use actix_web::{Either, HttpRequest, web};
use domain::appointment::Route;
use domain::next_visit::{Ahead, AheadError};
use domain::{PatientId, ScheduleId, text};
use serde::{Deserialize, Serialize};
use tenancy::permission::{AppointmentRead, AppointmentWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::book::{self, PURPOSE_MAX, Press};
use super::{Answer, acts, toast_of, today};
use crate::appointments::seats::{Booking, SeatRefusal};
use crate::appointments::views::{BookingLine, NextBox, seat_sentence};
use crate::appointments::{list, next, store};
use crate::error::AppError;
use crate::patients::forms::text_message;
use crate::patients::store as patients;
use crate::schedules::store as schedules;
use crate::web::htmx::is_htmx;
use crate::web::{FormErrors, FormState, Page, Redirect};

const NEXT: &str = "appointment.next";
const DEFAULT_PURPOSE: &str = "再診";
/// How often a slot that was taken meanwhile is followed by a look at the next one.
const LOOKS: usize = 4;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NextForm {
    ahead: String,
    schedule: String,
    purpose: String,
    idempotency_key: String,
    patient_token: String,
}

/// The box alone, for the chart to load beside its own work; whoever comes without scripts gets the patient's page.
pub async fn show(access: Access<AppointmentRead>, path: web::Path<PatientId>, req: HttpRequest) -> Result<Answer, AppError> {
    if is_htmx(&req) {
        return again(&access, *path).await.map(Either::Right);
    }
    let tx = access.begin().await?;
    patients::get(&tx, *path).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Appointment).subject(*path)).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/patients/{}/appointments", *path))))
}

/// The box as it is now.
pub async fn again<P: Permission>(access: &Access<P>, patient: PatientId) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, patient).await?.ids();
    let ahead = lines(access, &tx, &group).await?;
    let page = begun(access, &tx, patient, &group, ahead).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Appointment).subjects(group)).await?, &page)
}

/// An empty box with the book that is usually meant.
pub async fn begun<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    patient_id: PatientId,
    group: &[PatientId],
    ahead: Vec<BookingLine>,
) -> Result<NextBox, AppError> {
    let all = schedules::active(tx).await?;
    let usual = next::usual_schedule(tx, &all, access.principal(), group).await?;
    let form = NextForm {
        schedule: usual.map(|id| id.to_string()).unwrap_or_default(),
        purpose: DEFAULT_PURPOSE.into(),
        idempotency_key: tx.new_id().to_string(),
        ..NextForm::default()
    };
    Ok(NextBox {
        patient_id,
        form: FormState::of(&form),
        schedules: all.into_iter().map(|row| (row.id.to_string(), row.name)).collect(),
        ahead,
        done: None,
        may_book: acts(access).book,
    })
}

async fn lines<P: Permission>(access: &Access<P>, tx: &TenantTx, group: &[PatientId]) -> Result<Vec<BookingLine>, AppError> {
    let today = today(access);
    let rows = list::of_patient(tx, group).await?;
    let lines = rows.iter().filter(|row| !row.is_over(tx.now())).map(|row| BookingLine::of(row, today));
    let mut ahead: Vec<BookingLine> = lines.filter(|line| line.day > today && line.is_open()).collect();
    ahead.reverse();
    Ok(ahead)
}

struct Wanted {
    ahead: Ahead,
    schedule: ScheduleId,
    purpose: String,
    key: Uuid,
}

impl NextForm {
    fn read(&self) -> Result<Wanted, FormErrors> {
        let mut errors = FormErrors::default();
        let ahead = errors.take("ahead", Ahead::parse(&self.ahead), |error| ahead_message(*error).into());
        let schedule = errors.take("schedule", self.schedule.parse(), |_| "予約を取る先を選んでください".into());
        let purpose = errors.take("purpose", text::required_line(&self.purpose, PURPOSE_MAX), |e| text_message("目的", *e));
        let key = errors.take("ahead", self.idempotency_key.parse(), |_| "画面が古くなっています。開き直してください".into());
        match (ahead, schedule, purpose, key) {
            (Some(ahead), Some(schedule), Some(purpose), Some(key)) => Ok(Wanted { ahead, schedule, purpose, key }),
            _ => Err(errors),
        }
    }
}

const fn ahead_message(error: AheadError) -> &'static str {
    match error {
        AheadError::Empty => "何週後かを入れてください(2w、10日、1ヶ月)",
        AheadError::Unreadable => "読めません。2w、2週、10日、1ヶ月 のように入れてください",
        AheadError::OutOfBounds => "1日から1年先までで入れてください",
    }
}

/// 予約: the first free slot that the shorthand means, and the box again with what was booked.
pub async fn book(
    access: Access<AppointmentWrite>,
    path: web::Path<PatientId>,
    form: web::Form<NextForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    if form.patient_token != path.to_string() {
        return Err(AppError::WrongPatient);
    }
    let wanted = match form.read() {
        Ok(wanted) => wanted,
        Err(errors) => return refuse(&access, *path, &form, errors, &req).await,
    };
    match find_and_take(&access, *path, &wanted).await? {
        Ok(id) => answer(&access, *path, id, &req).await,
        Err(sentence) => {
            let mut errors = FormErrors::default();
            errors.add("ahead", sentence);
            refuse(&access, *path, &form, errors, &req).await
        }
    }
}

async fn find_and_take(access: &Access<AppointmentWrite>, patient: PatientId, wanted: &Wanted) -> Result<Result<Uuid, String>, AppError> {
    let booking = Booking { patient, purpose: wanted.purpose.clone(), note: String::new(), route: Route::Chart };
    let none = || format!("{}の同じ曜日に空きがありません。予約表から選んでください", wanted.ahead.words());
    let sent = format!("{patient} {:?} {} {}", wanted.ahead, wanted.schedule, wanted.purpose);
    let press = Press { act: NEXT, key: wanted.key, sent };
    let mut refused = None;
    for _ in 0..LOOKS {
        let tx = access.begin().await?;
        patients::get(&tx, patient).await?;
        if let Some(done) = tx.idempotent(press.key(&tx)).await? {
            let id = done["id"].as_str().and_then(|id| id.parse().ok());
            return id.map(Ok).ok_or_else(|| AppError::internal("a remembered booking has no id"));
        }
        let Some(wish) = next::first_free(&tx, wanted.schedule, wanted.ahead, today(access)).await? else { return Ok(Err(none())) };
        drop(tx);
        match book::take(access, &wish, Some(&booking), &press).await? {
            Ok((_, id)) => return Ok(Ok(id)),
            Err(refusal @ SeatRefusal::Full { .. }) => refused = Some(refusal),
            Err(refusal) => return Ok(Err(seat_sentence(refusal).into())),
        }
    }
    Ok(Err(refused.map_or_else(none, |refusal| seat_sentence(refusal).into())))
}

async fn answer(access: &Access<AppointmentWrite>, patient: PatientId, id: Uuid, req: &HttpRequest) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, patient).await?;
    let row = store::get(&tx, id.into()).await?;
    let ahead = lines(access, &tx, &group.ids()).await?;
    let mut page = begun(access, &tx, patient, &group.ids(), ahead).await?;
    page.done = Some(toast_of(&row, &group.patient.name().ideographic, access.principal(), tx.now()));
    let receipt = tx.commit(Audit::viewed(InfoClass::Appointment).subjects(group.ids())).await?;
    if is_htmx(req) {
        return Ok(Either::Right(Page::full(receipt, &page)?));
    }
    Ok(Either::Left(Redirect::to(receipt, format!("/patients/{patient}/appointments?done={id}"))))
}

async fn refuse(
    access: &Access<AppointmentWrite>,
    patient: PatientId,
    form: &NextForm,
    errors: FormErrors,
    req: &HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, patient).await?;
    let ahead = if is_htmx(req) { lines(access, &tx, &group.ids()).await? } else { vec![] };
    let mut next = begun(access, &tx, patient, &group.ids(), ahead).await?;
    let kept = NextForm { idempotency_key: next.form.value("idempotency_key").to_owned(), ..form.clone() };
    next.form = FormState::of(&kept).with_errors(errors);
    let audit = Audit::viewed(InfoClass::Appointment).subjects(group.ids());
    if is_htmx(req) {
        return Ok(Either::Right(Page::invalid(tx.commit(audit).await?, &next)?));
    }
    let page = super::patient::page(access, &tx, &group, next, "").await?;
    Ok(Either::Right(Page::invalid(tx.commit(audit).await?, &page)?))
}
