//! Registrations of 院内処方 read and moved on.

use domain::EncounterId;
use domain::prescription::inside::{InsideEvent, InsideStatus, NotNow};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::registration::{Column, Entity, Model};

pub fn status(row: &Model) -> Result<InsideStatus, Error> {
    InsideStatus::from_code(&row.status).ok_or_else(|| Error::internal("a registration is in a state this program does not know"))
}

fn own(tx: &TenantTx) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
}

pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    Ok(own(tx).filter(Column::EncounterId.eq(encounter.as_uuid())).order_by_asc(Column::Id).all(tx).await?)
}

pub async fn find(tx: &TenantTx, prescription: Uuid) -> Result<Option<Model>, Error> {
    Ok(own(tx).filter(Column::Id.eq(prescription)).one(tx).await?)
}

/// Holds the row until the transaction ends. Whoever holds the message too takes it first.
pub async fn lock(tx: &TenantTx, prescription: Uuid) -> Result<Option<Model>, Error> {
    Ok(own(tx).filter(Column::Id.eq(prescription)).lock_exclusive().one(tx).await?)
}

pub async fn insert(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    versioned::insert(tx, row, Authorship::own(tx)).await
}

/// The next state, with everything that was changed in the row.
pub async fn turn(tx: &TenantTx, mut row: Model, event: InsideEvent) -> Result<Result<Model, NotNow>, Error> {
    let next = match status(&row)?.after(event) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(refusal)),
    };
    row.status = next.code().to_owned();
    versioned::update(tx, row, Authorship::own(tx), "").await.map(Ok)
}

/// Another version in the same state: what the service said.
pub async fn remark(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    versioned::update(tx, row, Authorship::own(tx), "").await
}
