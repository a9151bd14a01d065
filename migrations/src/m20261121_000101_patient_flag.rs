//! What everybody who meets a patient must know at a glance: 感染, 禁忌, 妊娠, and the 付箋 of a patient or of one visit.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "patient_flag",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid,
                category text NOT NULL CHECK (category IN ('infection', 'contraindication', 'pregnancy', 'sticky')),
                is_present boolean NOT NULL,
                said text NOT NULL,
                source text NOT NULL CHECK (source IN ('', 'patient', 'family', 'observed', 'referral', 'national')),
                noted_on date NOT NULL,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active', 'resolved', 'entered_in_error')),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("patient_flag_by_patient", "(tenant_id, patient_id)")],
        }
        .create(m)
        .await
    }
}
