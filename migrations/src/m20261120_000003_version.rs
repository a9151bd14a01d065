//! The one history of everything clinical, and the answers already given to a repeated act.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "row_version",
            columns: "tenant_id uuid NOT NULL,
                kind text NOT NULL,
                id uuid NOT NULL,
                version int NOT NULL CHECK (version > 0),
                recorded_at timestamptz NOT NULL,
                author_id uuid NOT NULL,
                entered_by_id uuid NOT NULL,
                status text NOT NULL,
                reason text NOT NULL DEFAULT '',
                content jsonb NOT NULL,
                digest bytea NOT NULL CHECK (length(digest) = 32),
                PRIMARY KEY (tenant_id, kind, id, version)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "idempotency_key",
            columns: "tenant_id uuid NOT NULL,
                id uuid NOT NULL,
                act text NOT NULL,
                outcome jsonb NOT NULL,
                recorded_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
