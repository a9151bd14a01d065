//! The keys a person has put in the place of the usual ones (R7): one row for each person.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "key_settings",
            columns: format!(
                "{VERSIONED},
                has_letters boolean NOT NULL,
                is_ctrl_alt boolean,
                own_keys jsonb NOT NULL,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active')),
                FOREIGN KEY (tenant_id, id) REFERENCES staff (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await
    }
}
