//! 紙の処方箋の登録: a paper that carries a 引換番号, also one registered after it was handed out.

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
                "ALTER TABLE prescription DROP CONSTRAINT prescription_issue_form_check".into(),
                "ALTER TABLE prescription ADD CONSTRAINT prescription_issue_form_check CHECK (issue_form IN ('paper', 'electronic', 'numbered'))".into(),
                "ALTER TABLE prescription_registration ADD COLUMN original text NOT NULL DEFAULT 'electronic' CHECK (original IN ('electronic', 'paper'))"
                    .into(),
            ],
        )
        .await
    }
}
