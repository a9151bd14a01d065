//! Patients, the numbers they are also known by, merges, and insurance coverage.
//!
//! Search columns are `COLLATE "C"` text compared by half-open ranges: the only prefix search that stays on the index under
//! row-level security.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        patient(m).await?;
        coverage(m).await
    }
}

async fn patient(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    TenantTable {
        name: "patient",
        columns: format!(
            "{VERSIONED},
            patient_number text COLLATE \"C\" NOT NULL,
            name_ideographic text NOT NULL,
            name_syllabic text NOT NULL,
            alias_name text NOT NULL DEFAULT '',
            sex text NOT NULL CHECK (sex IN ('male', 'female', 'unknown')),
            birth_date date NOT NULL,
            postal_code text NOT NULL DEFAULT '',
            address text NOT NULL DEFAULT '',
            tel text NOT NULL DEFAULT '',
            mobile text NOT NULL DEFAULT '',
            email text NOT NULL DEFAULT '',
            language text NOT NULL DEFAULT 'ja',
            note text NOT NULL DEFAULT '',
            deceased_on date,
            merged_into_id uuid,
            merge_id uuid,
            kana_key text COLLATE \"C\" NOT NULL,
            kanji_key text COLLATE \"C\" NOT NULL,
            tel_last4 text COLLATE \"C\" NOT NULL DEFAULT '',
            mobile_last4 text COLLATE \"C\" NOT NULL DEFAULT '',
            PRIMARY KEY (tenant_id, id),
            UNIQUE (tenant_id, patient_number),
            CHECK (status IN ('active', 'merged')),
            FOREIGN KEY (tenant_id) REFERENCES tenant (id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("patient_by_kana", "(tenant_id, kana_key, id)"),
            ("patient_by_kanji", "(tenant_id, kanji_key, id)"),
            ("patient_by_birth_date", "(tenant_id, birth_date, id)"),
            ("patient_by_tel", "(tenant_id, tel_last4) WHERE tel_last4 <> ''"),
            ("patient_by_mobile", "(tenant_id, mobile_last4) WHERE mobile_last4 <> ''"),
            ("patient_by_survivor", "(tenant_id, merged_into_id) WHERE merged_into_id IS NOT NULL"),
        ],
    }
    .create(m)
    .await?;
    TenantTable {
        name: "patient_alias",
        columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, patient_id uuid NOT NULL, patient_number text COLLATE \"C\" NOT NULL, merge_id uuid NOT NULL,
            PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, merge_id, patient_number),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
            .into(),
        app: "SELECT, INSERT, DELETE",
        update_only_if: None,
        indexes: &[("patient_alias_by_number", "(tenant_id, patient_number)")],
    }
    .create(m)
    .await?;
    TenantTable {
        name: "patient_merge",
        columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, survivor_id uuid NOT NULL, merged_id uuid NOT NULL,
            merged_at timestamptz NOT NULL, merged_by_id uuid NOT NULL, undo_until timestamptz NOT NULL, undone_at timestamptz, undone_by_id uuid,
            PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, survivor_id) REFERENCES patient (tenant_id, id),
            FOREIGN KEY (tenant_id, merged_id) REFERENCES patient (tenant_id, id)"
            .into(),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[("patient_merge_by_survivor", "(tenant_id, survivor_id)")],
    }
    .create(m)
    .await
}

async fn coverage(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    TenantTable {
        name: "coverage",
        columns: format!(
            "{VERSIONED},
            patient_id uuid NOT NULL,
            kind text NOT NULL,
            insurer_number text COLLATE \"C\" NOT NULL,
            insurer_name text NOT NULL DEFAULT '',
            insured_symbol text NOT NULL DEFAULT '',
            insured_number text COLLATE \"C\" NOT NULL DEFAULT '',
            branch_number text NOT NULL DEFAULT '',
            relation text NOT NULL CHECK (relation IN ('self', 'family')),
            copay_percent int,
            insured_card_classification text NOT NULL DEFAULT '',
            limit_category text NOT NULL DEFAULT '',
            valid_from date,
            valid_to date,
            verified_on date,
            verification text NOT NULL,
            eligibility text NOT NULL,
            PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[
            ("coverage_by_patient", "(tenant_id, patient_id, valid_from DESC)"),
            ("coverage_by_insured_number", "(tenant_id, insured_number, insurer_number)"),
        ],
    }
    .create(m)
    .await
}
