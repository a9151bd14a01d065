//! 分割: the days of each part, and one registration for each part of a 処方箋. The first stands under the 処方箋's own id.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(
            m,
            &[
                "ALTER TABLE prescription ADD COLUMN split_days text NOT NULL DEFAULT ''
                 CHECK (split_days = '' OR split_days ~ '^[0-9]{1,2}([+][0-9]{1,2}){1,2}$')"
                    .into(),
                "ALTER TABLE prescription_registration DROP CONSTRAINT prescription_registration_tenant_id_id_fkey".into(),
                "ALTER TABLE prescription_registration
                 ADD COLUMN part int CHECK (part BETWEEN 1 AND 3),
                 ADD COLUMN whole_id uuid,
                 ADD CHECK (coalesce(part, 1) = 1 OR whole_id IS NOT NULL),
                 ADD CHECK (whole_id IS NULL OR (part > 1 AND whole_id <> id)),
                 ADD FOREIGN KEY (tenant_id, whole_id) REFERENCES prescription (tenant_id, id)"
                    .into(),
                "CREATE UNIQUE INDEX prescription_registration_by_part ON prescription_registration (tenant_id, whole_id, part)".into(),
            ],
        )
        .await
    }
}
