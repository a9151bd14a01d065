//! An index the plan tests asked for: one patient's visits of a day, without reading a thousand earlier ones.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        run(m, &["CREATE INDEX encounter_by_patient_day ON encounter (tenant_id, patient_id, reception_date)".into()]).await
    }
}
