//! The clinic's settings get a version, so that two administrators cannot overwrite each other unseen (R2).

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(
            m,
            &[
                "ALTER TABLE tenant ADD COLUMN settings_version int NOT NULL DEFAULT 1".into(),
                "GRANT UPDATE (settings_version) ON tenant TO tsumugi_app".into(),
            ],
        )
        .await
    }
}
