//! 運用状態: the mode the SRE declared, how each partner stands, and how many messages of a clinic wait. Nobody's rows and no content:
//! every web process reads them every other second to draw its chips and banners.

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
                "CREATE TABLE system_mode (only_one boolean PRIMARY KEY CHECK (only_one), mode text NOT NULL CHECK (mode IN ('normal', 'degraded', 'read_only')),
                 since timestamptz NOT NULL, until timestamptz, reason text NOT NULL DEFAULT '')"
                    .into(),
                "CREATE TABLE service_state (service text NOT NULL, scope uuid NOT NULL, state text NOT NULL CHECK (state IN ('up', 'degraded', 'down')),
                 failures int NOT NULL, since timestamptz NOT NULL, PRIMARY KEY (service, scope))"
                    .into(),
                "CREATE TABLE outbox_queue (scope uuid NOT NULL, service text NOT NULL, waiting int NOT NULL, stuck int NOT NULL, PRIMARY KEY (scope, service))".into(),
                "GRANT SELECT ON system_mode, service_state, outbox_queue TO tsumugi_app".into(),
                "GRANT SELECT, INSERT, UPDATE ON system_mode, service_state TO tsumugi_operator".into(),
                "GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_queue TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
