//! By which way a person's insurance was checked: card, smartphone, number, or on a device of their own.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE reader_result ADD COLUMN channel text NOT NULL DEFAULT ''
            CHECK (channel IN ('', 'card', 'phone', 'home', 'online', 'number'))";
        run(m, &[sql.into()]).await
    }
}
