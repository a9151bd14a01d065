//! 次回予約: the first free slot some weeks ahead on the same weekday, of one schedule.

use chrono::NaiveDate;
use domain::appointment::AppointmentStatus;
use domain::next_visit::Ahead;
use domain::schedule::instant;
use domain::{PatientId, ScheduleId, StaffId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, Principal, TenantTx};

use super::entity::{Column, Entity, Model};
use super::seats::Wish;
use crate::schedules::{schedule, store as schedules};

/// The first slot with a free seat among the days the shorthand means.
pub async fn first_free(tx: &TenantTx, schedule: ScheduleId, ahead: Ahead, today: NaiveDate) -> Result<Option<Wish>, Error> {
    let days = ahead.days(today);
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(None) };
    let plan = schedules::plan_of(tx, schedule, *first, *last).await?;
    let taken = taken(tx, schedule, &days).await?;
    let is_exclusive = plan.schedules.iter().any(|row| row.is_exclusive);
    for day in days {
        let is_free = |slot: &&domain::schedule::Slot| {
            let (from, to) = (instant(day, slot.starts_min), instant(day, slot.ends_min));
            let clashes = |row: &&Model| if is_exclusive { row.starts_at < to && from < row.ends_at } else { row.starts_at == from };
            let seats: Vec<i32> = taken.iter().filter(clashes).map(|row| if is_exclusive { 1 } else { row.seat_no }).collect();
            from > tx.now() && slot.free_seat(&seats, false).is_ok()
        };
        if let Some(slot) = plan.slots(schedule.as_uuid(), day).iter().find(is_free) {
            return Ok(Some(Wish { schedule, day, starts_min: slot.starts_min, slots: 1, overbook: false }));
        }
    }
    Ok(None)
}

async fn taken(tx: &TenantTx, schedule: ScheduleId, days: &[NaiveDate]) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::ScheduleId.eq(schedule.as_uuid()))
        .filter(Column::Day.eq_any(days.iter().copied()))
        .filter(Column::Status.ne(AppointmentStatus::Cancelled.code()))
        .all(tx)
        .await?;
    Ok(rows.into_iter().filter(|row| row.keeps_seat(tx.now())).collect())
}

/// Whose book is opened first: the doctor's own, else the one the patient was last booked with, else the first.
pub async fn usual_schedule(
    tx: &TenantTx,
    all: &[schedule::Model],
    principal: &Principal,
    group: &[PatientId],
) -> Result<Option<ScheduleId>, Error> {
    let own = all.iter().find(|row| row.doctor_id == Some(StaffId::as_uuid(principal.staff_id)));
    if let Some(own) = own {
        return Ok(Some(ScheduleId::new(own.id)));
    }
    let last = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .order_by_desc(Column::StartsAt)
        .limit(1)
        .one(tx)
        .await?;
    let found = last.and_then(|row| all.iter().find(|schedule| schedule.id == row.schedule_id)).or_else(|| all.first());
    Ok(found.map(|row| ScheduleId::new(row.id)))
}
