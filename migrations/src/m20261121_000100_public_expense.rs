//! 公費: its rank among those of a patient and the month's limit. An insurance has neither.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE coverage
            ADD COLUMN priority int NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 4),
            ADD COLUMN cap_yen int CHECK (cap_yen >= 0)";
        run(m, &[sql.into()]).await
    }
}
