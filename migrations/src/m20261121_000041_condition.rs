//! 傷病名. Flags have no default in the table either: whoever writes a row says each of them.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "condition",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid,
                disease_code text NOT NULL,
                disease_name text NOT NULL,
                exchange_code text NOT NULL,
                icd10 text NOT NULL,
                modifiers jsonb NOT NULL,
                display_name text NOT NULL,
                started_on date NOT NULL,
                is_suspected bool NOT NULL,
                is_main bool NOT NULL,
                is_undisclosed bool NOT NULL,
                purpose text NOT NULL CHECK (purpose IN ('claim', 'clinical')),
                outcome text CHECK (outcome IN ('healed', 'died', 'stopped', 'moved', 'continued')),
                ended_on date,
                master_release_id uuid NOT NULL,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active', 'ended', 'mistaken')),
                CHECK (ended_on >= started_on),
                CHECK ((outcome IN ('healed', 'died', 'stopped', 'moved')) IS TRUE = (ended_on IS NOT NULL)),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[
                ("condition_by_patient", "(tenant_id, patient_id, started_on DESC)"),
                ("condition_by_author", "(tenant_id, author_id, recorded_at DESC)"),
                ("condition_suspected", "(tenant_id, started_on, id) WHERE is_suspected AND status = 'active'"),
            ],
        }
        .create(m)
        .await
    }
}
