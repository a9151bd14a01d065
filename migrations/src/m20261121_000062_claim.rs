//! レセコン送信: what the receipt computer knows of each visit, and how the clinic reaches it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "claim",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                performed_on date NOT NULL,
                message_version int NOT NULL CHECK (message_version >= 0),
                content_digest text NOT NULL DEFAULT '',
                sent_version int NOT NULL CHECK (sent_version >= 0),
                medical_uid text NOT NULL DEFAULT '',
                engine_code text NOT NULL DEFAULT '',
                engine_said text NOT NULL DEFAULT '',
                points int,
                due_yen int,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('open', 'sent', 'priced', 'settled', 'corrected', 'monthly_checked', 'claimed', 'returned', 'assessed')),
                FOREIGN KEY (tenant_id, id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("claim_by_day", "(tenant_id, performed_on)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "receipt_engine",
            columns: format!(
                "{VERSIONED},
                url text NOT NULL,
                user_name text NOT NULL,
                password_sealed bytea NOT NULL,
                department_code text NOT NULL,
                physician_codes jsonb NOT NULL,
                PRIMARY KEY (tenant_id, id),
                CHECK (id = tenant_id),
                CHECK (status IN ('on', 'off'))"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
