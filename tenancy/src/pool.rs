//! The pool. It can be held anywhere because nothing can be asked of it; only this crate can open a transaction on it.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};

use crate::keys::Keyring;
use crate::{Clock, Error, RequestMeta, TenantId, TenantTx, tx::Actor};

#[derive(Clone, Debug)]
pub struct TenantPool {
    pool: PgPool,
    clock: Clock,
    keyring: Option<Keyring>,
}

impl TenantPool {
    /// Connects lazily: the process starts and says it is not ready while Postgres is away.
    pub fn new(url: &str, max_connections: u32, clock: Clock) -> Result<Self, Error> {
        Ok(Self { pool: lazy_pool(url, max_connections)?, clock, keyring: None })
    }

    /// Transactions of this pool can seal and open under their clinic's key.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Is Postgres answering? For `/readyz`.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// `(open, idle)` connections, for the metrics.
    pub fn usage(&self) -> (u32, usize) {
        (self.pool.size(), self.pool.num_idle())
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn raw(&self) -> &PgPool {
        &self.pool
    }

    /// Opens the transaction and binds the clinic in one message. The uuid is typed, so the text cannot carry anything else.
    pub(crate) async fn begin(&self, tenant_id: TenantId, actor: Actor, meta: RequestMeta) -> Result<TenantTx, Error> {
        let opening = format!("BEGIN; SET LOCAL app.tenant_id = '{tenant_id}'");
        let inner = self.pool.begin_with(AssertSqlSafe(opening)).await?;
        Ok(TenantTx::new(inner, tenant_id, actor, meta, self.clock.now(), self.keyring.clone()))
    }
}

/// Statements are prepared once per connection; a connection unused for ten minutes goes.
pub(crate) fn lazy_pool(url: &str, max_connections: u32) -> Result<PgPool, Error> {
    Ok(pool_of(options(url)?, max_connections))
}

/// For whole clinics at once: a statement that takes seconds is no news there.
pub(crate) fn archive_pool(url: &str, max_connections: u32) -> Result<PgPool, Error> {
    Ok(pool_of(options(url)?.disable_statement_logging(), max_connections))
}

fn options(url: &str) -> Result<PgConnectOptions, Error> {
    url.parse().map_err(|_| Error::Internal("database url cannot be parsed".into()))
}

fn pool_of(options: PgConnectOptions, max_connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(600))
        .test_before_acquire(false)
        .connect_lazy_with(options.application_name("tsumugi").statement_cache_capacity(200))
}
