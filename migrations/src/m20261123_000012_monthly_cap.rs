//! 限度額: how a visit counts towards the month's limit, and what of a bill is above it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let rule = "ADD COLUMN cap_rule text NOT NULL DEFAULT '' CHECK (cap_rule IN ('', 'category', 'disease', 'none'))";
        let sql = [
            format!("ALTER TABLE account {rule}"),
            format!(
                "ALTER TABLE invoice {rule}, ADD COLUMN over_cap_yen int NOT NULL DEFAULT 0 CHECK (over_cap_yen BETWEEN 0 AND copay_yen)"
            ),
        ];
        run(m, &sql).await
    }
}
