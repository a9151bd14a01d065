//! Web問診: the links a patient's own phone opens, and the answers, structured, with the version of the form they were given to.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "patient_link",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, encounter_id uuid NOT NULL, patient_id uuid NOT NULL,
                secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32), created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
                tries int NOT NULL DEFAULT 0, used_at timestamptz,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, secret_sha256),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "questionnaire_response",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                form text NOT NULL,
                answers jsonb NOT NULL,
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, encounter_id),
                CHECK (status = 'submitted'),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
