//! 順番予約: a number of the day taken before the patient is here; and what a patient's link is for.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "queue_ticket",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                day date NOT NULL,
                number int NOT NULL CHECK (number > 0),
                doctor_id uuid,
                encounter_id uuid,
                PRIMARY KEY (tenant_id, id),
                CONSTRAINT queue_ticket_reception_number UNIQUE (tenant_id, day, number),
                CHECK (status IN ('booked', 'arrived', 'cancelled')),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        let purpose = "ALTER TABLE patient_link ADD COLUMN purpose text NOT NULL DEFAULT 'questionnaire'
            CHECK (purpose IN ('questionnaire', 'waiting'))";
        run(m, &[purpose.into()]).await
    }
}
