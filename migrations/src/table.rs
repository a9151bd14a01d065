//! The one way a table comes into being. `TenantTable` makes a clinic's table with its policies and grants; `SharedTable` a table
//! that belongs to no clinic.

use sea_orm_migration::prelude::*;

/// What a clinic's row must satisfy. The same text everywhere; `nullif` because a reset setting comes back as an empty string.
pub const OWN: &str = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";

/// Columns every versioned head carries; `digest` is the SHA-256 of the canonical content and travels into the audit leaf.
pub const VERSIONED: &str = "tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version int NOT NULL CHECK (version > 0),
    recorded_at timestamptz NOT NULL,
    author_id uuid NOT NULL,
    entered_by_id uuid NOT NULL,
    status text NOT NULL,
    digest bytea NOT NULL";

pub struct TenantTable<'a> {
    pub name: &'a str,
    /// Columns and constraints without the surrounding parentheses.
    pub columns: String,
    /// What a request may do, e.g. `SELECT, INSERT`.
    pub app: &'a str,
    /// A further condition a row must meet before a request may change it: how signed text is locked.
    pub update_only_if: Option<&'a str>,
    /// `(name, columns)`; every one must lead with `tenant_id`.
    pub indexes: &'a [(&'a str, &'a str)],
}

impl TenantTable<'_> {
    pub async fn create(&self, m: &SchemaManager<'_>) -> Result<(), DbErr> {
        let t = self.name;
        let mut sql = vec![format!("CREATE TABLE {t} ({})", self.columns)];
        sql.extend(self.indexes.iter().map(|(name, on)| format!("CREATE INDEX {name} ON {t} {on}")));
        sql.extend(protect(t, OWN, self.update_only_if));
        sql.push(format!("GRANT {} ON {t} TO tsumugi_app", self.app));
        sql.push(format!("GRANT SELECT ON {t} TO tsumugi_backup"));
        sql.push(format!("GRANT SELECT, INSERT, DELETE ON {t} TO tsumugi_restore"));
        run(m, &sql).await
    }
}

/// Row-level security of one table for the three roles that may touch a clinic's rows.
pub fn protect(t: &str, own: &str, update_only_if: Option<&str>) -> Vec<String> {
    let mut sql = vec![format!("ALTER TABLE {t} ENABLE ROW LEVEL SECURITY"), format!("ALTER TABLE {t} FORCE ROW LEVEL SECURITY")];
    match update_only_if {
        None => sql.push(format!("CREATE POLICY app ON {t} TO tsumugi_app USING ({own}) WITH CHECK ({own})")),
        Some(open) => sql.extend([
            format!("CREATE POLICY app_select ON {t} FOR SELECT TO tsumugi_app USING ({own})"),
            format!("CREATE POLICY app_insert ON {t} FOR INSERT TO tsumugi_app WITH CHECK ({own})"),
            format!("CREATE POLICY app_update ON {t} FOR UPDATE TO tsumugi_app USING ({own} AND {open}) WITH CHECK ({own})"),
        ]),
    }
    sql.push(format!("CREATE POLICY backup ON {t} FOR SELECT TO tsumugi_backup USING ({own})"));
    sql.push(format!("CREATE POLICY restore ON {t} TO tsumugi_restore USING ({own}) WITH CHECK ({own})"));
    sql
}

pub async fn run(m: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    for sql in statements {
        m.get_connection().execute_unprepared(sql).await?;
    }
    Ok(())
}

/// A function that may look across clinics. It belongs to `tsumugi_lookup`, has a fixed search path and is open to one role only.
pub async fn lookup_function(m: &SchemaManager<'_>, signature: &str, returns_and_body: &str, executor: &str) -> Result<(), DbErr> {
    run(
        m,
        &[
            format!("CREATE FUNCTION {signature} {returns_and_body} SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"),
            format!("ALTER FUNCTION {} OWNER TO tsumugi_lookup", bare(signature)),
            format!("REVOKE ALL ON FUNCTION {} FROM PUBLIC", bare(signature)),
            format!("GRANT EXECUTE ON FUNCTION {} TO {executor}", bare(signature)),
        ],
    )
    .await
}

/// `f(p_a text, p_b int)` → `f(text, int)`.
fn bare(signature: &str) -> String {
    let (name, rest) = signature.split_once('(').unwrap_or((signature, ")"));
    let types: Vec<&str> = rest.trim_end_matches(')').split(',').filter_map(|p| p.trim().split_once(' ').map(|(_, t)| t)).collect();
    format!("{name}({})", types.join(", "))
}
