//! 閲覧の同意, as the patient gave it on the reader, and what was fetched under it: sealed, with the reading that allowed it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "viewing_consent",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, patient_id uuid NOT NULL, reader_result_id uuid NOT NULL,
                subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 100), flag text NOT NULL CHECK (length(flag) <= 10),
                given_at timestamptz, available_until timestamptz, recorded_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, reader_result_id) REFERENCES reader_result (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[("viewing_consent_by_patient", "(tenant_id, patient_id, recorded_at)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "consented_record",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL, reader_result_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('care', 'checkup')),
                status text NOT NULL CHECK (status IN ('pending', 'received', 'refused', 'unavailable')), said text NOT NULL DEFAULT '',
                question bytea NOT NULL, raw bytea, requested_at timestamptz NOT NULL, received_at timestamptz,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, reader_result_id, kind),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, reader_result_id) REFERENCES reader_result (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("consented_record_by_patient", "(tenant_id, patient_id, requested_at)")],
        }
        .create(m)
        .await
    }
}
