//! Anchors: the chain's newest stretch as an object in the locked bucket, event by event, so that it can be verified
//! without the database and an edit can be named. The format is open: `docs/audit-anchors.md`.

use serde::{Deserialize, Serialize};
use tenancy::operator::Operator;
use tenancy::seal::merkle::Hash;
use tenancy::seal::{self, Seal, SealedEvent};
use tenancy::{Error, TenantId};
use uuid::Uuid;

use crate::objectstore::{ObjectStore, StoreError};

const FORMAT: u32 = 1;
/// Events in one object at most, about 5 MB.
const MAX_EVENTS: usize = 40_000;

/// The file of one anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    pub format: u32,
    pub tenant_id: Uuid,
    pub seals: Vec<AnchoredSeal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchoredSeal {
    pub seq: i64,
    pub prev_hash: String,
    pub root: String,
    pub hash: String,
    /// Microseconds since 1970 UTC, as it enters the hash.
    pub sealed_at_us: i64,
    /// Event id and leaf.
    pub events: Vec<(Uuid, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    #[error("not an anchor file: {0}")]
    Malformed(String),
    #[error("the anchors contradict themselves at seal {0}")]
    Broken(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Database(#[from] Error),
}

impl Anchor {
    pub fn of(tenant: TenantId, seals: &[Seal]) -> Self {
        Self { format: FORMAT, tenant_id: tenant.as_uuid(), seals: seals.iter().map(AnchoredSeal::of).collect() }
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AnchorError> {
        let anchor: Self = serde_json::from_slice(bytes).map_err(|e| AnchorError::Malformed(e.to_string()))?;
        if anchor.format == FORMAT { Ok(anchor) } else { Err(AnchorError::Malformed(format!("format {}", anchor.format))) }
    }

    /// The seals, each checked against its own hash.
    pub fn seals(&self) -> Result<Vec<Seal>, AnchorError> {
        self.seals.iter().map(|kept| kept.seal(self.tenant_id)).collect()
    }
}

impl AnchoredSeal {
    fn of(seal: &Seal) -> Self {
        Self {
            seq: seal.seq,
            prev_hash: hex::encode(seal.prev_hash),
            root: hex::encode(seal.root),
            hash: hex::encode(seal.hash),
            sealed_at_us: seal.sealed_at.timestamp_micros(),
            events: seal.events.iter().map(|event| (event.id, hex::encode(event.leaf))).collect(),
        }
    }

    fn seal(&self, tenant_id: Uuid) -> Result<Seal, AnchorError> {
        let broken = || AnchorError::Broken(self.seq);
        let hash = |text: &str| hex::decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok()).ok_or_else(broken);
        let event = |(id, leaf): &(Uuid, String)| Ok(SealedEvent { id: *id, leaf: hash(leaf)? });
        let seal = Seal {
            tenant_id,
            seq: self.seq,
            prev_hash: hash(&self.prev_hash)?,
            root: hash(&self.root)?,
            events: self.events.iter().map(event).collect::<Result<_, AnchorError>>()?,
            sealed_at: chrono::DateTime::from_timestamp_micros(self.sealed_at_us).ok_or_else(broken)?,
            hash: hash(&self.hash)?,
        };
        if seal.is_intact() { Ok(seal) } else { Err(broken()) }
    }
}

/// Where one clinic's anchors are; keys sort by seal number.
pub fn prefix(tenant: TenantId) -> String {
    format!("anchor/{tenant}/")
}

fn object_key(tenant: TenantId, from: i64, to: i64) -> String {
    format!("{}{from:012}-{to:012}.json", prefix(tenant))
}

/// Anchors everything sealed so far; gives the number of seals put away.
pub async fn anchor_all(operator: &Operator, store: &ObjectStore) -> Result<u64, AnchorError> {
    let mut anchored = 0;
    for clinic in seal::unanchored(operator).await? {
        let mut after = clinic.anchored_seq;
        while after < clinic.sealed_seq {
            let seals = seal::sealed_after(operator, clinic.tenant_id, after, MAX_EVENTS).await?;
            let Some(last) = seals.last().map(|seal| seal.seq) else { break };
            let key = object_key(clinic.tenant_id, after + 1, last);
            let file = serde_json::to_vec(&Anchor::of(clinic.tenant_id, &seals)).map_err(Error::internal)?;
            store.put(&key, file, "application/json").await?;
            seal::record_anchor(operator, clinic.tenant_id, &seals, &key).await?;
            anchored += seals.len() as u64;
            after = last;
        }
    }
    Ok(anchored)
}

/// One chain out of anchor files in any order. Files of the same seals (a retry after a crash) must agree.
pub fn join(files: &[Anchor]) -> Result<Vec<Seal>, AnchorError> {
    let mut chain = std::collections::BTreeMap::new();
    for file in files {
        for seal in file.seals()? {
            let seq = seal.seq;
            if let Some(other) = chain.insert(seq, seal.clone()).filter(|other| *other != seal) {
                return Err(AnchorError::Broken(other.seq));
            }
        }
    }
    let chain: Vec<Seal> = chain.into_values().collect();
    match chain.windows(2).find(|pair| pair[0].seq + 1 != pair[1].seq || pair[0].hash != pair[1].prev_hash) {
        Some(pair) => Err(AnchorError::Broken(pair[1].seq)),
        None => Ok(chain),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn chain(count: i64) -> Vec<Seal> {
        let mut prev = Seal::GENESIS;
        let seal = |seq: i64| {
            let events = vec![SealedEvent { id: Uuid::from_u128(seq as u128), leaf: [seq as u8; 32] }];
            let seal = Seal::close(Uuid::from_u128(7), seq, prev, events, chrono::DateTime::UNIX_EPOCH);
            prev = seal.hash;
            seal
        };
        (1..=count).map(seal).collect()
    }

    // GL-16
    #[test]
    fn anchors_join_into_the_chain_they_were_made_of() {
        let (tenant, seals) = (TenantId::new(Uuid::from_u128(7)), chain(5));
        let file = |part: &[Seal]| Anchor::from_bytes(&serde_json::to_vec(&Anchor::of(tenant, part)).unwrap()).unwrap();
        assert_eq!(join(&[file(&seals[3..]), file(&seals[..3])]).unwrap(), seals);
        assert_eq!(join(&[file(&seals[..3]), file(&seals[1..])]).unwrap(), seals);
        assert!(matches!(join(&[file(&seals[..2]), file(&seals[3..])]), Err(AnchorError::Broken(4))));
        let mut edited = file(&seals);
        edited.seals[2].events[0].1 = hex::encode([9; 32]);
        assert!(matches!(join(&[edited]), Err(AnchorError::Broken(3))));
    }
}
