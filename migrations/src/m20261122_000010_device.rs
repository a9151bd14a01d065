//! 連携端末: the machines of a clinic that carry files to and from its 資格確認端末, and what of those files could not be used.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "device",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), name text NOT NULL,
                prefix text NOT NULL, secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
                issued_at timestamptz NOT NULL, issued_by_id uuid NOT NULL, revoked_at timestamptz, revoked_by_id uuid,
                last_seen_at timestamptz, program text NOT NULL DEFAULT '', waiting int NOT NULL DEFAULT 0, aside int NOT NULL DEFAULT 0,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, secret_sha256),
                FOREIGN KEY (tenant_id, issued_by_id) REFERENCES staff (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "device_arrival",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), device_id uuid NOT NULL,
                folder text NOT NULL CHECK (folder IN ('res', 'face')), name text NOT NULL,
                content_sha256 bytea NOT NULL CHECK (length(content_sha256) = 32), size int NOT NULL, content bytea NOT NULL,
                state text NOT NULL CHECK (state IN ('taken', 'late', 'refused', 'reviewed')), reason text NOT NULL DEFAULT '',
                arrived_at timestamptz NOT NULL, reviewed_at timestamptz, reviewed_by_id uuid,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, folder, name, content_sha256),
                FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("device_arrival_by_state", "(tenant_id, state, arrived_at)")],
        }
        .create(m)
        .await
    }
}
