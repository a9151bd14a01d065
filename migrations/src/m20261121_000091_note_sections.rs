//! 説明と同意 (IC) and 次回 (NX) stand beside S, O, A and P with the same versions, conflicts and amendments.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let widen = |table: &str| {
            format!(
                "ALTER TABLE {table} DROP CONSTRAINT {table}_section_check,
                 ADD CONSTRAINT {table}_section_check CHECK (section IN ('S', 'O', 'A', 'P', 'IC', 'NX'))"
            )
        };
        run(m, &["note_section", "note_amendment", "section_conflict"].map(widen)).await
    }
}
