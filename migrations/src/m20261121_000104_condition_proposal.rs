//! 病名の提案: what somebody at the desk would have the doctor look at. It is no condition until a doctor takes it over.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "condition_proposal",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid,
                choice text NOT NULL,
                display_name text NOT NULL,
                why text NOT NULL,
                condition_id uuid,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('proposed', 'accepted', 'declined')),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, condition_id) REFERENCES condition (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("condition_proposal_by_patient", "(tenant_id, patient_id)")],
        }
        .create(m)
        .await
    }
}
