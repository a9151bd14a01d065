//! 電文 of a day, newest first.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["CREATE INDEX outbox_exchange_by_time ON outbox_exchange (tenant_id, started_at)".into()]).await
    }
}
