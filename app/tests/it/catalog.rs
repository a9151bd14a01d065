//! What the database itself says about its walls (SE-06, AR-03). The lists below are the only exceptions there are.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::golden;
use crate::harness::Harness;

/// Tables that belong to no clinic, and why. A new table is a clinic's unless it is added here.
const SHARED: &[(&str, &str)] = &[
    ("seaql_migrations", "which migrations ran; only the owner reads it"),
    ("audit_watermark", "how far sealing has come, one number for all clinics"),
    ("availability_day", "how the services ran, for everybody"),
    ("availability_outage", "when a service stood, for everybody"),
    ("worker_lease", "which worker holds which duty"),
    ("system_mode", "one mode for the whole product"),
    ("service_state", "how partners stand; states and counts only"),
    ("outbox_queue", "how many messages wait, for the chips; counts only"),
    ("disaster_mode", "what the nation declares for whole prefectures"),
    ("attachment_scanner", "how the scanner of uploads stands; no clinic"),
    ("master_release", "masters are everybody's"),
    ("medication_rule", "masters are everybody's"),
    ("disease_master", "masters are everybody's"),
    ("modifier_master", "masters are everybody's"),
    ("drug_master", "masters are everybody's"),
    ("procedure_master", "masters are everybody's"),
];

/// Indexes that do not lead with the clinic, and why.
const ACROSS: &[(&str, &str)] = &[
    ("tenant_pkey", "the clinic's own row: its id is the clinic"),
    ("tenant_code_key", "a sign-in names its clinic by code before one is known"),
    ("outbox_message_due", "the worker walks all clinics for what is due; no request uses it"),
    ("attachment_file_due", "the worker walks all clinics for files to scan; no request uses it"),
    ("audit_event_pending", "the sealer walks all clinics in commit order; no request uses it"),
];

/// Policies that do not compare with the clinic's setting, and why.
const OPEN: &[(&str, &str, &str)] = &[
    ("tenant", "operator", "onboarding: names and codes of clinics"),
    ("tenant", "lookup", "find_sign_in: id by code"),
    ("staff", "lookup", "find_sign_in: id by user"),
    ("audit_event", "lookup", "sealing: leaves only pass through its functions"),
    ("audit_seal", "lookup", "sealing"),
    ("audit_anchor", "lookup", "what is anchored, for the worker"),
    ("backup_run", "operator", "age and state of backups, for the alarm"),
    ("attachment_file", "operator", "which file waits to be scanned; no content"),
    ("outbox_message", "operator", "which message is due and how old the queue is; no content"),
    ("device", "operator", "how many relays are there; no key and no name"),
];

async fn rows(sql: &str) -> Vec<PgRow> {
    let mut db: PgConnection = Harness::get().superuser().await;
    sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut db).await.unwrap()
}

fn is_shared(table: &str) -> bool {
    SHARED.iter().any(|(name, _)| *name == table)
}

const TABLES: &str = "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS walled, pg_get_userbyid(c.relowner) AS owner
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1";

/// SE-06
#[tokio::test]
async fn every_table_of_a_clinic_forces_row_level_security() {
    for row in rows(TABLES).await {
        let (table, walled, owner): (String, bool, String) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(owner, "tsumugi_owner", "{table}");
        assert!(walled || is_shared(&table), "{table}: make it with TenantTable, or say in SHARED why it is nobody's");
    }
}

/// SE-06
#[tokio::test]
async fn every_policy_holds_reader_and_writer_to_their_clinic() {
    let sql = "SELECT tablename::text, policyname::text, cmd, coalesce(qual, ''), coalesce(with_check, ''), permissive FROM pg_policies WHERE schemaname = 'public'";
    let setting = "NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid";
    let policies = rows(sql).await;
    assert!(policies.len() > 60, "the catalog lists only {} policies", policies.len());
    for row in &policies {
        let (table, policy, cmd): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (using, check): (String, String) = (row.get(3), row.get(4));
        if OPEN.iter().any(|(t, p, _)| *t == table && *p == policy) {
            continue;
        }
        let own = format!("{} = ({setting}", if table == "tenant" { "id" } else { "tenant_id" });
        assert!(cmd == "INSERT" || using.contains(&own), "{table}.{policy} USING: {using}");
        assert!(cmd == "SELECT" || cmd == "DELETE" || check.contains(&own), "{table}.{policy} WITH CHECK: {check}");
        // Permissive policies are joined by OR: what stands beside the clinic must only narrow it.
        assert!(!using.contains(" OR ") && !check.contains(" OR "), "{table}.{policy} may widen itself");
    }
    for row in rows(TABLES).await {
        let table: String = row.get(0);
        let has_app = policies.iter().any(|p| p.get::<String, _>(0) == table && p.get::<String, _>(1).starts_with("app"));
        assert!(has_app || is_shared(&table), "{table} has no policy for tsumugi_app");
    }
}

