//! 医療券 of 医療扶助, in words.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["ALTER TABLE coverage ADD COLUMN medical_ticket text NOT NULL DEFAULT ''".into()]).await
    }
}
