//! The clinic's own row.

use sea_orm::entity::prelude::*;
use tenancy::staff::tenant;
use tenancy::{Error, TenantTx};

use super::forms::Settings;

pub async fn get(tx: &TenantTx) -> Result<tenant::Model, Error> {
    tenant::Entity::find().filter(tenant::Column::Id.eq(tx.tenant_id().as_uuid())).one(tx).await?.ok_or(Error::NotFound)
}

pub async fn update(tx: &TenantTx, s: Settings) -> Result<(), Error> {
    tenant::Entity::update_many()
        .col_expr(tenant::Column::Name, s.name.into())
        .col_expr(tenant::Column::PostalCode, s.postal_code.into())
        .col_expr(tenant::Column::Address, s.address.into())
        .col_expr(tenant::Column::Tel, s.tel.into())
        .col_expr(tenant::Column::IdleLockS, s.idle_lock_s.into())
        .col_expr(tenant::Column::ReceptionIdleLockS, s.reception_idle_lock_s.into())
        .col_expr(tenant::Column::DayBoundaryMin, s.day_boundary_min.into())
        .col_expr(tenant::Column::SourceAllowList, s.source_allow_list.into())
        .filter(tenant::Column::Id.eq(tx.tenant_id().as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}
