//! Seats given away. Reading says which seat seems free; the unique seat and the exclusion of overlapping times say who got it.

use chrono::NaiveDate;
use domain::appointment::{AppointmentStatus, Route, held_until};
use domain::schedule::{NoSeat, Slot, instant};
use domain::{PatientId, ScheduleId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};
use crate::schedules::schedule;
use crate::schedules::store as schedules;

/// How often a seat is tried for while others take seats of the same slot: more often than a slot can have seats.
pub const TRIES: usize = 80;
/// Slots one booking may take on a schedule that serves one at a time.
pub const LONGEST_SLOTS: i32 = 8;

/// Which slot somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub schedule: ScheduleId,
    pub day: NaiveDate,
    pub starts_min: i32,
    /// 長さ in slots; more than one only where one is served at a time.
    pub slots: i32,
    /// 重ね予約
    pub overbook: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatRefusal {
    /// The template was changed meanwhile, or never had it.
    NoSlot,
    Past,
    Closed,
    Full {
        can_overbook: bool,
    },
}

impl From<NoSeat> for SeatRefusal {
    fn from(none: NoSeat) -> Self {
        match none {
            NoSeat::Closed => Self::Closed,
            NoSeat::Full { can_overbook } => Self::Full { can_overbook },
        }
    }
}

/// A seat that was free a moment ago.
#[derive(Debug, Clone)]
pub struct Seat {
    pub schedule: schedule::Model,
    pub day: NaiveDate,
    pub starts_min: i32,
    pub ends_min: i32,
    pub seat_no: i32,
    pub is_overbooked: bool,
}

/// Somebody else was faster; a new transaction will see it.
pub fn is_seat_race(error: &Error) -> bool {
    matches!(error, Error::Duplicate { constraint } if constraint.starts_with("appointment_"))
}

/// The seat a wish would get now. Holds whose time is over are given up on the way. `own` is the booking being moved.
pub async fn find(tx: &TenantTx, wish: &Wish, own: Option<Uuid>) -> Result<Result<Seat, SeatRefusal>, Error> {
    let plan = schedules::plan_of(tx, wish.schedule, wish.day, wish.day).await?;
    let slots = plan.slots(wish.schedule.as_uuid(), wish.day);
    let Some(schedule) = plan.schedules.into_iter().next() else { return Err(Error::NotFound) };
    let span = span(&slots, wish, schedule.is_exclusive);
    let Some((slot, ends_min)) = span else { return Ok(Err(SeatRefusal::NoSlot)) };
    if instant(wish.day, ends_min) <= tx.now() {
        return Ok(Err(SeatRefusal::Past));
    }
    let taken: Vec<Model> = release(tx, of_slot_day(tx, wish).await?).await?.into_iter().filter(|row| Some(row.id) != own).collect();
    Ok(match choose(&taken, &slot, wish, schedule.is_exclusive, ends_min) {
        Ok(seat_no) => {
            Ok(Seat { is_overbooked: seat_no > slot.capacity, schedule, day: wish.day, starts_min: slot.starts_min, ends_min, seat_no })
        }
        Err(none) => Err(none.into()),
    })
}

/// The slot and where the booking ends; `None` when there are not so many slots in a row.
fn span(slots: &[Slot], wish: &Wish, is_exclusive: bool) -> Option<(Slot, i32)> {
    let at = slots.iter().position(|slot| slot.starts_min == wish.starts_min)?;
    let count =
        usize::try_from(wish.slots).ok().filter(|count| *count == 1 || (is_exclusive && (1..=LONGEST_SLOTS as usize).contains(count)))?;
    let taken = slots.get(at..at + count)?;
    let follow = taken.windows(2).all(|pair| pair[0].ends_min == pair[1].starts_min);
    let slot = Slot { is_closed: taken.iter().any(|slot| slot.is_closed), ..slots[at] };
    follow.then(|| (slot, taken[count - 1].ends_min))
}

