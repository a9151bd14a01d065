//! The clinic's keys as rows of `tenant_key`, and the few unwrapped ones kept in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{self, Expr, ExprTrait, OnConflict, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, Iden, QueryResult};

use super::{DataKey, Envelope, KeyContext, KeyError, KeyProvider, RecoveryPrivateKey, RecoveryPublicKey};
use crate::{TenantId, TenantTx};

/// Unwrapped keys held at most; beyond it the cache starts over. Each entry is wiped when dropped.
const CACHE_ENTRIES: usize = 512;
/// How long another process may go on sealing under the version before last after a rotation.
const CURRENT_FOR: TimeDelta = TimeDelta::minutes(5);

/// A key as stored: useless without the KEK or the recovery key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    pub key_version: i32,
    pub provider: String,
    pub kek_id: String,
    pub wrapped: Vec<u8>,
    pub recovery_wrapped: Option<Vec<u8>>,
}

/// What a change of the KEK did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewrapped {
    pub changed: u32,
    pub already: u32,
}

#[derive(Default)]
struct Cache {
    keys: HashMap<(TenantId, i32), Arc<DataKey>>,
    current: HashMap<TenantId, (i32, DateTime<Utc>)>,
}

/// Seals and opens for any clinic whose transaction is given.
#[derive(Clone)]
pub struct Keyring {
    provider: Arc<dyn KeyProvider>,
    recovery: Option<Arc<RecoveryPublicKey>>,
    cache: Arc<Mutex<Cache>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring")
    }
}

impl Keyring {
    pub fn new(provider: Arc<dyn KeyProvider>, recovery: Option<RecoveryPublicKey>) -> Self {
        Self { provider, recovery: recovery.map(Arc::new), cache: Arc::default() }
    }

    pub fn provider(&self) -> &dyn KeyProvider {
        self.provider.as_ref()
    }

    /// Whether archives made now can be opened without the provider (BK-07).
    pub fn is_recoverable(&self) -> bool {
        self.recovery.is_some()
    }

    /// Seals a small value under the clinic's current key; the first use makes the key.
    pub async fn seal(&self, tx: &TenantTx, purpose: &str, plaintext: &[u8]) -> Result<Envelope, KeyError> {
        let (key_version, key) = self.current(tx).await?;
        Envelope::seal(&key, tx.tenant_id().as_uuid(), key_version, purpose, plaintext)
    }

    /// Opens a value sealed under any version of the clinic's key.
    pub async fn open(&self, tx: &TenantTx, purpose: &str, envelope: &Envelope) -> Result<Vec<u8>, KeyError> {
        let key = self.version(tx, envelope.key_version).await?;
        envelope.open(&key, tx.tenant_id().as_uuid(), purpose)
    }

    /// Makes the clinic's first key if it has none; true when it did, and then the transaction must be committed.
    pub async fn ensure(&self, tx: &TenantTx) -> Result<bool, KeyError> {
        if newest(tx).await?.is_some() {
            return Ok(false);
        }
        self.add_version(tx, 1).await.map(|_| true)
    }

    /// The key that seals now, with its version.
    pub async fn current(&self, tx: &TenantTx) -> Result<(i32, Arc<DataKey>), KeyError> {
        let known = self.cache().current.get(&tx.tenant_id()).copied();
        let key_version = match known {
            Some((version, until)) if tx.now() < until => version,
            _ => match newest(tx).await? {
                Some(key) => key.key_version,
                None => return self.first(tx).await,
            },
        };
        if known.is_none_or(|(_, until)| tx.now() >= until) {
            self.cache().current.insert(tx.tenant_id(), (key_version, tx.now() + CURRENT_FOR));
        }
        Ok((key_version, self.version(tx, key_version).await?))
    }

    /// The clinic's first key. It is not remembered: the transaction that made it may still roll back.
    async fn first(&self, tx: &TenantTx) -> Result<(i32, Arc<DataKey>), KeyError> {
        let key_version = self.add_version(tx, 1).await?;
        let stored = self.wrapped(tx, key_version).await?;
        Ok((key_version, Arc::new(self.unwrap(tx.tenant_id(), &stored).await?)))
    }

