//! 会計: what was charged, what was asked for, what was paid. Bills and payments are only ever added to.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const OF_VISIT: &str = "FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        charge_item().create(m).await?;
        account().create(m).await?;
        invoice().create(m).await?;
        payment_notice().create(m).await
    }
}

fn charge_item() -> TenantTable<'static> {
    TenantTable {
        name: "charge_item",
        columns: format!(
            "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                line_no int NOT NULL CHECK (line_no > 0),
                source text NOT NULL CHECK (source IN ('hand', 'copy', 'engine')),
                section text NOT NULL,
                code text NOT NULL DEFAULT '',
                name text NOT NULL,
                points int NOT NULL CHECK (points BETWEEN 0 AND 999999),
                unit_yen int NOT NULL CHECK (unit_yen BETWEEN 0 AND 9999999),
                quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 999),
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('billable', 'withdrawn')),
                {OF_VISIT}"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("charge_item_by_encounter", "(tenant_id, encounter_id, line_no)")],
    }
}

/// One for each visit, under the visit's own id.
fn account() -> TenantTable<'static> {
    TenantTable {
        name: "account",
        columns: format!(
            "{VERSIONED},
                patient_id uuid NOT NULL,
                billed_on date NOT NULL,
                copay_percent int CHECK (copay_percent BETWEEN 0 AND 100),
                public_yen int NOT NULL CHECK (public_yen >= 0),
                revision int NOT NULL CHECK (revision >= 0),
                is_changed boolean NOT NULL,
                is_estimate boolean NOT NULL,
                due_yen int NOT NULL CHECK (due_yen >= 0),
                paid_yen int NOT NULL CHECK (paid_yen >= 0),
                unpaid_yen int NOT NULL CHECK (unpaid_yen = due_yen - paid_yen),
                unpaid_reason text NOT NULL DEFAULT '',
                unpaid_note text NOT NULL DEFAULT '',
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('open', 'issued', 'balanced', 'left_unpaid')),
                FOREIGN KEY (tenant_id, id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("account_by_patient", "(tenant_id, patient_id, status, billed_on)"),
            ("account_by_status", "(tenant_id, status, billed_on)"),
            ("account_by_patient_day", "(tenant_id, patient_id, billed_on DESC)"),
        ],
    }
}

fn invoice() -> TenantTable<'static> {
    TenantTable {
        name: "invoice",
        columns: format!(
            "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                revision int NOT NULL CHECK (revision > 0),
                copay_percent int CHECK (copay_percent BETWEEN 0 AND 100),
                points int NOT NULL,
                cost_yen int NOT NULL,
                copay_yen int NOT NULL,
                public_yen int NOT NULL,
                self_pay_yen int NOT NULL,
                due_yen int NOT NULL,
                lines jsonb NOT NULL,
                reason text NOT NULL DEFAULT '',
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, encounter_id, revision),
                CHECK (status = 'issued'),
                {OF_VISIT}"
        ),
        app: "SELECT, INSERT",
        update_only_if: None,
        indexes: &[],
    }
}

fn payment_notice() -> TenantTable<'static> {
    TenantTable {
        name: "payment_notice",
        columns: format!(
            "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                receipt_id uuid NOT NULL,
                receipt_no text NOT NULL,
                method text NOT NULL CHECK (method IN ('cash', 'card', 'qr', 'transfer')),
                amount_yen int NOT NULL CHECK (amount_yen <> 0),
                taken_on date NOT NULL,
                reason text NOT NULL DEFAULT '',
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('received', 'refunded', 'deposit')),
                {OF_VISIT}"
        ),
        app: "SELECT, INSERT",
        update_only_if: None,
        indexes: &[
            ("payment_notice_by_encounter", "(tenant_id, encounter_id, recorded_at)"),
            ("payment_notice_by_receipt", "(tenant_id, receipt_id)"),
            ("payment_notice_by_day", "(tenant_id, taken_on)"),
        ],
    }
}
