//! 訪問・オンライン診療: who consented on a device of their own, and until when the clinic may ask again.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        consented_listing().create(m).await?;
        remote_consent().create(m).await?;
        let sql = [
            "CREATE UNIQUE INDEX remote_consent_once ON remote_consent (tenant_id, patient_id, setting) WHERE status = 'active'",
            "CREATE INDEX reader_result_remote ON reader_result (tenant_id, received_at) WHERE channel IN ('home', 'online') AND outcome = 'received'",
            "ALTER TABLE eligibility_inquiry ADD COLUMN setting text NOT NULL DEFAULT 'outpatient'
                CHECK (setting IN ('outpatient', 'home', 'online'))",
        ];
        run(m, &sql.map(String::from)).await
    }
}

fn consented_listing() -> TenantTable<'static> {
    TenantTable {
        name: "consented_listing",
        columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, setting text NOT NULL CHECK (setting IN ('home', 'online')),
            from_on date NOT NULL, to_on date NOT NULL CHECK (to_on >= from_on),
            status text NOT NULL CHECK (status IN ('pending', 'accepted', 'answered', 'unavailable')),
            said text NOT NULL DEFAULT '', found int NOT NULL DEFAULT 0 CHECK (found >= 0),
            asked_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, id)"
            .into(),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("consented_listing_by_time", "(tenant_id, asked_at)")],
    }
}

fn remote_consent() -> TenantTable<'static> {
    TenantTable {
        name: "remote_consent",
        columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), patient_id uuid NOT NULL,
            setting text NOT NULL CHECK (setting IN ('home', 'online')), insurer_number text NOT NULL, insured_symbol text NOT NULL,
            insured_number text NOT NULL, branch_number text NOT NULL, birth_date date NOT NULL,
            status text NOT NULL CHECK (status IN ('active', 'ended')), until date, reader_result_id uuid NOT NULL,
            registered_at timestamptz NOT NULL, registered_by_id uuid NOT NULL, checked_at timestamptz NOT NULL,
            ended_at timestamptz, ended_by_id uuid, ending text NOT NULL DEFAULT '' CHECK (ending IN ('', 'withdrawn', 'finished')),
            message_id uuid, PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
            FOREIGN KEY (tenant_id, reader_result_id) REFERENCES reader_result (tenant_id, id),
            FOREIGN KEY (tenant_id, message_id) REFERENCES outbox_message (tenant_id, id)"
            .into(),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("remote_consent_by_status", "(tenant_id, status, registered_at)")],
    }
}
