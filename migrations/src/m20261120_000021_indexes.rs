//! Indexes the plan tests asked for: amendments of one kind without reading the clinic's others, and one patient's visits of a day
//! without reading a thousand earlier ones.

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
                "CREATE INDEX note_amendment_by_kind ON note_amendment (tenant_id, kind, recorded_at DESC)".into(),
                "CREATE INDEX encounter_by_patient_day ON encounter (tenant_id, patient_id, reception_date)".into(),
            ],
        )
        .await
    }
}
