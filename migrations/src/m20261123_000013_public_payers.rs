//! 公費 that come with the card: 償還払い, what each payer bore of a bill, and the insurance it was made under.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let sql = [
            "ALTER TABLE coverage ADD COLUMN is_paid_back boolean NOT NULL DEFAULT false",
            "ALTER TABLE account ADD COLUMN public_rule text NOT NULL DEFAULT '' CHECK (public_rule IN ('', 'auto'))",
            "ALTER TABLE invoice ADD COLUMN public_parts jsonb NOT NULL DEFAULT '[]', ADD COLUMN coverage_id uuid",
        ];
        run(m, &sql.map(String::from)).await
    }
}
