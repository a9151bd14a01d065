//! 麻薬施用者免許: the number and the last day, of the staff member who prescribes.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["ALTER TABLE staff ADD COLUMN narcotic_license text NOT NULL DEFAULT '', ADD COLUMN narcotic_license_to date".into()])
            .await
    }
}
