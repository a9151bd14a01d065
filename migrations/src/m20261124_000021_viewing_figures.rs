//! The month's count of looks under a consent walks an index of those events alone; the operator counts relays that are there.

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
                "CREATE INDEX audit_event_consented ON audit_event (tenant_id, id)
                    WHERE info_class IN ('medication_history', 'care_history', 'checkup_history')"
                    .into(),
                "CREATE POLICY operator ON device FOR SELECT TO tsumugi_operator USING (true)".into(),
                "GRANT SELECT (tenant_id, revoked_at, last_seen_at) ON device TO tsumugi_operator".into(),
            ],
        )
        .await
    }
}
