//! The reason somebody gave for going on although a warning stood in the way of 確定. Given once, kept for ever.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "warning_answer",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, encounter_id uuid NOT NULL, patient_id uuid NOT NULL,
                code text NOT NULL, subject text NOT NULL, reason text NOT NULL CHECK (reason <> ''),
                answered_by uuid NOT NULL, answered_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, encounter_id, code),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
