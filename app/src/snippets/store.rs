//! Snippets read and written.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};

pub const ACTIVE: &str = "active";
pub const RETIRED: &str = "retired";

/// The clinic's and one's own, by short name.
pub async fn mine(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::OwnerId.is_in([Uuid::nil(), tx.actor().as_uuid()]))
        .filter(Column::Status.eq(ACTIVE))
        .order_by_asc(Column::ShortName)
        .all(tx)
        .await?;
    Ok(rows)
}

/// One of the clinic's or one's own; somebody else's is not there.
pub async fn get(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id))
        .filter(Column::OwnerId.is_in([Uuid::nil(), tx.actor().as_uuid()]))
        .filter(Column::Status.eq(ACTIVE))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

pub async fn insert(tx: &TenantTx, owner: Uuid, short_name: String, body: String) -> Result<Model, Error> {
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: vec![],
        owner_id: owner,
        short_name,
        body,
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

pub async fn update(tx: &TenantTx, model: Model) -> Result<Model, Error> {
    versioned::update(tx, model, Authorship::own(tx), "").await
}
