//! 定型文: a person's own, or the clinic's (owner is the nil id). What is retired frees its short name.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "snippet",
            columns: format!(
                "{VERSIONED},
                owner_id uuid NOT NULL,
                short_name text COLLATE \"C\" NOT NULL CHECK (short_name ~ '^[0-9a-z]{{1,12}}$'),
                body text NOT NULL CHECK (body <> ''),
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active', 'retired'))"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        run(m, &["CREATE UNIQUE INDEX snippet_short_name ON snippet (tenant_id, owner_id, short_name) WHERE status = 'active'".into()])
            .await
    }
}
