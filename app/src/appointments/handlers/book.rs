//! Seats taken from the book: held, booked, moved. Whoever comes too late gets the book again and a sentence.

use actix_web::{Either, web};
use chrono::{Datelike, NaiveDate};
use domain::appointment::{AppointmentRefusal, Route};
use domain::{AppointmentId, PatientId, ScheduleId, text};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::AppointmentWrite;
use tenancy::{Access, ActKey, Audit, Error, InfoClass, Receipt, TenantTx};
use uuid::Uuid;

use super::calendar::{self, BookQuery};
use super::{Answer, version};
use crate::appointments::seats::{self, Booking, SeatRefusal, TRIES, Wish, is_seat_race};
use crate::appointments::store;
use crate::appointments::views::{refusal_sentence, seat_sentence};
use crate::appointments::{acts::Refusal, entity::Model};
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::{Page, Redirect, Subjects};

pub const PURPOSE_MAX: usize = 40;
pub const NOTE_MAX: usize = 200;
/// Days a book can have; the calendar of the database ends earlier than ours.
const YEARS: std::ops::Range<i32> = 2000..2200;
const HOLD: &str = "appointment.hold";
const BOOK: &str = "appointment.book";

/// What a button of the book sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SlotForm {
    /// `schedule/day/minute`
    slot: String,
    /// The same, pressed as 重ね予約.
    overbook: String,
    /// 長さ in slots.
    slots: String,
    purpose: String,
    note: String,
    idempotency_key: String,
    version: String,
    patient_token: String,
    /// Where to come back to.
    day: String,
    schedule: String,
}

impl SlotForm {
    fn wish(&self) -> Result<Wish, AppError> {
        let (code, overbook) = if self.overbook.is_empty() { (&self.slot, false) } else { (&self.overbook, true) };
        let mut parts = code.split('/');
        let wish = (|| {
            let schedule: ScheduleId = parts.next()?.parse().ok()?;
            let day: NaiveDate = parts.next()?.parse().ok().filter(|day: &NaiveDate| YEARS.contains(&day.year()))?;
            let starts_min: i32 = parts.next()?.parse().ok().filter(|minute| (0..24 * 60).contains(minute))?;
            let slots: i32 = if self.slots.is_empty() { Some(1) } else { self.slots.parse().ok() }?;
            Some(Wish { schedule, day, starts_min, slots, overbook })
        })();
        wish.ok_or_else(|| AppError::Invalid("枠を予約表から選んでください。".into()))
    }

    fn key(&self) -> Result<Uuid, AppError> {
        self.idempotency_key.parse().map_err(|_| AppError::Invalid("画面が古くなっています。開き直してください。".into()))
    }

    fn patient(&self) -> Result<PatientId, AppError> {
        self.patient_token.parse().map_err(|_| AppError::WrongPatient)
    }

    fn booking(&self, patient: PatientId) -> Result<Booking, AppError> {
        let purpose = text::required_line(&self.purpose, PURPOSE_MAX)
            .map_err(|_| AppError::Invalid(format!("目的を{PURPOSE_MAX}文字までで入れてください。")))?;
        let note =
            text::line(&self.note, NOTE_MAX).map_err(|_| AppError::Invalid(format!("備考は{NOTE_MAX}文字までで入れてください。")))?;
        Ok(Booking { patient, purpose, note: note.unwrap_or_default(), route: Route::Desk })
    }

    /// The book as the person had it.
    fn back(&self, patient: Option<PatientId>, moving: Option<AppointmentId>) -> BookQuery {
        BookQuery {
            day: self.day.clone(),
            schedule: self.schedule.clone(),
            patient: patient.map(|id| id.to_string()).unwrap_or_default(),
            moving: moving.map(|id| id.to_string()).unwrap_or_default(),
            done: String::new(),
        }
    }
}

/// A seat somebody got, or why not.
pub type Taken = Result<(Receipt, Uuid), SeatRefusal>;

/// One press of a button: pressed twice it is one act.
pub struct Press {
    pub act: &'static str,
    pub key: Uuid,
    /// Everything that was sent.
    pub sent: String,
}

impl Press {
    pub fn key(&self, tx: &TenantTx) -> ActKey {
        tx.act_key(self.key, self.act, &self.sent)
    }
}

/// 仮押さえ: the seat is kept while the person on the telephone is found.
pub async fn hold(access: Access<AppointmentWrite>, form: web::Form<SlotForm>) -> Result<Answer, AppError> {
    let wish = form.wish()?;
    let press = Press { act: HOLD, key: form.key()?, sent: format!("{wish:?}") };
    match take(&access, &wish, None, &press).await? {
        Ok((receipt, id)) => Ok(Either::Left(Redirect::to(receipt, format!("/appointments/{id}")))),
        Err(refusal) => again(&access, &form.back(None, None), seat_sentence(refusal)).await.map(Either::Right),
    }
}

