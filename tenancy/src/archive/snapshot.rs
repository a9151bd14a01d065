//! Reading a clinic as it was at one moment, as `tsumugi_backup`: SELECT of one clinic and nothing else.

use domain::TenantId;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row, Transaction};

use super::PRINT_SETTINGS;
use super::catalog::{self, Column, Table};
use crate::pool::archive_pool;
use crate::{Clock, Error};

/// About how many bytes of rows are handed on at once.
const BATCH_LEN: usize = 256 * 1024;

/// The backup role's pool.
#[derive(Clone)]
pub struct ArchiveSource {
    pool: PgPool,
    clock: Clock,
}

impl ArchiveSource {
    pub fn new(backup_url: &str, clock: Clock) -> Result<Self, Error> {
        Ok(Self { pool: archive_pool(backup_url, 2)?, clock })
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Every statement of the snapshot sees the same moment; nothing it does can change a row.
    pub async fn begin(&self, tenant: TenantId) -> Result<Snapshot, Error> {
        let opening = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.tenant_id = '{tenant}'; {PRINT_SETTINGS}");
        let mut tx = self.pool.begin_with(AssertSqlSafe(opening)).await?;
        let tables = catalog::tables(&mut tx).await?;
        Ok(Snapshot { tx, tenant, tables })
    }
}

pub struct Snapshot {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    tables: Vec<Table>,
}

impl Snapshot {
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// All rows of one table, as batches of whole lines given to `each` in order.
    pub async fn copy<E: From<Error>>(&mut self, table: &Table, each: &mut impl AsyncFnMut(Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        copy_out(&mut self.tx, table, &table.columns, self.tenant, each).await
    }

    pub async fn tenant_code(&mut self) -> Result<String, Error> {
        let row = sqlx::query("SELECT code FROM tenant WHERE id = $1").bind(self.tenant.as_uuid());
        Ok(row.fetch_one(&mut *self.tx).await?.try_get("code")?)
    }

    /// Kind, label and hash of the masters loaded, newest first.
    pub async fn masters(&mut self) -> Result<Vec<serde_json::Value>, Error> {
        let sql = "SELECT jsonb_build_object('kind', kind, 'label', label, 'effective_on', effective_on, 'is_sample', is_sample,
                   'sha256', encode(sha256, 'hex')) AS release FROM master_release ORDER BY effective_on DESC, kind";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| row.try_get("release").map_err(Error::from)).collect()
    }

    /// Rows of a statement that binds the clinic as `$1`, one at a time; for the verifier.
    pub(crate) async fn each_row<E: From<Error>>(&mut self, sql: &str, each: &mut impl FnMut(&PgRow) -> Result<(), E>) -> Result<(), E> {
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(self.tenant.as_uuid()).fetch(&mut *self.tx);
        while let Some(row) = rows.try_next().await.map_err(Error::from)? {
            each(&row)?;
        }
        Ok(())
    }
}

pub(super) async fn copy_out<E: From<Error>>(
    tx: &mut Transaction<'static, Postgres>,
    table: &Table,
    columns: &[Column],
    tenant: TenantId,
    each: &mut impl AsyncFnMut(Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let statement = format!("COPY ({}) TO STDOUT", table.select(columns, tenant));
    let mut rows = tx.copy_out_raw(&statement).await.map_err(Error::from)?;
    let mut batch = Vec::with_capacity(BATCH_LEN + 4096);
    while let Some(row) = rows.try_next().await.map_err(Error::from)? {
        batch.extend_from_slice(&row);
        if batch.len() >= BATCH_LEN {
            each(std::mem::replace(&mut batch, Vec::with_capacity(BATCH_LEN + 4096))).await?;
        }
    }
    if !batch.is_empty() {
        each(batch).await?;
    }
    Ok(())
}
