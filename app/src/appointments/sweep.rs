//! What the clock decides: holds that ran out are released, and who did not come by an hour after closing is marked.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::appointment::{AppointmentStatus, is_no_show};
use domain::clock;
use domain::schedule::instant;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
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
    let rows = pending(&tx).await?;
    if rows.is_empty() {
        return Ok(Swept::default());
    }
    let (held, booked): (Vec<Model>, Vec<Model>) = rows.into_iter().partition(|row| row.held_until.is_some());
    let count = held.len();
    let released = count - seats::release(&tx, held).await?.len();
    let missed = missed(&tx, booked).await?;
    if released + missed.len() == 0 {
        return Ok(Swept::default());
    }
    let audit = Audit::updated(InfoClass::Appointment).subjects(missed.iter().filter_map(Model::patient));
    tx.commit(audit.detail("released", released).detail("no_show", missed.len())).await?;
    Ok(Swept { released, missed: missed.len() })
}

/// Open bookings up to today. The states are written into the statement as in the partial index it is answered from.
async fn pending(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let open = [AppointmentStatus::Held, AppointmentStatus::Booked].map(|status| Expr::Constant(status.code().into()));
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Day.lte(clock::today(tx.now())))
        .filter(Expr::col((Entity, Column::Status)).is_in(open))
        .all(tx)
        .await?;
    let holds = rows.into_iter().filter(|row| row.held_until.is_none_or(|until| until <= tx.now()));
    Ok(holds.filter(|row| row.held_until.is_some() || is_no_show(row.ends_at, tx.now())).collect())
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
