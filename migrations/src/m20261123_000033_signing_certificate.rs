//! 署名用の証明書: which certificate is whose. One person has one in a clinic, and one certificate is one person's.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "signing_certificate",
            columns: format!(
                "{VERSIONED},
                staff_id uuid NOT NULL,
                fingerprint text NOT NULL CHECK (length(fingerprint) = 64),
                subject text NOT NULL,
                serial text NOT NULL,
                valid_to timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active', 'removed')),
                FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        run(
            m,
            &[
                "CREATE UNIQUE INDEX signing_certificate_by_staff ON signing_certificate (tenant_id, staff_id) WHERE status = 'active'".into(),
                "CREATE UNIQUE INDEX signing_certificate_by_fingerprint ON signing_certificate (tenant_id, fingerprint) WHERE status = 'active'".into(),
            ],
        )
        .await
    }
}
