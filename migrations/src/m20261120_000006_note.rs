//! Notes. Once signed, neither the note nor its sections can be changed by a request: the update policy no longer shows them.
//! What comes later is a `note_amendment`, which can only be added.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        TenantTable {
            name: "note",
            columns: format!(
                "{VERSIONED},
                patient_id uuid NOT NULL,
                encounter_id uuid NOT NULL,
                noted_on date NOT NULL,
                responsible_id uuid NOT NULL,
                signed_at timestamptz,
                signed_by_id uuid,
                PRIMARY KEY (tenant_id, id),
                CHECK (status IN ('draft', 'pending_approval', 'signed')),
                CHECK ((status = 'signed') = (signed_at IS NOT NULL) AND (signed_at IS NULL) = (signed_by_id IS NULL)),
                FOREIGN KEY (tenant_id, patient_id) REFERENCES patient (tenant_id, id),
                FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter (tenant_id, id),
                FOREIGN KEY (tenant_id, responsible_id) REFERENCES staff (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: Some("signed_at IS NULL"),
            indexes: &[
                ("note_by_encounter", "(tenant_id, encounter_id)"),
                ("note_by_patient", "(tenant_id, patient_id, noted_on DESC, id DESC)"),
                ("note_unsigned", "(tenant_id, noted_on, id) WHERE signed_at IS NULL"),
            ],
        }
        .create(m)
        .await?;
        run(m, &["CREATE UNIQUE INDEX note_one_draft ON note (tenant_id, encounter_id) WHERE signed_at IS NULL".into()]).await?;
        TenantTable {
            name: "note_section",
            columns: format!(
                "{VERSIONED},
                note_id uuid NOT NULL,
                patient_id uuid NOT NULL,
                section text NOT NULL CHECK (section IN ('S', 'O', 'A', 'P')),
                body text NOT NULL,
                frozen_at timestamptz,
                PRIMARY KEY (tenant_id, id),
                UNIQUE (tenant_id, note_id, section),
                FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id)"
            ),
            app: "SELECT, INSERT, UPDATE",
            update_only_if: Some("frozen_at IS NULL"),
            indexes: &[],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "note_amendment",
            columns: format!(
                "{VERSIONED},
                note_id uuid NOT NULL,
                patient_id uuid NOT NULL,
                kind text NOT NULL CHECK (kind IN ('addendum', 'amendment', 'void')),
                section text CHECK (section IN ('S', 'O', 'A', 'P')),
                body text NOT NULL,
                reason text NOT NULL,
                CHECK (kind = 'addendum' OR reason <> ''),
                PRIMARY KEY (tenant_id, id),
                FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id)"
            ),
            app: "SELECT, INSERT",
            update_only_if: None,
            indexes: &[("note_amendment_by_note", "(tenant_id, note_id, recorded_at)")],
        }
        .create(m)
        .await?;
        TenantTable {
            name: "section_conflict",
            columns: "tenant_id uuid NOT NULL, id uuid NOT NULL, section_id uuid NOT NULL, note_id uuid NOT NULL, patient_id uuid NOT NULL,
                base_version int NOT NULL, body text NOT NULL, author_id uuid NOT NULL, created_at timestamptz NOT NULL, resolved_at timestamptz,
                PRIMARY KEY (tenant_id, id),
                FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id)"
                .into(),
            app: "SELECT, INSERT, UPDATE (resolved_at)",
            update_only_if: None,
            indexes: &[("section_conflict_by_note", "(tenant_id, note_id)")],
        }
        .create(m)
        .await
    }
}
