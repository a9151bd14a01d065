//! What is still owed, found without reading what was paid: few rows of a long account.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let unsettled = "WHERE status IN ('issued', 'left_unpaid')";
        run(
            m,
            &[
                format!("CREATE INDEX account_unsettled_by_patient ON account (tenant_id, patient_id, billed_on, id) {unsettled}"),
                format!("CREATE INDEX account_unsettled ON account (tenant_id, billed_on, id) {unsettled}"),
            ],
        )
        .await
    }
}
