//! Orders of a visit stand in the order they were added; ids of one millisecond do not say which came first.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["ALTER TABLE service_request ADD COLUMN position int NOT NULL DEFAULT 0".into()]).await
    }
}
