//! 外部送信: messages on their way to partners, and every exchange they led to. Contents are sealed under the clinic's key;
//! the operator sees which message is due, never what it says.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "outbox_message",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0),
                service text NOT NULL, errand text NOT NULL, lane uuid NOT NULL, key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
                patient_id uuid, encounter_id uuid, payload bytea NOT NULL,
                state text NOT NULL CHECK (state IN ('waiting', 'sending', 'done', 'refused', 'given_up', 'withdrawn')),
                attempts int NOT NULL, may_have_arrived boolean NOT NULL, next_attempt_at timestamptz NOT NULL, wanted_since timestamptz NOT NULL,
                holder uuid, code text NOT NULL DEFAULT '', said text NOT NULL DEFAULT '',
                created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, changed_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, service, key),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[
                ("outbox_message_by_state", "(tenant_id, state, changed_at)"),
                ("outbox_message_by_lane", "(tenant_id, lane, created_at)"),
            ],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "outbox_exchange",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, message_id uuid NOT NULL, attempt int NOT NULL, task text NOT NULL,
                outcome text NOT NULL, started_at timestamptz NOT NULL, elapsed_ms int NOT NULL, sent bytea NOT NULL, received bytea NOT NULL,
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[("outbox_exchange_by_message", "(tenant_id, message_id, started_at)")],
        }
        .create(m)
        .await?;
        run(
            m,
            &[
                "CREATE INDEX outbox_message_due ON outbox_message (next_attempt_at) WHERE state IN ('waiting', 'sending')".into(),
                "CREATE POLICY operator ON outbox_message FOR SELECT TO tsumugi_operator USING (true)".into(),
                "GRANT SELECT (tenant_id, id, service, state, attempts, next_attempt_at, wanted_since, changed_at) ON outbox_message TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
