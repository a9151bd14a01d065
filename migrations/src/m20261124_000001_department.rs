//! 診療科 of a staff member who prescribes: the 科名 of their 処方箋.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["ALTER TABLE staff ADD COLUMN department text NOT NULL DEFAULT ''".into()]).await
    }
}
