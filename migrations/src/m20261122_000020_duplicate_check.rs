//! 重複投薬等チェック: one row for each content that was asked about, the answer sealed; who took a 口頭同意 and when; and what the check
//! had said when a 処方箋 was issued.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "duplicate_check",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0),
                patient_id uuid NOT NULL, encounter_id uuid NOT NULL, message_id uuid,
                content_sha256 bytea NOT NULL CHECK (length(content_sha256) = 32), drugs int NOT NULL CHECK (drugs > 0),
                oral_consent boolean NOT NULL, consent_until timestamptz,
                status text NOT NULL CHECK (status IN ('asked', 'answered', 'refused', 'unavailable')),
                alerts int NOT NULL DEFAULT 0, result bytea, said text NOT NULL DEFAULT '',
                asked_at timestamptz NOT NULL, asked_by_id uuid NOT NULL, answered_at timestamptz,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, encounter_id, content_sha256),
                CHECK (status <> 'answered' OR (result IS NOT NULL AND answered_at IS NOT NULL)), CHECK (status <> 'asked' OR message_id IS NOT NULL),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("duplicate_check_by_time", "(tenant_id, asked_at)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "oral_consent",
            columns: "tenant_id uuid NOT NULL, encounter_id uuid NOT NULL, patient_id uuid NOT NULL,
                taken_by uuid NOT NULL, taken_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, encounter_id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "issued_check",
            columns: "tenant_id uuid NOT NULL, prescription_id uuid NOT NULL, patient_id uuid NOT NULL, check_id uuid,
                outcome text NOT NULL CHECK (outcome IN ('1', '2', 'none')), why text NOT NULL DEFAULT '',
                issued_at timestamptz NOT NULL, issued_by uuid NOT NULL,
                PRIMARY KEY (tenant_id, prescription_id),
                CHECK (outcome = 'none' OR check_id IS NOT NULL),
                FOREIGN KEY (tenant_id, prescription_id) REFERENCES prescription (tenant_id, id),
                FOREIGN KEY (tenant_id, check_id) REFERENCES duplicate_check (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
