//! The month's figures of a clinic's prescriptions walk these two indexes; the operator counts clinics that are live, and nothing else.

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
                "CREATE INDEX prescription_by_signature ON prescription (tenant_id, signed_at)".into(),
                "CREATE INDEX prescription_registration_by_day ON prescription_registration (tenant_id, issued_on)".into(),
            ],
        )
        .await
    }
}
