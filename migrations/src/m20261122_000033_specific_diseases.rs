//! 特定疾病 of an insurance, in words.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["ALTER TABLE coverage ADD COLUMN specific_diseases text NOT NULL DEFAULT ''".into()]).await
    }
}
