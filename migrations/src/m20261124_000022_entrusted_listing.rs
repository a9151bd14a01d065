//! 委託先資格情報: what was asked for of a month, and whom it named that nobody here was.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "entrusted_listing",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, month date NOT NULL,
                status text NOT NULL CHECK (status IN ('pending', 'accepted', 'answered', 'unavailable')),
                said text NOT NULL DEFAULT '', found int NOT NULL DEFAULT 0 CHECK (found >= 0),
                renewed int NOT NULL DEFAULT 0 CHECK (renewed BETWEEN 0 AND found), others bytea NOT NULL,
                asked_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("entrusted_listing_by_month", "(tenant_id, month, asked_at)")],
        }
        .create(m)
        .await?;
        run(m, &["CREATE INDEX coverage_by_insured ON coverage (tenant_id, insured_number)".into()]).await
    }
}