fn choose(taken: &[Model], slot: &Slot, wish: &Wish, is_exclusive: bool, ends_min: i32) -> Result<i32, NoSeat> {
    let (from, to) = (instant(wish.day, slot.starts_min), instant(wish.day, ends_min));
    if is_exclusive {
        let is_busy = taken.iter().any(|row| row.starts_at < to && from < row.ends_at);
        return if is_busy && !slot.is_closed { Err(NoSeat::Full { can_overbook: false }) } else { slot.free_seat(&[], false) };
    }
    let seats: Vec<i32> = taken.iter().filter(|row| row.starts_at == from).map(|row| row.seat_no).collect();
    slot.free_seat(&seats, wish.overbook)
}

async fn of_slot_day(tx: &TenantTx, wish: &Wish) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Day.eq(wish.day))
        .filter(Column::ScheduleId.eq(wish.schedule.as_uuid()))
        .filter(Column::Status.ne(AppointmentStatus::Cancelled.code()))
        .all(tx)
        .await?;
    Ok(rows)
}

/// Writes down that holds ran out, and gives back the rows that still keep a seat.
pub async fn release(tx: &TenantTx, rows: Vec<Model>) -> Result<Vec<Model>, Error> {
    let (kept, over): (Vec<Model>, Vec<Model>) = rows.into_iter().partition(|row| row.keeps_seat(tx.now()));
    for mut row in over {
        row.status = AppointmentStatus::Cancelled.code().into();
        row.held_until = None;
        match versioned::update(tx, row, Authorship::own(tx), "仮押さえの時間切れ").await {
            // Somebody booked or released it in this very moment: the table's rule decides.
            Ok(_) | Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(kept)
}

/// Who takes the seat, and for what.
#[derive(Debug, Clone)]
pub struct Booking {
    pub patient: PatientId,
    pub purpose: String,
    pub note: String,
    pub route: Route,
}

/// Books the seat for somebody, or holds it for the one on the telephone.
pub async fn take(tx: &TenantTx, seat: &Seat, booking: Option<&Booking>) -> Result<Model, Error> {
    let status = if booking.is_some() { AppointmentStatus::Booked } else { AppointmentStatus::Held };
    let mut row = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: status.code().into(),
        digest: vec![],
        schedule_id: seat.schedule.id,
        patient_id: booking.map(|booking| booking.patient.as_uuid()),
        day: seat.day,
        starts_at: tx.now(),
        ends_at: tx.now(),
        seat_no: 0,
        is_overbooked: false,
        is_exclusive: false,
        purpose: booking.map(|booking| booking.purpose.clone()).unwrap_or_default(),
        note: booking.map(|booking| booking.note.clone()).unwrap_or_default(),
        route: booking.map_or(Route::Phone, |booking| booking.route).code().into(),
        held_until: booking.is_none().then(|| held_until(tx.now())),
        contacted_at: None,
        contacted_by_id: None,
        encounter_id: None,
    };
    sit(&mut row, seat);
    versioned::insert(tx, row, Authorship::own(tx)).await
}

/// 変更: the same booking on another seat. Whoever was told of a 休診 has to be told of the new time anew.
pub async fn change(tx: &TenantTx, mut row: Model, seat: &Seat) -> Result<Model, Error> {
    sit(&mut row, seat);
    row.contacted_at = None;
    row.contacted_by_id = None;
    versioned::update(tx, row, Authorship::own(tx), "時間の変更").await
}

fn sit(row: &mut Model, seat: &Seat) {
    row.schedule_id = seat.schedule.id;
    row.day = seat.day;
    row.starts_at = instant(seat.day, seat.starts_min);
    row.ends_at = instant(seat.day, seat.ends_min);
    row.seat_no = seat.seat_no;
    row.is_overbooked = seat.is_overbooked;
    row.is_exclusive = seat.schedule.is_exclusive;
}
