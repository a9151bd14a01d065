//! 警告予算: which rule said something at which visit, once. What became of it is read from the reasons and the signature.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "warning_fired",
            columns: "tenant_id uuid NOT NULL, encounter_id uuid NOT NULL, code text NOT NULL, rule text NOT NULL CHECK (length(rule) BETWEEN 1 AND 100),
                level text NOT NULL CHECK (level IN ('block', 'reason', 'info')), fired_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, encounter_id, code),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[("warning_fired_by_time", "(tenant_id, fired_at)")],
        }
        .create(m)
        .await
    }
}
