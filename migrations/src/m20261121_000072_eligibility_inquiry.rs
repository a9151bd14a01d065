//! 資格の照会 by number, and which kept answer it led to.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "eligibility_inquiry",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), patient_id uuid, message_id uuid NOT NULL,
                insurer_number text NOT NULL, insured_symbol text NOT NULL, insured_number text NOT NULL, branch_number text NOT NULL,
                birth_date date NOT NULL, limit_consent boolean NOT NULL,
                status text NOT NULL CHECK (status IN ('pending', 'answered', 'unavailable', 'manual_verified')), reader_result_id uuid,
                asked_at timestamptz NOT NULL, asked_by_id uuid NOT NULL, changed_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id),
                FOREIGN KEY (tenant_id, reader_result_id) REFERENCES reader_result (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[
                ("eligibility_inquiry_by_status", "(tenant_id, status, asked_at)"),
                ("eligibility_inquiry_by_time", "(tenant_id, asked_at)"),
            ],
        }
        .create(m)
        .await
    }
}
