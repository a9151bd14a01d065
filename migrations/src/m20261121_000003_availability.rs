//! 稼働の記録: minutes of each day a service ran, was slow or stood, and when it stood. Nobody's rows and no content.

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
                "CREATE TABLE availability_day (service text NOT NULL, day date NOT NULL, up int NOT NULL, slow int NOT NULL, down int NOT NULL,
                 last_at timestamptz NOT NULL, last_condition text NOT NULL CHECK (last_condition IN ('up', 'slow', 'down')),
                 PRIMARY KEY (service, day))"
                    .into(),
                "CREATE TABLE availability_outage (service text NOT NULL, began_at timestamptz NOT NULL, ended_at timestamptz,
                 PRIMARY KEY (service, began_at))"
                    .into(),
                "CREATE UNIQUE INDEX availability_outage_open ON availability_outage (service) WHERE ended_at IS NULL".into(),
                "GRANT SELECT ON availability_day, availability_outage TO tsumugi_app".into(),
                "GRANT SELECT, INSERT, UPDATE ON availability_day, availability_outage TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
