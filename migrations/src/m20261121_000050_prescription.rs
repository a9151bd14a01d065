//! 処方: the head of a 処方箋, what a line needs beyond drug and dose, drugs a clinic has used before, sets.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        prescription().create(m).await?;
        adopted_drug().create(m).await?;
        order_set().create(m).await?;
        run(
            m,
            &["ALTER TABLE medication_request
                ADD COLUMN prescription_id uuid,
                ADD COLUMN usage_code text NOT NULL DEFAULT '',
                ADD COLUMN generic_name text NOT NULL DEFAULT '',
                ADD COLUMN is_generic bool NOT NULL DEFAULT false,
                ADD COLUMN preparation text NOT NULL DEFAULT '' CHECK (preparation IN ('', 'one_dose', 'crushed')),
                ADD COLUMN leftover_days int NOT NULL DEFAULT 0 CHECK (leftover_days BETWEEN 0 AND 90),
                ADD FOREIGN KEY (tenant_id, prescription_id) REFERENCES prescription (tenant_id, id)"
                .to_owned()],
        )
        .await
    }
}

/// One 処方箋 of one visit. Its lines are `medication_request` rows; `status` is a `RxStatus`.
fn prescription() -> TenantTable<'static> {
    TenantTable {
        name: "prescription",
        columns: format!(
            "{VERSIONED},
            patient_id uuid NOT NULL,
            encounter_id uuid NOT NULL,
            dispensed_at text NOT NULL CHECK (dispensed_at IN ('outside', 'inside')),
            issue_form text NOT NULL CHECK (issue_form IN ('paper', 'electronic')),
            valid_to date,
            refill int NOT NULL CHECK (refill IN (0, 2, 3)),
            split int NOT NULL CHECK (split IN (0, 2, 3)),
            leftover text NOT NULL CHECK (leftover IN ('', 'query', 'report')),
            remark text NOT NULL,
            signed_at timestamptz,
            signed_by_id uuid,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('draft', 'checked', 'signed', 'registered', 'issued_paper', 'dispensed', 'changed', 'withdrawn')),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
            FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("prescription_by_encounter", "(tenant_id, encounter_id)"),
            ("prescription_by_patient", "(tenant_id, patient_id, recorded_at DESC)"),
        ],
    }
}

/// Drugs this clinic has prescribed: they come first while typing.
fn adopted_drug() -> TenantTable<'static> {
    TenantTable {
        name: "adopted_drug",
        columns: "tenant_id uuid NOT NULL,
            code text COLLATE \"C\" NOT NULL,
            search_key text COLLATE \"C\" NOT NULL,
            kana_key text COLLATE \"C\" NOT NULL,
            adopted_at timestamptz NOT NULL,
            PRIMARY KEY (tenant_id, code)"
            .to_owned(),
        app: "SELECT, INSERT, DELETE",
        update_only_if: None,
        indexes: &[("adopted_drug_by_name", "(tenant_id, search_key)"), ("adopted_drug_by_kana", "(tenant_id, kana_key)")],
    }
}

/// セット of prescription lines or orders, of one person, one department or the whole clinic.
fn order_set() -> TenantTable<'static> {
    TenantTable {
        name: "order_set",
        columns: format!(
            "{VERSIONED},
            name text NOT NULL,
            content_kind text NOT NULL CHECK (content_kind IN ('prescription', 'order')),
            scope text NOT NULL CHECK (scope IN ('personal', 'department', 'clinic')),
            owner_id uuid,
            department text NOT NULL DEFAULT '',
            lines jsonb NOT NULL,
            PRIMARY KEY (tenant_id, id),
            CHECK (status IN ('active', 'withdrawn')),
            CHECK ((scope = 'personal') = (owner_id IS NOT NULL))"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("order_set_by_kind", "(tenant_id, content_kind, status)")],
    }
}
