//! 取消申請 and other amendments of one kind, newest first, without reading the clinic's other amendments.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["CREATE INDEX note_amendment_by_kind ON note_amendment (tenant_id, kind, recorded_at DESC)".into()]).await
    }
}
