//! 変更: which registered 処方箋 another one was written to replace; and the states a change and the two UNDOs bring.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "prescription_change",
            columns: "tenant_id uuid NOT NULL, prescription_id uuid NOT NULL, replaced_id uuid,
                begun_at timestamptz NOT NULL, begun_by uuid NOT NULL,
                PRIMARY KEY (tenant_id, prescription_id),
                FOREIGN KEY (tenant_id, prescription_id) REFERENCES prescription (tenant_id, id),
                FOREIGN KEY (tenant_id, replaced_id) REFERENCES prescription_registration (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("prescription_change_by_replaced", "(tenant_id, replaced_id)")],
        }
        .create(m)
        .await?;
        run(
            m,
            &[
                "ALTER TABLE prescription_registration DROP CONSTRAINT prescription_registration_status_check".into(),
                "ALTER TABLE prescription_registration ADD CONSTRAINT prescription_registration_status_check CHECK (status IN
                 ('pending', 'refused', 'registered', 'to_paper', 'withdrawing', 'received', 'dispensed', 'collected', 'paper', 'withdrawn',
                 'changing', 'changed', 'restoring', 'reverting'))"
                    .into(),
                "CREATE INDEX prescription_registration_by_register_id ON prescription_registration (tenant_id, register_id)".into(),
            ],
        )
        .await
    }
}
