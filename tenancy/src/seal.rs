//! Sealing the audit log (GL-16): the leaves of committed events become a Merkle root per clinic, and each seal's
//! hash covers the one before. Run every 250 ms by the worker; several workers may run it, one at a time gets in.
//!
//! Until an event is sealed, grants alone protect it; from then on an edit changes a hash, and from the next anchor
//! on that hash is kept where the database's superuser cannot reach.

mod chain;
pub mod merkle;

pub use chain::{Seal, SealedEvent};

use std::time::Duration;

use domain::TenantId;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::Error;
use crate::operator::Operator;
use merkle::Hash;

/// Leaves in one seal at most: keeps the row and its anchor small after a bulk load.
const MAX_LEAVES: usize = 4096;

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealed {
    pub events: u64,
    pub seals: u64,
}

/// A clinic with seals that no anchor covers yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanchored {
    pub tenant_id: TenantId,
    pub anchored_seq: i64,
    pub sealed_seq: i64,
}

/// Seals everything that can no longer change. None when another worker is sealing.
pub async fn seal_pending(operator: &Operator) -> Result<Option<Sealed>, Error> {
    let mut tx = operator.pool().begin().await?;
    let Some(turn) = sqlx::query("SELECT sealed_below, seal_below FROM audit_seal_begin()").fetch_optional(&mut *tx).await? else {
        return Ok(None);
    };
    let (from, below): (String, String) = (turn.try_get("sealed_below")?, turn.try_get("seal_below")?);
    let pending = sqlx::query("SELECT tenant_id, id, leaf FROM audit_pending($1, $2)").bind(&from).bind(&below);
    let events = pending.fetch_all(&mut *tx).await?;
    if events.is_empty() {
        // The watermark stays: moving it for nothing would write a row four times a second.
        return Ok(Some(Sealed::default()));
    }
    let mut sealed = Sealed::default();
    let leaves = events.iter().map(pending_leaf).collect::<Result<Vec<_>, _>>()?;
    for clinic in leaves.chunk_by(|a, b| a.0 == b.0) {
        sealed.seals += append(&mut tx, operator, clinic).await?;
        sealed.events += clinic.len() as u64;
    }
    sqlx::query("SELECT audit_seal_finish($1)").bind(&below).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(Some(sealed))
}

type PendingLeaf = (Uuid, SealedEvent);

fn pending_leaf(row: &PgRow) -> Result<PendingLeaf, Error> {
    let leaf: Vec<u8> = row.try_get("leaf")?;
    let leaf: Hash = leaf.try_into().map_err(|_| Error::internal("an audit leaf is not 32 bytes"))?;
    Ok((row.try_get("tenant_id")?, SealedEvent { id: row.try_get("id")?, leaf }))
}

/// Appends one or more seals to one clinic's chain.
async fn append(tx: &mut PgConnection, operator: &Operator, leaves: &[PendingLeaf]) -> Result<u64, Error> {
    let Some(&(tenant, _)) = leaves.first() else { return Ok(0) };
    let last = sqlx::query("SELECT seq, hash FROM audit_last_seal($1)").bind(tenant).fetch_optional(&mut *tx).await?;
    let mut tip = match last {
        Some(row) => (row.try_get("seq")?, row.try_get::<Vec<u8>, _>("hash")?),
        None => (0i64, Seal::GENESIS.to_vec()),
    };
    let mut seals = 0;
    for part in leaves.chunks(MAX_LEAVES) {
        let prev_hash = tip.1.try_into().map_err(|_| Error::internal("a seal's hash is not 32 bytes"))?;
        let events = part.iter().map(|&(_, event)| event).collect();
        let seal = Seal::close(tenant, tip.0 + 1, prev_hash, events, operator.clock().now());
        insert(tx, &seal).await?;
        tip = (seal.seq, seal.hash.to_vec());
        seals += 1;
    }
    Ok(seals)
}

async fn insert(tx: &mut PgConnection, seal: &Seal) -> Result<(), Error> {
    let ids: Vec<Uuid> = seal.events.iter().map(|event| event.id).collect();
    let leaves: Vec<u8> = seal.events.iter().flat_map(|event| event.leaf).collect();
    sqlx::query("SELECT audit_seal_append($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(seal.tenant_id)
        .bind(seal.seq)
        .bind(seal.prev_hash.as_slice())
        .bind(seal.root.as_slice())
        .bind(ids)
        .bind(leaves)
        .bind(seal.hash.as_slice())
        .bind(seal.sealed_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// How long the oldest unsealed event has waited: the alarm for a transaction that holds the log open.
pub async fn lag(operator: &Operator) -> Result<Duration, Error> {
    let row = sqlx::query("SELECT audit_seal_lag()").fetch_one(operator.pool()).await?;
    Ok(Duration::from_secs_f64(row.try_get::<f64, _>(0)?.clamp(0.0, 1e9)))
}

/// Clinics whose newest seals are not in the locked bucket yet.
pub async fn unanchored(operator: &Operator) -> Result<Vec<Unanchored>, Error> {
    let rows = sqlx::query("SELECT tenant_id, anchored_seq, sealed_seq FROM audit_unanchored()").fetch_all(operator.pool()).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unanchored {
                tenant_id: TenantId::new(row.try_get("tenant_id")?),
                anchored_seq: row.try_get("anchored_seq")?,
                sealed_seq: row.try_get("sealed_seq")?,
            })
        })
        .collect()
}

/// A stretch of a clinic's chain that no anchor covers yet, oldest first, of about `max_events` events.
pub async fn sealed_after(operator: &Operator, tenant: TenantId, seq: i64, max_events: usize) -> Result<Vec<Seal>, Error> {
    let mut tx = as_clinic(operator, tenant).await?;
    let mut rows = sqlx::query(
        "SELECT tenant_id, seq, prev_hash, root, event_ids, leaves, hash, sealed_at FROM audit_seal WHERE tenant_id = $1 AND seq > $2 ORDER BY seq",
    )
    .bind(tenant.as_uuid())
    .bind(seq)
    .fetch(&mut *tx);
    let (mut seals, mut events) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        let seal = crate::verify::seal_row(&row)?;
        events += seal.events.len();
        seals.push(seal);
        if events >= max_events {
            break;
        }
    }
    Ok(seals)
}

/// Notes that an anchor is in the bucket. This writes no audit event: an idle clinic would otherwise never come to rest.
pub async fn record_anchor(operator: &Operator, tenant: TenantId, seals: &[Seal], object_key: &str) -> Result<(), Error> {
    let (Some(first), Some(last)) = (seals.first(), seals.last()) else { return Ok(()) };
    let now = operator.clock().now();
    let mut tx = as_clinic(operator, tenant).await?;
    sqlx::query(
        "INSERT INTO audit_anchor (tenant_id, id, from_seq, to_seq, object_key, hash, anchored_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(crate::versioned::new_id(now))
    .bind(first.seq)
    .bind(last.seq)
    .bind(object_key)
    .bind(last.hash.as_slice())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

async fn as_clinic(operator: &Operator, tenant: TenantId) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, Error> {
    let opening = format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'");
    Ok(operator.tenants().raw().begin_with(sqlx::AssertSqlSafe(opening)).await?)
}
