//! 災害時モード: where the nation declares it, until when. Nobody's rows: every web process reads it with the other modes.

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
                "CREATE TABLE disaster_mode (prefecture text PRIMARY KEY CHECK (prefecture ~ '^[0-9]{2}$'), since timestamptz NOT NULL, until timestamptz NOT NULL,
                 reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200), CHECK (until >= since))"
                    .into(),
                "GRANT SELECT ON disaster_mode TO tsumugi_app".into(),
                "GRANT SELECT, INSERT, UPDATE ON disaster_mode TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
