//! 発行形態の希望: what the patient chose at the card reader, kept for the visit until a 処方箋 is begun, and then with it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "prescription_wish",
            columns: "tenant_id uuid NOT NULL, encounter_id uuid NOT NULL, form text NOT NULL CHECK (form IN ('paper', 'electronic')),
                said_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, encounter_id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        run(m, &["ALTER TABLE prescription ADD COLUMN wished_form text NOT NULL DEFAULT '' CHECK (wished_form IN ('', 'paper', 'electronic'))".into()])
            .await
    }
}
