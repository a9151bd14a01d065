//! What happens to a booking: it is confirmed, becomes a visit, is given up, taken back, or its patient is told.

use domain::appointment::{AppointmentRefusal, AppointmentStatus};
use domain::encounter::{VisitStatus, can_undo};
use domain::{CoverageId, EncounterId, ScheduleId, StaffId};
use tenancy::{Authorship, Error, Principal, TenantTx, versioned};

use super::entity::Model;
use super::seats::Booking;
use super::store;
use crate::coverages::store as coverages;
use crate::encounters::entity::encounter;
use crate::encounters::moves;
use crate::encounters::store::{self as encounters, NewVisit};
use crate::patients::store as patients;
use crate::schedules::store as schedules;

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Status(AppointmentRefusal),
    /// The five minutes are over.
    HoldOver,
    OtherDay,
    TooLate,
    /// The visit went on; it is cancelled on the board, not here.
    VisitMovedOn,
}

impl From<AppointmentRefusal> for Refusal {
    fn from(refusal: AppointmentRefusal) -> Self {
        Self::Status(refusal)
    }
}

type Outcome = Result<Result<Model, Refusal>, Error>;

fn judge(row: &Model, to: AppointmentStatus, has_reason: bool) -> Result<Result<(), Refusal>, Error> {
    Ok(row.known_status()?.check_move(to, has_reason).map_err(Refusal::from))
}

async fn enter(tx: &TenantTx, mut row: Model, to: AppointmentStatus, reason: &str) -> Result<Model, Error> {
    row.status = to.code().into();
    row.held_until = None;
    versioned::update(tx, row, Authorship::own(tx), reason).await
}

/// 仮押さえ → 予約.
pub async fn confirm(tx: &TenantTx, mut row: Model, booking: &Booking) -> Outcome {
    if let Err(refusal) = judge(&row, AppointmentStatus::Booked, false)? {
        return Ok(Err(refusal));
    }
    if !row.keeps_seat(tx.now()) {
        return Ok(Err(Refusal::HoldOver));
    }
    row.patient_id = Some(booking.patient.as_uuid());
    row.purpose = booking.purpose.clone();
    row.note = booking.note.clone();
    row.route = booking.route.code().into();
    enter(tx, row, AppointmentStatus::Booked, "").await.map(Ok)
}

/// 来院: the booking becomes today's visit; somebody on the list already keeps the visit they have. Errors of kind
/// [`encounters::is_number_race`] are to be tried again in a new transaction.
pub async fn arrive(tx: &TenantTx, mut row: Model, principal: &Principal) -> Outcome {
    if let Err(refusal) = judge(&row, AppointmentStatus::Arrived, false)? {
        return Ok(Err(refusal));
    }
    if row.day != encounters::today(tx, principal) {
        return Ok(Err(Refusal::OtherDay));
    }
    let visit = match visit_of_today(tx, &row, principal).await? {
        Some(visit) => visit,
        None => receive(tx, &row, principal).await?,
    };
    row.encounter_id = Some(visit.id);
    enter(tx, row, AppointmentStatus::Arrived, "").await.map(Ok)
}

async fn visit_of_today(tx: &TenantTx, row: &Model, principal: &Principal) -> Result<Option<encounter::Model>, Error> {
    let group = patients::group_ids(tx, row.patient().ok_or(Error::NotFound)?).await?;
    Ok(encounters::active_on(tx, encounters::today(tx, principal), &group).await?.into_iter().next())
}

async fn receive(tx: &TenantTx, row: &Model, principal: &Principal) -> Result<encounter::Model, Error> {
    let patient = patients::get(tx, row.patient().ok_or(Error::NotFound)?).await?;
    let patient_id = patient.merged_into.unwrap_or(patient.id);
    let group = patients::group_ids(tx, patient_id).await?;
    let in_force = coverages::in_force(tx, &group, row.day).await?;
    let schedule = schedules::get(tx, ScheduleId::new(row.schedule_id)).await?;
    let visit = NewVisit {
        coverage_id: coverages::usable(&in_force, row.day).map(|row| CoverageId::new(row.id)),
        doctor_id: schedule.doctor_id.map(StaffId::new),
        purpose: row.purpose.clone(),
        booked_for: Some(row.starts_at),
        ..NewVisit::of(patient_id)
    };
    encounters::receive(tx, &visit, principal).await
}

/// 取消, with the reason where somebody was booked.
pub async fn cancel(tx: &TenantTx, row: Model, reason: &str) -> Outcome {
    match judge(&row, AppointmentStatus::Cancelled, !reason.is_empty())? {
        Ok(()) => enter(tx, row, AppointmentStatus::Cancelled, reason).await.map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// 連絡済: the patient knows; pressed again it is taken back.
pub async fn contact(tx: &TenantTx, mut row: Model) -> Result<Model, Error> {
    let is_told = row.contacted_at.is_some();
    row.contacted_at = (!is_told).then(|| tx.now());
    row.contacted_by_id = (!is_told).then(|| tx.actor().as_uuid());
    versioned::update(tx, row, Authorship::own(tx), if is_told { "連絡済を取消" } else { "連絡済" }).await
}

/// Whether this person could still take back what was done last.
pub fn may_undo(row: &Model, principal: &Principal, now: chrono::DateTime<chrono::Utc>) -> bool {
    let was_missed = row.status == AppointmentStatus::NoShow.code();
    row.entered_by_id == principal.staff_id.as_uuid() && can_undo(row.recorded_at, now) && !was_missed
}

/// 元に戻す, within 30 s, by whoever did it. A new booking is given up; a visit it made is cancelled with it.
pub async fn undo(tx: &TenantTx, row: Model, principal: &Principal) -> Outcome {
    if !may_undo(&row, principal, tx.now()) {
        return Ok(Err(Refusal::TooLate));
    }
    let earlier = if row.version > 1 { store::before(tx, &row).await? } else { None };
    if row.status == AppointmentStatus::Arrived.code() && !take_back_visit(tx, &row, principal).await? {
        return Ok(Err(Refusal::VisitMovedOn));
    }
    match earlier {
        Some(earlier) if earlier.status != AppointmentStatus::Held.code() => {
            versioned::update(tx, earlier, Authorship::own(tx), "元に戻す").await.map(Ok)
        }
        _ if row.known_status()?.is_open() => enter(tx, row, AppointmentStatus::Cancelled, "元に戻す").await.map(Ok),
        _ => Ok(Err(Refusal::TooLate)),
    }
}

/// A visit made by the arrival goes with it, as long as nothing happened to it; one that was there before stays. False when it moved on.
async fn take_back_visit(tx: &TenantTx, row: &Model, principal: &Principal) -> Result<bool, Error> {
    let Some(id) = row.encounter_id else { return Ok(true) };
    let visit = encounters::get(tx, EncounterId::new(id)).await?;
    if visit.arrived_at != row.recorded_at {
        return Ok(true);
    }
    if visit.version > 1 {
        return Ok(false);
    }
    Ok(moves::change_status(tx, visit, VisitStatus::Cancelled, "予約受付を元に戻す", principal).await?.is_ok())
}
