//! Prescribed drugs. Signed lines are locked the way signed notes are.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "medication_request",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                line_no int NOT NULL CHECK (line_no > 0),
                drug_code text NOT NULL,
                drug_code_system text NOT NULL,
                drug_name text NOT NULL,
                dose_value text NOT NULL,
                dose_unit text NOT NULL,
                usage_text text NOT NULL,
                days int CHECK (days BETWEEN 1 AND 90),
                quantity_text text NOT NULL DEFAULT '',
                generic_substitution text NOT NULL DEFAULT 'allowed',
                comment text NOT NULL DEFAULT '',
                master_release_id uuid NOT NULL,
                signed_at timestamptz,
                signed_by_id uuid,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('draft', 'signed', 'withdrawn')),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: Some("signed_at IS NULL"),
            indexes: &[
                ("medication_request_by_encounter", "(tenant_id, encounter_id, line_no)"),
                ("medication_request_by_patient", "(tenant_id, patient_id, recorded_at DESC)"),
            ],
        }
        .create(m)
        .await
    }
}
