//! Visits and stays: class and location periods from the start, and the reader results that opened them.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "encounter",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                class text NOT NULL CHECK (class IN ('AMB', 'IMP', 'HH', 'VR')),
                reception_date date NOT NULL,
                reception_number int NOT NULL CHECK (reception_number > 0),
                arrived_at timestamptz NOT NULL,
                started_at timestamptz,
                ended_at timestamptz,
                doctor_id uuid,
                coverage_id uuid,
                purpose text NOT NULL DEFAULT '',
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, reception_date, reception_number),
                CHECK (status IN ('registered', 'triage', 'waiting', 'in_consult', 'exam_waiting', 'exam_doing', 'treatment', 'billing_wait', 'paid', 'left_unpaid', 'on_hold', 'cancelled')),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, doctor_id) REFERENCES staff (tenant_id, id),
                FOREIGN KEY (tenant_id, coverage_id) REFERENCES coverage (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("encounter_by_patient", "(tenant_id, patient_id, arrived_at DESC)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "encounter_location",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, encounter_id uuid NOT NULL, place_id uuid NOT NULL,
                from_at timestamptz NOT NULL, to_at timestamptz, CHECK (to_at IS NULL OR to_at >= from_at),
                PRIMARY KEY (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, place_id) REFERENCES place (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("encounter_location_by_encounter", "(tenant_id, encounter_id, from_at)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "reader_result",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, file_name text NOT NULL, content_sha256 bytea NOT NULL, raw_encrypted bytea NOT NULL, key_version int NOT NULL,
                received_at timestamptz NOT NULL, staff_id uuid NOT NULL, outcome text NOT NULL, validity text NOT NULL DEFAULT '', patient_id uuid, encounter_id uuid,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, content_sha256),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("reader_result_by_time", "(tenant_id, received_at DESC)")],
        }
        .create(m)
        .await
    }
}
