//! 画像・文書: what is attached to a chart (versioned), the files behind it (their bytes lie sealed in the object store), and how the
//! scanner stands, one row for the whole product.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "attachment_file",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, patient_id uuid NOT NULL,
                content_type text NOT NULL CHECK (content_type IN ('image/jpeg', 'image/png', 'application/pdf')),
                state text NOT NULL CHECK (state IN ('quarantine', 'clean', 'infected', 'refused')),
                reason text NOT NULL DEFAULT '', bytes int NOT NULL CHECK (bytes >= 0), width int, height int, sha256 bytea NOT NULL,
                uploaded_at timestamptz NOT NULL, uploaded_by_id uuid NOT NULL,
                attempts int NOT NULL DEFAULT 0, next_attempt_at timestamptz NOT NULL, holder uuid,
                settled_at timestamptz, engine text NOT NULL DEFAULT '', signatures_at timestamptz, copied_at timestamptz,
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("attachment_file_by_patient", "(tenant_id, patient_id)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "attachment",
            columns: format!(
                "{VERSIONED}, patient_id uuid NOT NULL, encounter_id uuid,
                kind text NOT NULL CHECK (kind IN ('photo', 'document', 'schema')),
                title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100), noted_on date NOT NULL, file_id uuid NOT NULL,
                drawing text NOT NULL DEFAULT '' CHECK (octet_length(drawing) <= 300000),
                CHECK (status IN ('active', 'cancelled')),
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, file_id) REFERENCES attachment_file (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("attachment_by_patient", "(tenant_id, patient_id, id)"), ("attachment_by_file", "(tenant_id, file_id)")],
        }
        .create(m)
        .await?;
        run(
            m,
            &[
                "CREATE INDEX attachment_file_due ON attachment_file (next_attempt_at) WHERE state = 'quarantine' OR (state = 'clean' AND copied_at IS NULL)".into(),
                "CREATE POLICY operator ON attachment_file FOR SELECT TO tsumugi_operator USING (true)".into(),
                "GRANT SELECT (tenant_id, id, state, next_attempt_at, uploaded_at, copied_at) ON attachment_file TO tsumugi_operator".into(),
                "CREATE TABLE attachment_scanner (only_one boolean PRIMARY KEY CHECK (only_one), is_up boolean NOT NULL, engine text NOT NULL,
                 signatures_at timestamptz, checked_at timestamptz NOT NULL)"
                    .into(),
                "GRANT SELECT ON attachment_scanner TO tsumugi_app".into(),
                "GRANT SELECT, INSERT, UPDATE ON attachment_scanner TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
