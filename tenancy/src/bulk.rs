//! Many rows of one clinic at once: the demo's data and a restore. Rows travel by COPY into a staging table of the
//! transaction, because COPY refuses tables with row-level security, and from there by INSERT … SELECT under the clinic's
//! setting, so the policies judge every row. Runs as `tsumugi_restore`; requests never come here.

use serde_json::Value;
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Transaction};

use crate::{Error, TenantId, pool};

/// Bytes sent to Postgres in one message.
const CHUNK: usize = 256 * 1024;

#[derive(Clone, Debug)]
pub struct BulkPool(PgPool);

impl BulkPool {
    /// # Errors
    /// When the address cannot be parsed.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self(pool::lazy_pool(url, 2)?))
    }

    /// A transaction bound to one clinic, which need not exist yet.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn begin(&self, tenant_id: TenantId) -> Result<BulkTx, Error> {
        let opening = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant_id}'; CREATE TEMP TABLE staging (line jsonb NOT NULL) ON COMMIT DROP"
        );
        let inner = self.0.begin_with(AssertSqlSafe(opening)).await?;
        Ok(BulkTx { inner, tenant_id })
    }
}

pub struct BulkTx {
    inner: Transaction<'static, Postgres>,
    tenant_id: TenantId,
}

impl BulkTx {
    /// Is the clinic already there?
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn has_tenant(&mut self) -> Result<bool, Error> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM tenant WHERE id = $1)")
            .bind(self.tenant_id.as_uuid())
            .fetch_one(&mut *self.inner)
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Appends rows to one table. A row is an object keyed by column; every row has the columns of the first one, the
    /// others take their defaults.
    ///
    /// # Errors
    /// A name that is no identifier, a row that is no object, or whatever the table refuses.
    pub async fn load(&mut self, table: &str, rows: impl IntoIterator<Item = Value>) -> Result<u64, Error> {
        let mut rows = rows.into_iter().peekable();
        let Some(Value::Object(first)) = rows.peek() else {
            return if rows.peek().is_none() { Ok(0) } else { Err(Error::Internal("a row must be an object".into())) };
        };
        let columns: Vec<String> = first.keys().map(|name| identifier(name)).collect::<Result<_, _>>()?;
        let table = identifier(table)?;
        self.stage(rows).await?;
        let insert = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM staging, jsonb_populate_record(NULL::{table}, line) AS r",
            columns.join(", "),
            columns.iter().map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", "),
        );
        let loaded = sqlx::query(AssertSqlSafe(insert)).execute(&mut *self.inner).await?.rows_affected();
        sqlx::query("TRUNCATE staging").execute(&mut *self.inner).await?;
        Ok(loaded)
    }

    async fn stage(&mut self, rows: impl Iterator<Item = Value>) -> Result<(), Error> {
        let mut copy = self.inner.copy_in_raw("COPY staging (line) FROM STDIN").await?;
        let mut buffer = Vec::with_capacity(CHUNK + 4096);
        for row in rows {
            // In COPY's text format a backslash is an escape; JSON never holds a raw tab or line end.
            buffer.extend(row.to_string().replace('\\', "\\\\").into_bytes());
            buffer.push(b'\n');
            if buffer.len() >= CHUNK {
                copy.send(std::mem::take(&mut buffer)).await?;
            }
        }
        copy.send(buffer).await?;
        copy.finish().await?;
        Ok(())
    }

    /// # Errors
    /// When a deferred rule is broken or Postgres goes away; nothing is kept then.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}

fn identifier(name: &str) -> Result<String, Error> {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { Ok(format!("\"{name}\"")) } else { Err(Error::Internal("not an identifier".into())) }
}
