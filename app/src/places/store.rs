//! The clinic's places.

use domain::PlaceId;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::staff::place::{self, Column as C};
use tenancy::{Error, TenantTx};

pub async fn all(tx: &TenantTx) -> Result<Vec<place::Model>, Error> {
    let own = place::Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.order_by_asc(C::Id).all(tx).await?)
}

/// A taken name is an [`Error::Duplicate`].
pub async fn insert(tx: &TenantTx, name: &str, kind: &str) -> Result<PlaceId, Error> {
    let id = tx.new_id();
    let row = place::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(id),
        name: Set(name.to_owned()),
        kind: Set(kind.to_owned()),
        retired_at: Set(None),
        version: Set(1),
    };
    place::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(PlaceId::new(id))
}

/// Writes over the version `row` was read as; anything newer is a [`Error::Conflict`].
pub async fn update(tx: &TenantTx, row: &place::Model) -> Result<(), Error> {
    let changed = place::Entity::update_many()
        .col_expr(C::Name, row.name.clone().into())
        .col_expr(C::Kind, row.kind.clone().into())
        .col_expr(C::RetiredAt, Expr::value(row.retired_at))
        .col_expr(C::Version, Expr::col(C::Version).add(1))
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Id.eq(row.id))
        .filter(C::Version.eq(row.version))
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 { Err(Error::Conflict { current_version: row.version + 1 }) } else { Ok(()) }
}