/// SE-06: keys and indexes lead with the clinic, so that the policy never has to filter.
#[tokio::test]
async fn every_index_of_a_clinic_leads_with_it() {
    let sql = "SELECT t.relname, i.relname, coalesce(a.attname, '') FROM pg_index x
        JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
        WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p')";
    for row in rows(sql).await {
        let (table, index, first): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let excused = is_shared(&table) || ACROSS.iter().any(|(name, _)| *name == index);
        assert!(first == "tenant_id" || excused, "{index} on {table} leads with {first}: lead with tenant_id, or say in ACROSS why not");
    }
}

/// SE-06: no row can point into another clinic.
#[tokio::test]
async fn every_foreign_key_between_clinics_carries_the_clinic() {
    let sql = "SELECT c.conname, t.relname, f.relname,
            (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num)::text[],
            (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(num, n) JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum = k.num)::text[]
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid WHERE c.contype = 'f'";
    for row in rows(sql).await {
        let (key, table, target): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (from, to): (Vec<String>, Vec<String>) = (row.get(3), row.get(4));
        let clinic_of_target = if target == "tenant" { "id" } else { "tenant_id" };
        let pairs_clinics = from.iter().zip(&to).any(|(a, b)| a == "tenant_id" && b == clinic_of_target);
        assert!(pairs_clinics || is_shared(&target), "{key}: {table} → {target} must carry tenant_id");
    }
}

/// SE-06, GL-16: who may do what to which table, down to the column. A changed line is a decision.
#[tokio::test]
async fn grants_are_exactly_the_listed_ones() {
    let tables =
        "SELECT c.relname || ' ' || pg_get_userbyid(a.grantee) || ' ' || string_agg(a.privilege_type, ',' ORDER BY a.privilege_type)
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND a.grantee <> c.relowner
        GROUP BY c.relname, a.grantee";
    let columns = "SELECT c.relname || '(' || string_agg(t.attname, ',' ORDER BY t.attname) || ') ' || pg_get_userbyid(a.grantee) || ' ' || a.privilege_type
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
        WHERE c.relnamespace = 'public'::regnamespace GROUP BY c.relname, a.grantee, a.privilege_type";
    let functions = "SELECT p.oid::regprocedure || ' ' || pg_get_userbyid(a.grantee) || ' ' || a.privilege_type
        FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'public'::regnamespace AND a.grantee <> p.proowner";
    let mut lines: Vec<String> = Vec::new();
    for sql in [tables, columns, functions] {
        lines.extend(rows(sql).await.iter().map(|row| row.get::<String, _>(0)));
    }
    lines.sort();
    golden::assert("grants.txt", &(lines.join("\n") + "\n"));
}

/// SE-06: the few functions that look across clinics belong to the role made for them and cannot be led astray.
#[tokio::test]
async fn functions_with_borrowed_rights_are_pinned() {
    let sql = "SELECT p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text, p.prosecdef, coalesce(p.proconfig, '{}')::text[],
            EXISTS (SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace";
    let functions = rows(sql).await;
    assert!(!functions.is_empty());
    for row in functions {
        let (name, owner, definer): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let settings: Vec<String> = row.get(3);
        assert!(definer, "{name}: a function without borrowed rights belongs in Rust");
        assert_eq!(owner, "tsumugi_lookup", "{name}");
        assert!(settings.iter().any(|s| s == "search_path=pg_catalog, public, pg_temp"), "{name}: {settings:?}");
        assert!(!row.get::<bool, _>(4), "{name} is open to PUBLIC");
    }
}

/// SE-06: nobody of ours is above the walls.
#[tokio::test]
async fn no_role_is_above_row_level_security() {
    let sql = "SELECT rolname::text, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication, rolcanlogin FROM pg_roles WHERE rolname LIKE 'tsumugi%'";
    let roles = rows(sql).await;
    assert_eq!(roles.len(), 6, "owner, app, lookup, operator, backup, restore");
    for row in roles {
        let name: String = row.get(0);
        assert!(!row.get::<bool, _>(1), "{name} has a right beyond its grants");
        assert_eq!(row.get::<bool, _>(2), name != "tsumugi_lookup", "{name}");
    }
}

/// Shapes the distributed engine and row-level security cannot serve: sequences as ids, enums, triggers, floating point.
#[tokio::test]
async fn the_schema_stays_portable() {
    let sql = "SELECT 'sequence ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
        UNION ALL SELECT 'enum ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
        UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'floating point ' || attrelid::regclass || '.' || attname FROM pg_attribute
            WHERE atttypid IN ('float4'::regtype, 'float8'::regtype) AND attnum > 0
              AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p'))";
    let found: Vec<String> = rows(sql).await.iter().map(|row| row.get(0)).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// FN-OQ-01: the individual number (個人番号) is kept nowhere: no column is named for it, and no patient column has its shape.
#[tokio::test]
async fn no_column_holds_the_individual_number() {
    let sql = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'
        AND (column_name ~* '(my_?number|individual_?number|kojin|national_?id|personal_?number)' OR character_maximum_length = 12)";
    let found: Vec<String> = rows(sql).await.iter().map(|row| row.get(0)).collect();
    assert!(found.is_empty(), "{found:?}");
}
