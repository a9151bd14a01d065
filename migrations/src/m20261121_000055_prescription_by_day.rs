//! A patient's earlier drugs, newest first, without reading a thousand older ones.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let index =
            "CREATE INDEX medication_request_by_patient_newest ON medication_request (tenant_id, patient_id, recorded_at DESC, line_no)";
        run(m, &[index.into()]).await
    }
}
