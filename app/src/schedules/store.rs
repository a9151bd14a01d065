//! Schedules, templates and closures read and written.

use chrono::NaiveDate;
use domain::schedule::{Slot, Template, TemplateError, slots_on};
use domain::{ClosureId, ScheduleId, SlotTemplateId, StaffId};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{schedule, schedule_closure, slot_template};

pub const ACTIVE: &str = "active";
pub const RETIRED: &str = "retired";
pub const WITHDRAWN: &str = "withdrawn";

/// Everything slots are made of, for the days asked for.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub schedules: Vec<schedule::Model>,
    pub templates: Vec<slot_template::Model>,
    pub closures: Vec<schedule_closure::Model>,
}

impl Plan {
    pub fn slots(&self, schedule: Uuid, day: NaiveDate) -> Vec<Slot> {
        let templates: Vec<Template> =
            self.templates.iter().filter(|t| t.schedule_id == schedule).map(slot_template::Model::template).collect();
        let closures: Vec<_> = self.closures.iter().filter(|c| c.concerns(schedule)).map(schedule_closure::Model::closure).collect();
        slots_on(&templates, &closures, day)
    }

    /// 目的 offered by any template, in the order they were written.
    pub fn purposes(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for purpose in self.templates.iter().flat_map(|template| template.purposes.lines()) {
            if !all.iter().any(|known| known == purpose) {
                all.push(purpose.to_owned());
            }
        }
        all
    }
}

/// The plan of every schedule in use, in three statements.
pub async fn plan(tx: &TenantTx, from: NaiveDate, to: NaiveDate) -> Result<Plan, Error> {
    Ok(Plan { schedules: active(tx).await?, templates: templates(tx, None).await?, closures: closures(tx, from, to).await? })
}

/// The plan of one schedule; a retired one has no slots and is not found.
pub async fn plan_of(tx: &TenantTx, id: ScheduleId, from: NaiveDate, to: NaiveDate) -> Result<Plan, Error> {
    let schedule = get(tx, id).await?;
    if schedule.status != ACTIVE {
        return Err(Error::NotFound);
    }
    Ok(Plan { schedules: vec![schedule], templates: templates(tx, Some(id)).await?, closures: closures(tx, from, to).await? })
}

pub async fn active(tx: &TenantTx) -> Result<Vec<schedule::Model>, Error> {
    let rows = schedule::Entity::find()
        .filter(schedule::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(schedule::Column::Status.eq(ACTIVE))
        .order_by_asc(schedule::Column::Id)
        .all(tx)
        .await?;
    // Doctors before rooms and devices.
    let (doctors, things): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row: &schedule::Model| row.doctor_id.is_some());
    Ok(doctors.into_iter().chain(things).collect())
}

pub async fn get(tx: &TenantTx, id: ScheduleId) -> Result<schedule::Model, Error> {
    schedule::Entity::find()
        .filter(schedule::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(schedule::Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

pub async fn templates(tx: &TenantTx, of: Option<ScheduleId>) -> Result<Vec<slot_template::Model>, Error> {
    use slot_template::Column as C;
    let mut query = slot_template::Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Status.eq(ACTIVE));
    if let Some(id) = of {
        query = query.filter(C::ScheduleId.eq(id.as_uuid()));
    }
    Ok(query.order_by_asc(C::Weekday).order_by_asc(C::FromMin).order_by_asc(C::Id).all(tx).await?)
}

pub async fn template(tx: &TenantTx, schedule: ScheduleId, id: SlotTemplateId) -> Result<slot_template::Model, Error> {
    use slot_template::Column as C;
    slot_template::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Id.eq(id.as_uuid()))
        .filter(C::ScheduleId.eq(schedule.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

pub async fn closures(tx: &TenantTx, from: NaiveDate, to: NaiveDate) -> Result<Vec<schedule_closure::Model>, Error> {
    use schedule_closure::Column as C;
    let rows = schedule_closure::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Day.between(from, to))
        .filter(C::Status.eq(ACTIVE))
        .order_by_asc(C::Day)
        .order_by_asc(C::FromMin)
        .order_by_asc(C::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn closure(tx: &TenantTx, id: ClosureId) -> Result<schedule_closure::Model, Error> {
    schedule_closure::Entity::find()
        .filter(schedule_closure::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(schedule_closure::Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// A taken name or a doctor who has a schedule already is an [`Error::Duplicate`].
pub async fn open(tx: &TenantTx, name: &str, doctor: Option<StaffId>, is_exclusive: bool) -> Result<schedule::Model, Error> {
    let row = schedule::Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.into(),
        digest: vec![],
        name: name.to_owned(),
        doctor_id: doctor.map(StaffId::as_uuid),
        is_exclusive,
    };
    versioned::insert(tx, row, Authorship::own(tx)).await
}

/// Keeps the schedule until the end of the transaction, so that two people do not state overlapping templates of it.
async fn hold(tx: &TenantTx, id: ScheduleId) -> Result<(), Error> {
    let found = schedule::Entity::find()
        .filter(schedule::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(schedule::Column::Id.eq(id.as_uuid()))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    found.map(drop).ok_or(Error::NotFound)
}

/// What the other templates of the schedule leave room for.
async fn check(tx: &TenantTx, schedule: ScheduleId, own: Option<Uuid>, new: &Template) -> Result<Result<(), TemplateError>, Error> {
    if let Err(error) = new.check() {
        return Ok(Err(error));
    }
    let others = templates(tx, Some(schedule)).await?;
    let clashes = others.iter().filter(|row| Some(row.id) != own).any(|row| row.template().overlaps(new));
    Ok(if clashes { Err(TemplateError::Overlap) } else { Ok(()) })
}

pub async fn add_template(tx: &TenantTx, schedule: ScheduleId, new: &Template) -> Result<Result<(), TemplateError>, Error> {
    hold(tx, schedule).await?;
    if let Err(error) = check(tx, schedule, None, new).await? {
        return Ok(Err(error));
    }
    let mut row = slot_template::Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.into(),
        digest: vec![],
        schedule_id: schedule.as_uuid(),
        weekday: 1,
        from_min: 0,
        to_min: 0,
        interval_min: 0,
        capacity: 0,
        overbook_limit: 0,
        visibility: String::new(),
        purposes: String::new(),
        valid_from: new.valid_from,
        valid_to: None,
    };
    row.state(new);
    versioned::insert(tx, row, Authorship::own(tx)).await?;
    Ok(Ok(()))
}

/// The next version of a template, judged beside the others.
pub async fn change_template(tx: &TenantTx, mut row: slot_template::Model, new: &Template) -> Result<Result<(), TemplateError>, Error> {
    let schedule = ScheduleId::new(row.schedule_id);
    hold(tx, schedule).await?;
    if let Err(error) = check(tx, schedule, Some(row.id), new).await? {
        return Ok(Err(error));
    }
    row.state(new);
    versioned::update(tx, row, Authorship::own(tx), "").await?;
    Ok(Ok(()))
}

pub async fn close(
    tx: &TenantTx,
    schedule: Option<ScheduleId>,
    day: NaiveDate,
    minutes: (i32, i32),
    reason: String,
) -> Result<Uuid, Error> {
    let row = schedule_closure::Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.into(),
        digest: vec![],
        schedule_id: schedule.map(ScheduleId::as_uuid),
        day,
        from_min: minutes.0,
        to_min: minutes.1,
        reason,
    };
    Ok(versioned::insert(tx, row, Authorship::own(tx)).await?.id)
}
