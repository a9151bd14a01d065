//! The pool. It can be held anywhere because nothing can be asked of it; only this crate can open a transaction on it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};

use crate::audit::ContentDigest;
use crate::keys::Keyring;
use crate::standing::Standing;
use crate::{Clock, Error, RequestMeta, TenantId, TenantTx, tx::Actor};

#[derive(Clone, Debug)]
pub struct TenantPool {
    pool: PgPool,
    clock: Clock,
    keyring: Option<Keyring>,
    witness: Option<Witness>,
    standing: Standing,
}

type Told = dyn Fn(TenantId, &[ContentDigest]) + Send + Sync;

/// Told after each commit which clinical rows it wrote: kinds, ids and digests, never content. It must not wait.
#[derive(Clone)]
pub struct Witness(Arc<Told>);

impl Witness {
    pub fn new(told: impl Fn(TenantId, &[ContentDigest]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(crate) fn tell(&self, tenant_id: TenantId, written: &[ContentDigest]) {
        (self.0)(tenant_id, written);
    }
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Witness")
    }
}

impl TenantPool {
    /// Connects lazily: the process starts and says it is not ready while Postgres is away.
    pub fn new(url: &str, max_connections: u32, clock: Clock) -> Result<Self, Error> {
        Ok(Self { pool: lazy_pool(url, max_connections)?, clock, keyring: None, witness: None, standing: Standing::default() })
    }

    /// Transactions of this pool can seal and open under their clinic's key.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// The same pool, whose commits are told to `witness`.
    #[must_use]
    pub fn with_witness(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    /// The same database through connections of its own, at most so many. A server thread that drives its own sockets is not woken
    /// through another thread's at every answer, which cost more than the statements.
    #[must_use]
    pub fn apart(&self, max_connections: u32) -> Self {
        Self { pool: pool_of((*self.pool.connect_options()).clone(), max_connections), ..self.clone() }
    }

    /// Transactions follow how the product stands.
    #[must_use]
    pub fn with_standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    pub fn standing(&self) -> &Standing {
        &self.standing
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
        let standing = self.standing.clone();
        let is_read_only = standing.snapshot().is_read_only();
        let mode = if is_read_only { " READ ONLY" } else { "" };
        let opening = format!("BEGIN{mode}; SET LOCAL app.tenant_id = '{tenant_id}'");
        let inner = self.pool.begin_with(AssertSqlSafe(opening)).await?;
        let tx = TenantTx::new(inner, tenant_id, actor, meta, self.clock.now(), self.keyring.clone());
        let tx = if is_read_only { tx.read_only(standing) } else { tx };
        Ok(tx.with_witness(self.witness.clone()))
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
