//! The numbers of the queue leave out questions that only ask: the operator sees what a message is for, never what it says.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["GRANT SELECT (errand) ON outbox_message TO tsumugi_operator".into()]).await
    }
}
