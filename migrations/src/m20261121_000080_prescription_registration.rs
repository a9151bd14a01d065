//! 電子処方箋の登録, under the id of its 処方箋: where it stands, and the numbers the service gave.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "prescription_registration",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                message_id uuid NOT NULL,
                issued_on date NOT NULL,
                usable_until date NOT NULL,
                register_id text NOT NULL DEFAULT '',
                access_code text NOT NULL DEFAULT '' CHECK (length(access_code) <= 16),
                pharmacy_name text NOT NULL DEFAULT '',
                pharmacy_message text NOT NULL DEFAULT '',
                service_code text NOT NULL DEFAULT '',
                service_said text NOT NULL DEFAULT '',
                reason text NOT NULL DEFAULT '',
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('pending', 'refused', 'registered', 'to_paper', 'withdrawing', 'received', 'dispensed', 'collected', 'paper', 'withdrawn')),
                CHECK (status NOT IN ('registered', 'received', 'dispensed', 'collected') OR register_id <> ''),
                FOREIGN KEY (tenant_id, id) REFERENCES prescription (tenant_id, id),
                FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("prescription_registration_by_encounter", "(tenant_id, encounter_id)")],
        }
        .create(m)
        .await
    }
}
