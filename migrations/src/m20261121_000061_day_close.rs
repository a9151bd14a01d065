//! 日締め: one row for each day that was closed; reopening and closing again are versions of it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "day_close",
            columns: format!(
                "{VERSIONED},
                day date NOT NULL,
                float_yen int NOT NULL CHECK (float_yen >= 0),
                expected_cash_yen int NOT NULL,
                counted_cash_yen int NOT NULL CHECK (counted_cash_yen >= 0),
                denominations jsonb NOT NULL,
                explanations jsonb NOT NULL,
                counts jsonb NOT NULL,
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, day),
                CHECK (status IN ('closed', 'reopened'))"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
