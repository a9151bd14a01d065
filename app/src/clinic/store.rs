//! The clinic's own row.

use domain::StaffId;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use tenancy::staff::{staff, tenant};
use tenancy::{Error, TenantTx};

use super::forms::Settings;

pub async fn get(tx: &TenantTx) -> Result<tenant::Model, Error> {
    tenant::Entity::find().filter(tenant::Column::Id.eq(tx.tenant_id().as_uuid())).one(tx).await?.ok_or(Error::NotFound)
}

/// False when somebody saved since `version`.
pub async fn update(tx: &TenantTx, s: Settings, version: i32) -> Result<bool, Error> {
    let saved = tenant::Entity::update_many()
        .col_expr(tenant::Column::Name, s.name.into())
        .col_expr(tenant::Column::PostalCode, s.postal_code.into())
        .col_expr(tenant::Column::Address, s.address.into())
        .col_expr(tenant::Column::Tel, s.tel.into())
        .col_expr(tenant::Column::IdleLockS, s.idle_lock_s.into())
        .col_expr(tenant::Column::ReceptionIdleLockS, s.reception_idle_lock_s.into())
        .col_expr(tenant::Column::DayBoundaryMin, s.day_boundary_min.into())
        .col_expr(tenant::Column::SourceAllowList, s.source_allow_list.into())
        .col_expr(tenant::Column::SettingsVersion, Expr::col(tenant::Column::SettingsVersion).add(1))
        .filter(tenant::Column::Id.eq(tx.tenant_id().as_uuid()))
        .filter(tenant::Column::SettingsVersion.eq(version))
        .exec(tx)
        .await?;
    Ok(saved.rows_affected == 1)
}

/// Everybody who may have a session open.
pub async fn people(tx: &TenantTx) -> Result<Vec<StaffId>, Error> {
    let ids = staff::Entity::find()
        .select_only()
        .column(staff::Column::Id)
        .filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    Ok(ids.into_iter().map(StaffId::new).collect())
}

/// What stands on a paper as its sender.
pub struct Letterhead {
    pub name: String,
    pub address: String,
    pub tel: String,
}

pub async fn letterhead(tx: &TenantTx) -> Result<Letterhead, Error> {
    let own = get(tx).await?;
    Ok(Letterhead { name: own.name, address: own.address, tel: own.tel })
}
