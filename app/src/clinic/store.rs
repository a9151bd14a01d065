//! The clinic's own row and the record of its backups.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use tenancy::staff::tenant;
use tenancy::{Error, TenantTx};

use super::forms::Settings;

mod backup_run {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "backup_run")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub state: String,
        pub started_at: DateTimeUtc,
        pub finished_at: Option<DateTimeUtc>,
        pub bytes: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub use backup_run::Model as BackupRun;

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

pub async fn latest_backups(tx: &TenantTx) -> Result<Vec<BackupRun>, Error> {
    Ok(backup_run::Entity::find()
        .filter(backup_run::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .order_by_desc(backup_run::Column::StartedAt)
        .limit(7)
        .all(tx)
        .await?)
}
