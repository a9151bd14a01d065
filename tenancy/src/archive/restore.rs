//! Writing a clinic back, as `tsumugi_restore`, in one transaction under the clinic's setting: the policies judge
//! every row, so an archive can never write into another clinic.

use domain::TenantId;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row, Transaction};

use super::PRINT_SETTINGS;
use super::catalog::{self, Column, Table, list, quoted};
use super::snapshot::copy_out;
use crate::pool::archive_pool;
use crate::tx::Actor;
use crate::{Clock, Error, RequestMeta, TenantTx};

/// The log of what happened is never taken back, not even by a restore: these rows are added to, not replaced.
const KEPT: [&str; 4] = ["audit_event", "audit_seal", "audit_anchor", "backup_run"];

/// The restore role's pool.
#[derive(Clone)]
pub struct RestoreTarget {
    pool: PgPool,
    clock: Clock,
}

impl RestoreTarget {
    pub fn new(restore_url: &str, clock: Clock) -> Result<Self, Error> {
        Ok(Self { pool: archive_pool(restore_url, 1)?, clock })
    }

    /// Opens the transaction; nothing is visible to anyone else until [`Restoring::into_tx`]'s commit.
    pub async fn begin(&self, tenant: TenantId) -> Result<Restoring, Error> {
        let opening = format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'; {PRINT_SETTINGS}");
        let mut tx = self.pool.begin_with(AssertSqlSafe(opening)).await?;
        let tables = catalog::tables(&mut tx).await?;
        Ok(Restoring { tx, tenant, tables, clock: self.clock.clone(), sealed_known: false })
    }
}

pub struct Restoring {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    tables: Vec<Table>,
    clock: Clock,
    sealed_known: bool,
}

impl Restoring {
    /// Is there a clinic with this id already?
    pub async fn exists(&mut self) -> Result<bool, Error> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM tenant WHERE id = $1)").bind(self.tenant.as_uuid());
        Ok(row.fetch_one(&mut *self.tx).await?.try_get(0)?)
    }

    /// Takes the clinic's present rows away, children first, except the log.
    pub async fn clear(&mut self) -> Result<(), Error> {
        for table in self.tables.iter().rev().filter(|table| !KEPT.contains(&table.name.as_str())) {
            let sql = format!("DELETE FROM {} WHERE {} = $1", quoted(&table.name), quoted(table.tenant_column));
            sqlx::query(AssertSqlSafe(sql)).bind(self.tenant.as_uuid()).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    /// The table of this name, if this database knows it and has all of the archive's columns.
    pub fn table(&self, name: &str, columns: &[Column]) -> Option<Table> {
        let table = self.tables.iter().find(|table| table.name == name)?;
        columns.iter().all(|column| table.columns.contains(column)).then(|| table.clone())
    }

    pub fn is_kept(table: &Table) -> bool {
        KEPT.contains(&table.name.as_str())
    }

    /// An empty staging table with the archive's columns.
    pub async fn stage(&mut self, table: &Table, columns: &[Column]) -> Result<(), Error> {
        let sql = format!(
            "DROP TABLE IF EXISTS pg_temp.stage; CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA",
            list(columns),
            quoted(&table.name)
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Whole lines of COPY text into the staging table.
    pub async fn rows(&mut self, lines: Vec<u8>) -> Result<(), Error> {
        let mut copy = self.tx.copy_in_raw("COPY pg_temp.stage FROM STDIN").await?;
        copy.send(lines).await?;
        copy.finish().await?;
        Ok(())
    }

    /// From the staging table into the table itself. Rows of the log that are there already stay as they are.
    pub async fn insert(&mut self, table: &Table, columns: &[Column]) -> Result<u64, Error> {
        let (name, list) = (quoted(&table.name), list(columns));
        let unless_there = if Self::is_kept(table) { "ON CONFLICT DO NOTHING" } else { "" };
        let sql = if table.name == "audit_event" {
            self.remember_sealed().await?;
            // An event the archive's seals already cover must not be sealed again here: number 0 is below every watermark.
            format!(
                "INSERT INTO {name} ({list}, xid) SELECT {list}, CASE WHEN id IN (SELECT id FROM pg_temp.sealed)
                 THEN '0'::xid8 ELSE pg_current_xact_id() END FROM pg_temp.stage {unless_there}"
            )
        } else {
            format!("INSERT INTO {name} ({list}) SELECT {list} FROM pg_temp.stage {unless_there}")
        };
        Ok(sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.tx).await?.rows_affected())
    }

    async fn remember_sealed(&mut self) -> Result<(), Error> {
        if self.sealed_known {
            return Ok(());
        }
        let sql = format!(
            "CREATE TEMP TABLE sealed ON COMMIT DROP AS SELECT unnest(event_ids) AS id FROM audit_seal WHERE tenant_id = '{}'",
            self.tenant
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.tx).await?;
        self.sealed_known = true;
        Ok(())
    }

    /// Archived rows that are not in the table with exactly the archived values.
    pub async fn missing(&mut self, table: &Table, columns: &[Column]) -> Result<i64, Error> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT {0} FROM pg_temp.stage EXCEPT SELECT {0} FROM {1} WHERE {2} = $1) AS absent",
            list(columns),
            quoted(&table.name),
            quoted(table.tenant_column)
        );
        let row = sqlx::query(AssertSqlSafe(sql)).bind(self.tenant.as_uuid()).fetch_one(&mut *self.tx).await?;
        Ok(row.try_get(0)?)
    }

    /// The rows as they now stand, printed the way the archive printed them.
    pub async fn copy<E: From<Error>>(
        &mut self,
        table: &Table,
        columns: &[Column],
        each: &mut impl AsyncFnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        copy_out(&mut self.tx, table, columns, self.tenant, each).await
    }

    /// The same transaction as the clinic's, for what has to happen before the commit: rewrapping keys and the audit
    /// entry, without which it cannot be committed.
    pub fn into_tx(self) -> TenantTx {
        let now = self.clock.now();
        let meta = RequestMeta::local(crate::versioned::new_id(now));
        TenantTx::new(self.tx, self.tenant, Actor::System, meta, now, None)
    }
}
