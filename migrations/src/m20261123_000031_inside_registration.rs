//! 院内処方の登録: where each stands, what a clinic chose for its inpatients, and which 処方 another was written to replace.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "inside_registration",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                message_id uuid,
                care text NOT NULL CHECK (care IN ('1', '2', '3')),
                sent_from timestamptz,
                register_id text NOT NULL DEFAULT '',
                replaces_id uuid,
                service_code text NOT NULL DEFAULT '',
                service_said text NOT NULL DEFAULT '',
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('held', 'pending', 'refused', 'registered', 'changing', 'changed', 'withdrawing', 'withdrawn')),
                CHECK (status NOT IN ('registered', 'changing') OR register_id <> ''),
                FOREIGN KEY (tenant_id, id) REFERENCES prescription (tenant_id, id),
                FOREIGN KEY (tenant_id, replaces_id) REFERENCES prescription (tenant_id, id),
                FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("inside_registration_by_encounter", "(tenant_id, encounter_id)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "inside_setting",
            columns: format!(
                "{VERSIONED},
                is_on boolean NOT NULL,
                timing text NOT NULL CHECK (timing IN ('daily', 'closing', 'discharge')),
                closing_day int NOT NULL CHECK (closing_day BETWEEN 1 AND 28 OR closing_day = 31),
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('active'))"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        run(
            m,
            &[
                "ALTER TABLE prescription DROP CONSTRAINT prescription_dispensed_at_check".into(),
                "ALTER TABLE prescription ADD CONSTRAINT prescription_dispensed_at_check CHECK (dispensed_at IN ('outside', 'inside', 'discharge'))".into(),
                "ALTER TABLE prescription ADD COLUMN replaces_id uuid, ADD FOREIGN KEY (tenant_id, replaces_id) REFERENCES prescription (tenant_id, id)".into(),
            ],
        )
        .await
    }
}