    /// One version of the clinic's key, unwrapped.
    pub async fn version(&self, tx: &TenantTx, key_version: i32) -> Result<Arc<DataKey>, KeyError> {
        let slot = (tx.tenant_id(), key_version);
        if let Some(key) = self.cache().keys.get(&slot) {
            return Ok(key.clone());
        }
        let stored = self.wrapped(tx, key_version).await?;
        let key = Arc::new(self.unwrap(tx.tenant_id(), &stored).await?);
        let mut cache = self.cache();
        if cache.keys.len() >= CACHE_ENTRIES {
            cache.keys.clear();
        }
        cache.keys.insert(slot, key.clone());
        Ok(key)
    }

    async fn unwrap(&self, tenant: TenantId, stored: &WrappedKey) -> Result<DataKey, KeyError> {
        if stored.kek_id != self.provider.kek_id() {
            let kek_id = self.provider.kek_id().to_owned();
            return Err(KeyError::OtherKek { kek_id, wrapped_by: stored.kek_id.clone() });
        }
        self.provider.unwrap(context(tenant, stored.key_version), &stored.wrapped).await
    }

    /// One version as stored: what an archive's header carries.
    pub async fn wrapped(&self, tx: &TenantTx, key_version: i32) -> Result<WrappedKey, KeyError> {
        let query = select(tx).and_where(Expr::col(K::KeyVersion).eq(key_version)).take();
        tx.query_one(&query).await?.map(|row| read(&row)).transpose()?.ok_or(KeyError::NoVersion(key_version))
    }

    /// A new version that seals from now on; values sealed before stay readable under their own version.
    pub async fn rotate(&self, tx: &TenantTx) -> Result<i32, KeyError> {
        let next = newest(tx).await?.map_or(1, |key| key.key_version + 1);
        let retire = Query::update()
            .table(K::Table)
            .value(K::RetiredAt, tx.now())
            .and_where(Expr::col(K::TenantId).eq(tx.tenant_id().as_uuid()))
            .and_where(Expr::col(K::RetiredAt).is_null())
            .take();
        tx.execute(&retire).await?;
        let version = self.add_version(tx, next).await?;
        self.cache().current.remove(&tx.tenant_id());
        Ok(version)
    }

    async fn add_version(&self, tx: &TenantTx, key_version: i32) -> Result<i32, KeyError> {
        let key = DataKey::generate()?;
        let stored = self.wrap(tx.tenant_id(), key_version, &key).await?;
        // Two first uses at once: the one that comes second uses the key of the first.
        tx.execute(&insert(tx, &stored).on_conflict(OnConflict::new().do_nothing().to_owned()).take()).await?;
        Ok(key_version)
    }

    async fn wrap(&self, tenant: TenantId, key_version: i32, key: &DataKey) -> Result<WrappedKey, KeyError> {
        let context = context(tenant, key_version);
        Ok(WrappedKey {
            key_version,
            provider: self.provider.name().to_owned(),
            kek_id: self.provider.kek_id().to_owned(),
            wrapped: self.provider.wrap(context, key).await?,
            recovery_wrapped: self.recovery.as_deref().map(|recovery| recovery.wrap(context, key)).transpose()?,
        })
    }

    /// Wraps every version of the clinic's key under this ring's KEK. `from` is the KEK they are wrapped under now.
    /// Values sealed with the data keys are not touched.
    pub async fn rewrap(&self, tx: &TenantTx, from: &dyn KeyProvider) -> Result<Rewrapped, KeyError> {
        let mut done = Rewrapped { changed: 0, already: 0 };
        for stored in all(tx).await? {
            if stored.kek_id == self.provider.kek_id() {
                done.already += 1;
                continue;
            }
            if stored.kek_id != from.kek_id() {
                return Err(KeyError::OtherKek { kek_id: from.kek_id().to_owned(), wrapped_by: stored.kek_id });
            }
            let key = from.unwrap(context(tx.tenant_id(), stored.key_version), &stored.wrapped).await?;
            self.replace(tx, &self.wrap(tx.tenant_id(), stored.key_version, &key).await?).await?;
            done.changed += 1;
        }
        Ok(done)
    }

