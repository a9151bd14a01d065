//! Clinics, their people, places and data keys, and the one function that finds an account before a clinic is known.

use sea_orm_migration::prelude::*;

use crate::table::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const OWN_TENANT: &str = "id = nullif(current_setting('app.tenant_id', true), '')::uuid";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        tenant(m).await?;
        people(m).await?;
        run(
            m,
            &[
                "GRANT SELECT (id, code) ON tenant TO tsumugi_lookup".into(),
                "GRANT SELECT (tenant_id, id, login_id) ON staff TO tsumugi_lookup".into(),
                "CREATE POLICY lookup ON tenant FOR SELECT TO tsumugi_lookup USING (true)".into(),
                "CREATE POLICY lookup ON staff FOR SELECT TO tsumugi_lookup USING (true)".into(),
            ],
        )
        .await?;
        lookup_function(
            m,
            "find_sign_in(p_code text, p_login text)",
            "RETURNS TABLE (tenant_id uuid, staff_id uuid) LANGUAGE sql STABLE AS
             $$ SELECT t.id, s.id FROM tenant t LEFT JOIN staff s ON s.tenant_id = t.id AND s.login_id = p_login WHERE t.code = p_code $$",
            "tsumugi_app",
        )
        .await
    }
}

async fn tenant(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut sql = vec![
        "CREATE TABLE tenant (
            id uuid PRIMARY KEY,
            code text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9-]{4,20}$'),
            name text NOT NULL,
            kind text NOT NULL CHECK (kind IN ('clinic', 'hospital')),
            institution_code text NOT NULL CHECK (institution_code ~ '^[0-9]{10}$'),
            postal_code text NOT NULL DEFAULT '',
            address text NOT NULL DEFAULT '',
            tel text NOT NULL DEFAULT '',
            idle_lock_s int NOT NULL DEFAULT 600,
            reception_idle_lock_s int NOT NULL DEFAULT 180,
            day_boundary_min int NOT NULL DEFAULT 240,
            source_allow_list text[] NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL
        )"
        .to_owned(),
    ];
    sql.extend(protect("tenant", OWN_TENANT, None));
    sql.extend([
        "GRANT SELECT ON tenant TO tsumugi_app, tsumugi_backup".to_owned(),
        "GRANT UPDATE (name, postal_code, address, tel, idle_lock_s, reception_idle_lock_s, day_boundary_min, source_allow_list) ON tenant TO tsumugi_app".to_owned(),
        "GRANT SELECT, INSERT, DELETE ON tenant TO tsumugi_restore".to_owned(),
        "CREATE POLICY operator ON tenant TO tsumugi_operator USING (true) WITH CHECK (true)".to_owned(),
        "GRANT SELECT, INSERT ON tenant TO tsumugi_operator".to_owned(),
    ]);
    run(m, &sql).await
}

async fn people(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    TenantTable {
        name: "staff",
        columns: format!(
            "{VERSIONED},
            login_id text NOT NULL,
            name text NOT NULL,
            name_kana text NOT NULL DEFAULT '',
            license_no text NOT NULL DEFAULT '',
            password_hash text NOT NULL,
            password_changed_at timestamptz NOT NULL,
            must_change_password bool NOT NULL DEFAULT true,
            pin_hash text,
            valid_from date NOT NULL,
            valid_to date,
            PRIMARY KEY (tenant_id, id),
            UNIQUE (tenant_id, login_id),
            FOREIGN KEY (tenant_id) REFERENCES tenant (id)"
        ),
        app: "SELECT, INSERT, UPDATE",
        update_only_if: None,
        indexes: &[],
    }
    .create(m)
    .await?;
    // Roles are granted and withdrawn; the audit log keeps who had which when.
    for (name, columns, app) in [
        (
            "staff_role",
            "tenant_id uuid NOT NULL, id uuid NOT NULL, staff_id uuid NOT NULL, role text NOT NULL,
             PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, staff_id, role),
             FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)",
            "SELECT, INSERT, DELETE",
        ),
        (
            "staff_totp",
            "tenant_id uuid NOT NULL, id uuid NOT NULL, staff_id uuid NOT NULL, secret_encrypted bytea NOT NULL, key_version int NOT NULL,
             confirmed_at timestamptz, last_step bigint NOT NULL DEFAULT 0,
             PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, staff_id),
             FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)",
            "SELECT, INSERT, UPDATE, DELETE",
        ),
        (
            "staff_passkey",
            "tenant_id uuid NOT NULL, id uuid NOT NULL, staff_id uuid NOT NULL, label text NOT NULL, credential_id text NOT NULL, credential jsonb NOT NULL,
             created_at timestamptz NOT NULL, last_used_at timestamptz,
             PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, credential_id),
             FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)",
            "SELECT, INSERT, UPDATE, DELETE",
        ),
        (
            "staff_recovery_code",
            "tenant_id uuid NOT NULL, id uuid NOT NULL, staff_id uuid NOT NULL, code_hash bytea NOT NULL, used_at timestamptz,
             PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, staff_id, code_hash),
             FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)",
            "SELECT, INSERT, UPDATE, DELETE",
        ),
        (
            "place",
            "tenant_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, kind text NOT NULL CHECK (kind IN ('exam', 'reception', 'ward', 'other')),
             PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, name), FOREIGN KEY (tenant_id) REFERENCES tenant (id)",
            "SELECT, INSERT, UPDATE",
        ),
        (
            "tenant_key",
            "tenant_id uuid NOT NULL, id uuid NOT NULL, key_version int NOT NULL, provider text NOT NULL, kek_id text NOT NULL,
             wrapped bytea NOT NULL, recovery_wrapped bytea, created_at timestamptz NOT NULL, retired_at timestamptz,
             PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, key_version), FOREIGN KEY (tenant_id) REFERENCES tenant (id)",
            "SELECT, INSERT, UPDATE",
        ),
    ] {
        TenantTable { name, columns: columns.into(), app, update_only_if: None, indexes: &[] }.create(m).await?;
    }
    Ok(())
}
