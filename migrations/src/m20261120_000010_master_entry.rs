//! Masters keep the whole row they were read from, so that the next release can be compared with it and later needs
//! (麻毒区分, 単独使用禁止, …) find their facts. Restoring under a new key-encryption key rewraps the clinic's keys; verifying
//! asks which events must have been sealed by now.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let masters = ["drug_master", "disease_master", "modifier_master", "procedure_master"];
        let mut sql: Vec<String> =
            masters.iter().map(|t| format!("ALTER TABLE {t} ADD COLUMN entry jsonb NOT NULL DEFAULT '{{}}'")).collect();
        sql.push("GRANT UPDATE (provider, kek_id, wrapped, recovery_wrapped) ON tenant_key TO tsumugi_restore".into());
        sql.push("GRANT SELECT ON audit_watermark TO tsumugi_backup".into());
        run(m, &sql).await
    }
}
