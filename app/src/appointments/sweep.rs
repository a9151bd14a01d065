//! What the clock decides: holds that ran out are released, and who did not come by an hour after closing is marked.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::appointment::{AppointmentStatus, is_no_show};
use domain::clock;
use domain::schedule::instant;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use tenancy::operator::Operator;
use tenancy::{Audit, Authorship, Error, InfoClass, TenantId, TenantTx, versioned};

use super::entity::{Column, Entity, Model};
use super::seats;
use crate::schedules::store as schedules;

/// What one turn wrote down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    pub released: usize,
    pub missed: usize,
}

/// One clinic. Leaves no trace when there was nothing to do.
pub async fn clinic(operator: &Operator, tenant: TenantId) -> Result<Swept, Error> {
    let tx = operator.begin(tenant).await?;
    let (over, late) = (over(&tx).await?, late(&tx).await?);
    if over.is_empty() && late.is_empty() {
        return Ok(Swept::default());
    }
    let count = over.len();
    let released = count - seats::release(&tx, over).await?.len();
    let missed = missed(&tx, late).await?;
    if released + missed.len() == 0 {
        return Ok(Swept::default());
    }
    let audit = Audit::updated(InfoClass::Appointment).subjects(missed.iter().filter_map(Model::patient));
    tx.commit(audit.detail("released", released).detail("no_show", missed.len())).await?;
    Ok(Swept { released, missed: missed.len() })
}

/// Open rows of one state. The state is written into the statement as in the partial index it is answered from.
fn open(tx: &TenantTx, status: AppointmentStatus) -> Select<Entity> {
    let stated = Expr::Constant(status.code().into());
    Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Expr::col((Entity, Column::Status)).eq(stated))
}

/// Holds whose time is over, of any day.
async fn over(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    Ok(open(tx, AppointmentStatus::Held).filter(Column::HeldUntil.lte(tx.now())).all(tx).await?)
}

/// Bookings up to today that ended an hour ago.
async fn late(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let rows = open(tx, AppointmentStatus::Booked).filter(Column::Day.lte(clock::today(tx.now()))).all(tx).await?;
    Ok(rows.into_iter().filter(|row| is_no_show(row.ends_at, tx.now())).collect())
}

async fn missed(tx: &TenantTx, rows: Vec<Model>) -> Result<Vec<Model>, Error> {
    let mut closing: BTreeMap<NaiveDate, DateTime<Utc>> = BTreeMap::new();
    let mut done = Vec::new();
    for mut row in rows {
        let closes_at = match closing.get(&row.day) {
            Some(at) => *at,
            None => *closing.entry(row.day).or_insert(closes_at(tx, row.day).await?),
        };
        if !is_no_show(std::cmp::max(closes_at, row.ends_at), tx.now()) {
            continue;
        }
        row.status = AppointmentStatus::NoShow.code().into();
        match versioned::update(tx, row, Authorship::own(tx), "来院なし").await {
            Ok(row) => done.push(row),
            // Received or cancelled in this very moment.
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// The end of the clinic's last slot of the day.
async fn closes_at(tx: &TenantTx, day: NaiveDate) -> Result<DateTime<Utc>, Error> {
    let plan = schedules::plan(tx, day, day).await?;
    let ends = plan.schedules.iter().flat_map(|schedule| plan.slots(schedule.id, day)).map(|slot| slot.ends_min).max();
    Ok(instant(day, ends.unwrap_or_default()))
}
