//! 検査・処置のオーダー and the results that come back.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        service_request().create(m).await?;
        observation_result().create(m).await
    }
}

/// One ordered act; `status` is an `OrderStatus`.
fn service_request() -> TenantTable<'static> {
    TenantTable {
        name: "service_request",
        columns: format!(
            "{VERSIONED},
            patient_id uuid NOT NULL,
            encounter_id uuid NOT NULL,
            category text NOT NULL CHECK (category IN ('laboratory', 'procedure')),
            code text NOT NULL,
            name text NOT NULL,
            specimen text NOT NULL,
            procedure_code text NOT NULL,
            quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 99),
            is_stat bool NOT NULL,
            due_on date NOT NULL,
            note text NOT NULL,
            issued_at timestamptz,
            issued_by_id uuid,
            acknowledged_at timestamptz,
            acknowledged_by_id uuid,
            done_at timestamptz,
            done_by_id uuid,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('draft', 'issued', 'acknowledged', 'in_progress', 'done', 'resulted', 'reviewed', 'stopped', 'cancelled')),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
            FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("service_request_by_encounter", "(tenant_id, encounter_id, id)"),
            ("service_request_by_patient", "(tenant_id, patient_id, recorded_at DESC)"),
            ("service_request_by_status", "(tenant_id, status, due_on)"),
        ],
    }
}

/// One measured value of a laboratory order; `status` is a `ResultStatus`.
fn observation_result() -> TenantTable<'static> {
    TenantTable {
        name: "observation_result",
        columns: format!(
            "{VERSIONED},
            patient_id uuid NOT NULL,
            service_request_id uuid NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            value_text text NOT NULL,
            unit text NOT NULL,
            reference_low text NOT NULL,
            reference_high text NOT NULL,
            flag text NOT NULL CHECK (flag IN ('', 'L', 'H', 'LL', 'HH', 'A')),
            ordered_by_id uuid NOT NULL,
            observed_at timestamptz NOT NULL,
            reviewed_at timestamptz,
            reviewed_by_id uuid,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('unread', 'reviewed', 'explained')),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
            FOREIGN KEY (tenant_id, service_request_id) REFERENCES service_request (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("observation_result_by_order", "(tenant_id, service_request_id)"),
            ("observation_result_by_patient", "(tenant_id, patient_id, observed_at DESC)"),
            ("observation_result_unread", "(tenant_id, status, observed_at)"),
        ],
    }
}
