//! Questions to the national services that wait for a 連携端末 to fetch them, and which way a clinic's questions go.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "national_connection",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL CHECK (id = tenant_id), version int NOT NULL CHECK (version > 0),
                transport text NOT NULL CHECK (transport IN ('web', 'folder')), changed_at timestamptz NOT NULL, changed_by_id uuid NOT NULL,
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, changed_by_id) REFERENCES staff (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "device_request",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, message_id uuid NOT NULL, name text NOT NULL, suffix text NOT NULL,
                identifier text NOT NULL, content bytea NOT NULL, answer bytea NOT NULL DEFAULT '', answer_sha256 bytea NOT NULL DEFAULT '',
                state text NOT NULL CHECK (state IN ('queued', 'fetched', 'answered', 'unread', 'given_up')), device_id uuid,
                queued_at timestamptz NOT NULL, fetched_at timestamptz, answered_at timestamptz,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, suffix),
                FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id),
                FOREIGN KEY (tenant_id, device_id) REFERENCES device (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[
                ("device_request_by_state", "(tenant_id, state, queued_at)"),
                ("device_request_by_message", "(tenant_id, message_id)"),
            ],
        }
        .create(m)
        .await
    }
}
