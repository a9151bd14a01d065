//! 調剤結果: what a pharmacy handed out, one row for each time (a リフィル has up to three), its words sealed, and who has read it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "dispense_result",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, prescription_id uuid NOT NULL, patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL, use_no int NOT NULL CHECK (use_no > 0), dispensed_on date, next_on date,
                content bytea NOT NULL, received_at timestamptz NOT NULL, reviewed_by uuid, reviewed_at timestamptz,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, prescription_id, use_no),
                CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL)),
                FOREIGN KEY (tenant_id, prescription_id) REFERENCES prescription_registration (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[
                ("dispense_result_by_encounter", "(tenant_id, encounter_id)"),
                ("dispense_result_unread", "(tenant_id, reviewed_at, received_at)"),
            ],
        }
        .create(m)
        .await
    }
}
