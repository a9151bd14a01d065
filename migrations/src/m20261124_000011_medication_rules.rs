//! 処方の点検の規則: each release is kept whole, so that what was said on an earlier day can still be found with its source.

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
                "ALTER TABLE master_release DROP CONSTRAINT master_release_kind_check".into(),
                "ALTER TABLE master_release ADD CONSTRAINT master_release_kind_check
                 CHECK (kind IN ('disease', 'modifier', 'drug', 'procedure', 'medication_rule'))"
                    .into(),
                "CREATE TABLE medication_rule (
                    release_id uuid NOT NULL REFERENCES master_release (id),
                    id text COLLATE \"C\" NOT NULL,
                    rule jsonb NOT NULL,
                    PRIMARY KEY (release_id, id),
                    CHECK (rule ->> 'level' <> 'block' OR btrim(rule ->> 'source') <> '')
                )"
                .into(),
                "GRANT SELECT ON medication_rule TO tsumugi_app, tsumugi_backup".into(),
                "GRANT SELECT, INSERT ON medication_rule TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
