//! What reception knows of a visit besides its purpose, the booking it came from, and when the patient was called.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE encounter
            ADD COLUMN visit_kind text NOT NULL DEFAULT '' CHECK (visit_kind IN ('', 'first', 'revisit')),
            ADD COLUMN memo text NOT NULL DEFAULT '',
            ADD COLUMN is_isolated boolean NOT NULL DEFAULT false,
            ADD COLUMN waits_at text NOT NULL DEFAULT 'lobby' CHECK (waits_at IN ('lobby', 'car', 'separate')),
            ADD COLUMN booked_for timestamptz,
            ADD COLUMN called_at timestamptz";
        run(m, &[sql.into()]).await
    }
}
