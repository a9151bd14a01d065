//! The clinic's relays and how they stand.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{DeviceId, StaffId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder};
use tenancy::device_key::DeviceKey;
use tenancy::{Error, TenantTx};

use super::entity::arrival;
use super::entity::device::{Column as C, Entity, Model};

/// A relay asks every half minute; one not heard of for this long is away.
pub const AWAY_AFTER: TimeDelta = TimeDelta::seconds(90);

impl Model {
    pub fn is_revoked(&self) -> bool {
        self.revoked_at.is_some()
    }

    pub fn is_away(&self, now: DateTime<Utc>) -> bool {
        self.last_seen_at.is_none_or(|seen| now - seen > AWAY_AFTER)
    }
}

pub async fn all(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.order_by_asc(C::Id).all(tx).await?)
}

/// Relays with a key in force.
pub async fn active(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::RevokedAt.is_null());
    Ok(own.order_by_asc(C::Id).all(tx).await?)
}

/// The key is not kept: this is the only time anybody sees it.
pub async fn issue(tx: &TenantTx, name: &str) -> Result<(DeviceId, DeviceKey), Error> {
    issue_by(tx, name, tx.actor()).await
}

/// In somebody's name.
pub async fn issue_by(tx: &TenantTx, name: &str, by: StaffId) -> Result<(DeviceId, DeviceKey), Error> {
    let (id, key) = (tx.new_id(), DeviceKey::draw(tx.tenant_id()));
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        version: 1,
        name: name.to_owned(),
        prefix: key.prefix(),
        secret_sha256: key.hash(),
        issued_at: tx.now(),
        issued_by_id: by.as_uuid(),
        revoked_at: None,
        revoked_by_id: None,
        last_seen_at: None,
        program: String::new(),
        waiting: 0,
        aside: 0,
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok((DeviceId::new(id), key))
}

pub async fn get(tx: &TenantTx, id: DeviceId) -> Result<Model, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id.as_uuid()));
    own.one(tx).await?.ok_or(Error::NotFound)
}

/// From now on the key opens nothing.
pub async fn revoke(tx: &TenantTx, row: &Model, version: i32) -> Result<(), Error> {
    let changed = Entity::update_many()
        .col_expr(C::RevokedAt, Expr::value(tx.now()))
        .col_expr(C::RevokedById, Expr::value(tx.actor().as_uuid()))
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Id.eq(row.id))
        .filter(C::Version.eq(version))
        .filter(C::RevokedAt.is_null())
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 { Err(Error::Conflict { current_version: row.version }) } else { Ok(()) }
}

/// How many files nobody has looked at yet.
pub async fn open_arrivals(tx: &TenantTx) -> Result<u64, Error> {
    use arrival::Column as A;
    let open = arrival::Entity::find().filter(A::TenantId.eq(tx.tenant_id().as_uuid())).filter(A::State.eq(super::arrivals::REFUSED));
    Ok(open.count(tx).await?)
}
