//! A text that came too late belongs to a section that may never have been written: the letter names it, the row is optional.
//! And 無効 takes two people: a doctor asks, an administrator agrees.

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
                "ALTER TABLE section_conflict ADD COLUMN section text NOT NULL CHECK (section IN ('S', 'O', 'A', 'P'))".into(),
                "ALTER TABLE section_conflict ALTER COLUMN section_id DROP NOT NULL".into(),
                "ALTER TABLE note_amendment DROP CONSTRAINT note_amendment_kind_check".into(),
                "ALTER TABLE note_amendment ADD CONSTRAINT note_amendment_kind_check
                 CHECK (kind IN ('addendum', 'amendment', 'void_request', 'void'))"
                    .into(),
                "CREATE INDEX note_amendment_by_kind ON note_amendment (tenant_id, kind, recorded_at)".into(),
                "CREATE UNIQUE INDEX note_amendment_one_void ON note_amendment (tenant_id, note_id) WHERE kind = 'void'".into(),
            ],
        )
        .await
    }
}
