//! 患者の取込, the retirement of places, and an index for holds that ran out. One row for each file of a clinic, the file itself sealed until it is applied, and what was wrong with it line by line.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "patient_import",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, file_name text NOT NULL, content_sha256 bytea NOT NULL,
                content_sealed bytea NOT NULL, encoding text NOT NULL,
                state text NOT NULL CHECK (state IN ('checked', 'queued', 'running', 'done', 'discarded')),
                mapping jsonb NOT NULL, total int NOT NULL, good int NOT NULL, done int NOT NULL DEFAULT 0, skipped int NOT NULL DEFAULT 0,
                problems jsonb NOT NULL, created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, started_at timestamptz, finished_at timestamptz,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, content_sha256),
                FOREIGN KEY (tenant_id, created_by_id) REFERENCES staff (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("patient_import_by_time", "(tenant_id, created_at DESC)")],
        }
        .create(m)
        .await?;
        // A retired place stays where visits name it, and is no longer offered.
        run(
            m,
            &[
                "ALTER TABLE place ADD COLUMN retired_at timestamptz, ADD COLUMN version int NOT NULL DEFAULT 1".into(),
                // Holds of any day end after five minutes.
                "CREATE INDEX appointment_held ON appointment (tenant_id, held_until) WHERE status = 'held'".into(),
            ],
        )
        .await
    }
}