    /// After a restore with the recovery key: brings every version under this installation's KEK.
    pub async fn recover(&self, tx: &TenantTx, recovery: &RecoveryPrivateKey) -> Result<Rewrapped, KeyError> {
        let mut done = Rewrapped { changed: 0, already: 0 };
        for stored in all(tx).await? {
            if stored.kek_id == self.provider.kek_id() {
                done.already += 1;
                continue;
            }
            let sealed = stored.recovery_wrapped.as_deref().ok_or(KeyError::NotRecoverable)?;
            let key = recovery.unwrap(context(tx.tenant_id(), stored.key_version), sealed)?;
            self.replace(tx, &self.wrap(tx.tenant_id(), stored.key_version, &key).await?).await?;
            done.changed += 1;
        }
        Ok(done)
    }

    async fn replace(&self, tx: &TenantTx, stored: &WrappedKey) -> Result<(), KeyError> {
        let update = Query::update()
            .table(K::Table)
            .values([
                (K::Provider, stored.provider.as_str().into()),
                (K::KekId, stored.kek_id.as_str().into()),
                (K::Wrapped, stored.wrapped.clone().into()),
                (K::RecoveryWrapped, stored.recovery_wrapped.clone().into()),
            ])
            .and_where(Expr::col(K::TenantId).eq(tx.tenant_id().as_uuid()))
            .and_where(Expr::col(K::KeyVersion).eq(stored.key_version))
            .take();
        tx.execute(&update).await?;
        Ok(())
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn context(tenant: TenantId, key_version: i32) -> KeyContext {
    KeyContext { tenant: tenant.as_uuid(), key_version }
}

fn select(tx: &TenantTx) -> SelectStatement {
    Query::select()
        .columns([K::KeyVersion, K::Provider, K::KekId, K::Wrapped, K::RecoveryWrapped])
        .from(K::Table)
        .and_where(Expr::col(K::TenantId).eq(tx.tenant_id().as_uuid()))
        .take()
}

async fn newest(tx: &TenantTx) -> Result<Option<WrappedKey>, KeyError> {
    let query = select(tx).order_by(K::KeyVersion, Order::Desc).limit(1).take();
    tx.query_one(&query).await?.map(|row| read(&row)).transpose()
}

async fn all(tx: &TenantTx) -> Result<Vec<WrappedKey>, KeyError> {
    let query = select(tx).order_by(K::KeyVersion, Order::Asc).take();
    tx.query_all(&query).await?.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<WrappedKey, KeyError> {
    Ok(WrappedKey {
        key_version: row.try_get("", "key_version")?,
        provider: row.try_get("", "provider")?,
        kek_id: row.try_get("", "kek_id")?,
        wrapped: row.try_get("", "wrapped")?,
        recovery_wrapped: row.try_get("", "recovery_wrapped")?,
    })
}

fn insert(tx: &TenantTx, stored: &WrappedKey) -> sea_query::InsertStatement {
    Query::insert()
        .into_table(K::Table)
        .columns([K::TenantId, K::Id, K::KeyVersion, K::Provider, K::KekId, K::Wrapped, K::RecoveryWrapped, K::CreatedAt])
        .values_panic([
            tx.tenant_id().as_uuid().into(),
            tx.new_id().into(),
            stored.key_version.into(),
            stored.provider.as_str().into(),
            stored.kek_id.as_str().into(),
            stored.wrapped.clone().into(),
            stored.recovery_wrapped.clone().into(),
            tx.now().into(),
        ])
        .take()
}

#[derive(Iden, Clone, Copy)]
enum K {
    #[iden = "tenant_key"]
    Table,
    TenantId,
    Id,
    KeyVersion,
    Provider,
    KekId,
    Wrapped,
    RecoveryWrapped,
    CreatedAt,
    RetiredAt,
}
