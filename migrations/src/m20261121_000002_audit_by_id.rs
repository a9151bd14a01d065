//! Events are read by their id, which begins with the moment: the second index on time only made every act dearer.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["DROP INDEX audit_event_by_time".into()]).await
    }
}