/// 予約 for a known patient, by one press on a slot.
pub async fn book(access: Access<AppointmentWrite>, form: web::Form<SlotForm>) -> Result<Answer, AppError> {
    let patient = form.patient()?;
    let (wish, booking) = (form.wish()?, form.booking(patient)?);
    let press = Press { act: BOOK, key: form.key()?, sent: format!("{wish:?} {booking:?}") };
    match take(&access, &wish, Some(&booking), &press).await? {
        Ok((receipt, id)) => Ok(Either::Left(Redirect::to(receipt, format!("/appointments/{id}?done=1")))),
        Err(refusal) => again(&access, &form.back(Some(patient), None), seat_sentence(refusal)).await.map(Either::Right),
    }
}

/// Tries until the seat is ours or there is none: whoever loses a race looks again.
pub async fn take(access: &Access<AppointmentWrite>, wish: &Wish, booking: Option<&Booking>, press: &Press) -> Result<Taken, AppError> {
    for _ in 0..TRIES {
        match take_once(access, wish, booking, press).await {
            Err(error) if is_seat_race(&error) => {}
            // The other half of a double press got there first; the next try finds its answer.
            Err(Error::Duplicate { constraint }) if constraint.starts_with("idempotency_key") => {}
            done => return Ok(done?),
        }
    }
    Ok(Err(SeatRefusal::Full { can_overbook: false }))
}

async fn take_once(access: &Access<AppointmentWrite>, wish: &Wish, booking: Option<&Booking>, press: &Press) -> Result<Taken, Error> {
    let tx = access.begin().await?;
    if let Some(outcome) = tx.idempotent(press.key(&tx)).await? {
        let id: Uuid = outcome["id"].as_str().and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let receipt = tx.commit(audit(Audit::viewed(InfoClass::Appointment), id, booking).detail("repeated", true)).await?;
        return Ok(Ok((receipt, id)));
    }
    if let Some(booking) = booking {
        patients::get(&tx, booking.patient).await?;
    }
    let seat = match seats::find(&tx, wish, None).await? {
        Ok(seat) => seat,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id = seats::take(&tx, &seat, booking).await?.id;
    tx.remember(press.key(&tx), json!({ "id": id })).await?;
    let audit = audit(Audit::created(InfoClass::Appointment), id, booking).detail("overbooked", seat.is_overbooked);
    Ok(Ok((tx.commit(audit).await?, id)))
}

fn audit(audit: Audit, id: Uuid, booking: Option<&Booking>) -> Audit {
    audit.entity("appointment", id).subjects(booking.map(|booking| booking.patient))
}

/// 変更 to another slot.
pub async fn change(
    access: Access<AppointmentWrite>,
    path: web::Path<AppointmentId>,
    form: web::Form<SlotForm>,
) -> Result<Answer, AppError> {
    for _ in 0..TRIES {
        match change_once(&access, *path, &form).await {
            Err(Failure::Race) => {}
            Err(Failure::Other(error)) => return Err(error),
            Ok(Ok(receipt)) => return Ok(Either::Left(Redirect::to(receipt, format!("/appointments/{}?done=1", *path)))),
            Ok(Err(refusal)) => {
                return again(&access, &form.back(None, Some(*path)), seat_sentence(refusal)).await.map(Either::Right);
            }
        }
    }
    Err(AppError::Unavailable("no seat after many tries".into()))
}

enum Failure {
    Race,
    Other(AppError),
}

impl<E: Into<AppError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

async fn change_once(
    access: &Access<AppointmentWrite>,
    id: AppointmentId,
    form: &SlotForm,
) -> Result<Result<Receipt, SeatRefusal>, Failure> {
    let tx = access.begin().await?;
    let row = store::get(&tx, id).await?;
    let patient = check_patient(&row, &form.patient_token)?;
    let wish = form.wish()?;
    if row.version != version(&form.version)? {
        return Err(AppError::Conflict.into());
    }
    if !row.known_status()?.is_open() {
        return Err(AppError::Refused(refusal_sentence(Refusal::Status(AppointmentRefusal::NoPath)).into()).into());
    }
    let seat = match seats::find(&tx, &wish, Some(row.id)).await? {
        Ok(seat) => seat,
        Err(refusal) => return Ok(Err(refusal)),
    };
    match seats::change(&tx, row, &seat).await {
        Err(error) if is_seat_race(&error) => return Err(Failure::Race),
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let audit = Audit::updated(InfoClass::Appointment).entity("appointment", id).subject(patient).detail("moved", true);
    Ok(Ok(tx.commit(audit).await?))
}

/// The booking must be of the patient the page was drawn for (R3).
pub fn check_patient(row: &Model, token: &str) -> Result<PatientId, AppError> {
    row.patient().filter(|id| id.to_string() == token).ok_or(AppError::WrongPatient)
}

/// The book again, with what became of the wish.
async fn again(access: &Access<AppointmentWrite>, query: &BookQuery, message: &str) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = calendar::page(access, &tx, query, Some(message.to_owned())).await?;
    let audit = Audit::viewed(InfoClass::Appointment).subjects(page.subjects());
    Page::invalid(tx.commit(audit).await?, &page)
}
