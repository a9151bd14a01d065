//! 計測: one row for each round, values in tenths of their unit, with the time of measuring beside the time of writing.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "vital_signs",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                measured_at timestamptz NOT NULL,
                bt int CHECK (bt BETWEEN 300 AND 430),
                sbp int CHECK (sbp BETWEEN 400 AND 3000),
                dbp int CHECK (dbp BETWEEN 200 AND 2000),
                hr int CHECK (hr BETWEEN 200 AND 2500),
                spo2 int CHECK (spo2 BETWEEN 500 AND 1000),
                rr int CHECK (rr BETWEEN 40 AND 600),
                wt int CHECK (wt BETWEEN 3 AND 3000),
                ht int CHECK (ht BETWEEN 200 AND 2300),
                bs int CHECK (bs BETWEEN 100 AND 15000),
                nrs int CHECK (nrs BETWEEN 0 AND 100),
                jcs text NOT NULL DEFAULT '',
                acuity text NOT NULL DEFAULT '' CHECK (acuity IN ('', 'emergency', 'urgent', 'routine')),
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('final', 'entered_in_error')),
                CHECK (dbp IS NULL OR sbp IS NULL OR dbp < sbp),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[
                ("vital_signs_by_patient", "(tenant_id, patient_id, measured_at DESC)"),
                ("vital_signs_by_encounter", "(tenant_id, encounter_id)"),
            ],
        }
        .create(m)
        .await
    }
}
