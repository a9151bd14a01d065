//! Many rows of one clinic at once: the demo's data and a restore. Rows travel by COPY into a staging table of the
//! transaction, because COPY refuses tables with row-level security, and from there by INSERT … SELECT under the clinic's
//! setting, so the policies judge every row. Runs as `tsumugi_restore`; requests never come here.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row as _, Transaction};

use crate::{Error, TenantId, pool};

/// Bytes sent to Postgres in one message.
const CHUNK: usize = 256 * 1024;

/// The checks of foreign keys keep the plan of their first run; on a table that was empty then, that is a scan of what
/// has become a large one. The staging table has no index; its penalty must not start the compiler.
const PLANS: &str = "SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

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
            "BEGIN; SET LOCAL app.tenant_id = '{tenant_id}'; {PLANS}; CREATE TEMP TABLE staging (line json NOT NULL) ON COMMIT DROP"
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

    /// Appends rows to one table. A line is a JSON object keyed by column; every line has the columns of the first one, the
    /// others take their defaults.
    ///
    /// # Errors
    /// A line that is no object, a key that is no identifier, or whatever the table refuses.
    pub async fn load(&mut self, table: &str, lines: impl IntoIterator<Item = String>) -> Result<u64, Error> {
        let mut lines = lines.into_iter().peekable();
        let Some(first) = lines.peek() else { return Ok(0) };
        let columns = columns(first)?;
        let table = identifier(table)?;
        self.stage(lines).await?;
        let insert = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM staging, json_populate_record(NULL::{table}, line) AS r",
            columns.join(", "),
            columns.iter().map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", "),
        );
        let loaded = sqlx::query(AssertSqlSafe(insert)).execute(&mut *self.inner).await?.rows_affected();
        sqlx::query("TRUNCATE staging").execute(&mut *self.inner).await?;
        Ok(loaded)
    }

    async fn stage(&mut self, lines: impl Iterator<Item = String>) -> Result<(), Error> {
        let mut copy = self.inner.copy_in_raw("COPY staging (line) FROM STDIN").await?;
        let mut buffer = Vec::with_capacity(CHUNK + 4096);
        for line in lines {
            // In COPY's text format a backslash is an escape; JSON never holds a raw tab or line end.
            buffer.extend(line.replace('\\', "\\\\").into_bytes());
            buffer.push(b'\n');
            if buffer.len() >= CHUNK {
                copy.send(std::mem::take(&mut buffer)).await?;
            }
        }
        copy.send(buffer).await?;
        copy.finish().await?;
        Ok(())
    }

    /// 最終受診 of the patients whose visits came after them; nobody of these was merged.
    ///
    /// # Errors
    /// When Postgres goes away.
    pub async fn note_last_visits(&mut self) -> Result<(), Error> {
        let update = "UPDATE patient p SET last_visit_on = v.day FROM (SELECT patient_id, max(reception_date) AS day FROM encounter
                      WHERE tenant_id = $1 AND status <> 'cancelled' GROUP BY patient_id) v WHERE p.tenant_id = $1 AND p.id = v.patient_id
                      AND p.last_visit_on IS DISTINCT FROM v.day";
        sqlx::query(update).bind(self.tenant_id.as_uuid()).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// # Errors
    /// When a deferred rule is broken or Postgres goes away; nothing is kept then.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}

fn columns(line: &str) -> Result<Vec<String>, Error> {
    let row: Value = serde_json::from_str(line).map_err(Error::internal)?;
    let row = row.as_object().ok_or_else(|| Error::Internal("a row must be an object".into()))?;
    row.keys().map(|name| identifier(name)).collect()
}

fn identifier(name: &str) -> Result<String, Error> {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { Ok(format!("\"{name}\"")) } else { Err(Error::Internal("not an identifier".into())) }
}
