//! Masters: shared, read-only for requests, each row belonging to the release that brought it and valid between dates.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let release = "release_id uuid NOT NULL REFERENCES master_release (id), code text COLLATE \"C\" NOT NULL, name text NOT NULL, name_kana text NOT NULL DEFAULT '',
            search_key text COLLATE \"C\" NOT NULL, kana_key text COLLATE \"C\" NOT NULL DEFAULT '', valid_from date NOT NULL, valid_to date";
        let tables = [
            (
                "drug_master",
                format!(
                    "{release}, yj_code text NOT NULL DEFAULT '', unit text NOT NULL, dosage_form text NOT NULL DEFAULT '', price_yen_hundredths bigint, PRIMARY KEY (code, valid_from)"
                ),
            ),
            (
                "disease_master",
                format!(
                    "{release}, exchange_code text NOT NULL DEFAULT '', icd10 text NOT NULL DEFAULT '', PRIMARY KEY (code, valid_from)"
                ),
            ),
            (
                "modifier_master",
                format!(
                    "{release}, exchange_code text NOT NULL DEFAULT '', modifier_kind text NOT NULL DEFAULT '', PRIMARY KEY (code, valid_from)"
                ),
            ),
            ("procedure_master", format!("{release}, points_hundredths bigint, PRIMARY KEY (code, valid_from)")),
        ];
        let mut sql = vec![
            "CREATE TABLE master_release (
                id uuid PRIMARY KEY,
                kind text NOT NULL CHECK (kind IN ('disease', 'modifier', 'drug', 'procedure')),
                label text NOT NULL,
                source_file text NOT NULL,
                sha256 bytea NOT NULL,
                effective_on date NOT NULL,
                imported_at timestamptz NOT NULL,
                row_count int NOT NULL,
                is_sample bool NOT NULL,
                UNIQUE (kind, sha256)
            )"
            .to_owned(),
            "GRANT SELECT ON master_release TO tsumugi_app, tsumugi_backup".into(),
            "GRANT SELECT, INSERT ON master_release TO tsumugi_operator".into(),
        ];
        for (t, columns) in &tables {
            sql.push(format!("CREATE TABLE {t} ({columns})"));
            sql.push(format!("CREATE INDEX {t}_by_name ON {t} (search_key, code)"));
            sql.push(format!("CREATE INDEX {t}_by_kana ON {t} (kana_key, code) WHERE kana_key <> ''"));
            sql.push(format!("GRANT SELECT ON {t} TO tsumugi_app, tsumugi_backup"));
            sql.push(format!("GRANT SELECT, INSERT, UPDATE ON {t} TO tsumugi_operator"));
        }
        run(m, &sql).await
    }
}
