//! 一括照会: the people expected on a day, asked about the evening before, and what has to be looked after.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "bulk_inquiry",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, day date NOT NULL,
                status text NOT NULL CHECK (status IN ('pending', 'accepted', 'answered', 'unavailable')),
                reception_number text NOT NULL DEFAULT '', said text NOT NULL DEFAULT '', asked_at timestamptz NOT NULL, changed_at timestamptz NOT NULL,
                PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, day)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "bulk_inquiry_line",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), bulk_inquiry_id uuid NOT NULL,
                patient_id uuid NOT NULL, coverage_id uuid, starts_at timestamptz NOT NULL, eligibility text NOT NULL, said text NOT NULL DEFAULT '',
                is_limit_changed boolean NOT NULL, handled_at timestamptz, handled_by_id uuid,
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, bulk_inquiry_id) REFERENCES bulk_inquiry (tenant_id, id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, coverage_id) REFERENCES coverage (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("bulk_inquiry_line_by_inquiry", "(tenant_id, bulk_inquiry_id)")],
        }
        .create(m)
        .await
    }
}
