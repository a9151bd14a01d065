//! The superior's agreement to a reason given against a warning that stops 確定 (S10). Given once, kept for ever.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "warning_approval",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, answer_id uuid NOT NULL, encounter_id uuid NOT NULL,
                patient_id uuid NOT NULL, approved_by uuid NOT NULL, approved_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, answer_id),
                FOREIGN KEY (tenant_id, answer_id) REFERENCES warning_answer (tenant_id, id),
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
