//! What the worker needs: leases that keep two workers from doing one duty, and the record of backups.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "backup_run",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, state text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed')),
                started_at timestamptz NOT NULL, finished_at timestamptz, object_key text NOT NULL, bytes bigint, digest bytea, counts jsonb NOT NULL DEFAULT '{}',
                error_code text NOT NULL DEFAULT '', PRIMARY KEY (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("backup_run_by_time", "(tenant_id, started_at DESC)")],
        }
        .create(m)
        .await?;
        run(
            m,
            &[
                "CREATE TABLE worker_lease (name text PRIMARY KEY, holder uuid NOT NULL, until timestamptz NOT NULL)".into(),
                "GRANT SELECT, INSERT, UPDATE ON worker_lease TO tsumugi_operator".into(),
                "CREATE POLICY operator ON backup_run FOR SELECT TO tsumugi_operator USING (true)".into(),
                "GRANT SELECT (tenant_id, state, started_at, finished_at) ON backup_run TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
