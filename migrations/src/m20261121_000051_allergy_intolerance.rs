//! アレルギー: what a patient must not meet, or the statement that nothing is known.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "allergy_intolerance",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                category text NOT NULL CHECK (category IN ('medication', 'food', 'environment', 'none')),
                substance text NOT NULL,
                substance_code text NOT NULL,
                substance_system text NOT NULL CHECK (substance_system IN ('', 'jfagy', 'receipt')),
                ingredient_code text NOT NULL,
                reaction text NOT NULL,
                severity text NOT NULL CHECK (severity IN ('', 'mild', 'moderate', 'severe')),
                certainty text NOT NULL CHECK (certainty IN ('confirmed', 'unconfirmed')),
                source text NOT NULL CHECK (source IN ('patient', 'family', 'observed', 'referral', 'national')),
                asked_on date NOT NULL,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active', 'resolved', 'entered_in_error')),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("allergy_intolerance_by_patient", "(tenant_id, patient_id)")],
        }
        .create(m)
        .await
    }
}
