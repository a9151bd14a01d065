//! 救急時・災害時の閲覧: who may (named by the administrator), each look with its reason, what came, and what somebody else thought of it.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "emergency_privilege",
            columns: "tenant_id uuid NOT NULL, staff_id uuid NOT NULL, version int NOT NULL CHECK (version > 0), is_held boolean NOT NULL,
                changed_at timestamptz NOT NULL, changed_by_id uuid NOT NULL,
                PRIMARY KEY (tenant_id, staff_id), FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id),
                FOREIGN KEY (tenant_id, changed_by_id) REFERENCES staff (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "emergency_view",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, version int NOT NULL CHECK (version > 0), patient_id uuid NOT NULL,
                encounter_id uuid, reader_result_id uuid, grounds text NOT NULL CHECK (grounds IN ('emergency', 'disaster')),
                reason text NOT NULL, reason_words text NOT NULL DEFAULT '' CHECK (length(reason_words) <= 200),
                opened_by_id uuid NOT NULL, opened_at timestamptz NOT NULL, until timestamptz NOT NULL,
                status text NOT NULL CHECK (status IN ('pending', 'received', 'refused', 'unavailable')), said text NOT NULL DEFAULT '',
                raw bytea, received_at timestamptz,
                judged_by_id uuid CHECK (judged_by_id <> opened_by_id), judged_at timestamptz,
                judgement text CHECK (judgement IN ('justified', 'questioned')), remark text NOT NULL DEFAULT '' CHECK (length(remark) <= 200),
                CHECK ((judged_by_id IS NULL) = (judgement IS NULL)), CHECK ((grounds = 'emergency') = (reader_result_id IS NOT NULL)),
                PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, reader_result_id) REFERENCES reader_result (tenant_id, id),
                FOREIGN KEY (tenant_id, opened_by_id) REFERENCES staff (tenant_id, id),
                FOREIGN KEY (tenant_id, judged_by_id) REFERENCES staff (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: None,
            indexes: &[("emergency_view_by_time", "(tenant_id, opened_at)"), ("emergency_view_by_patient", "(tenant_id, patient_id, opened_at)")],
        }
        .create(m)
        .await
    }
}
