//! One link of a clinic's chain.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::merkle::{self, Hash};

/// An event as its seal remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedEvent {
    pub id: Uuid,
    pub leaf: Hash,
}

/// A row of `audit_seal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    pub tenant_id: Uuid,
    /// 1, 2, 3… without gaps.
    pub seq: i64,
    pub prev_hash: Hash,
    pub root: Hash,
    pub events: Vec<SealedEvent>,
    pub sealed_at: DateTime<Utc>,
    pub hash: Hash,
}

impl Seal {
    /// What the first seal of a clinic follows.
    pub const GENESIS: Hash = [0; 32];

    /// Closes a link over the events, in this order.
    pub fn close(tenant_id: Uuid, seq: i64, prev_hash: Hash, events: Vec<SealedEvent>, sealed_at: DateTime<Utc>) -> Self {
        let mut seal = Self { tenant_id, seq, prev_hash, root: Hash::default(), events, sealed_at, hash: Hash::default() };
        seal.root = seal.compute_root();
        seal.hash = seal.compute_hash();
        seal
    }

    pub fn compute_root(&self) -> Hash {
        merkle::root(&self.events.iter().map(|event| event.leaf).collect::<Vec<_>>())
    }

    /// SHA-256 over `"tsumugi-seal/1"`, clinic, number, previous hash, root, count, event ids and moment (µs), big endian.
    pub fn compute_hash(&self) -> Hash {
        let ids: Vec<u8> = self.events.iter().flat_map(|event| *event.id.as_bytes()).collect();
        merkle::hash(&[
            b"tsumugi-seal/1",
            self.tenant_id.as_bytes(),
            &self.seq.to_be_bytes(),
            &self.prev_hash,
            &self.root,
            &(self.events.len() as u64).to_be_bytes(),
            &ids,
            &self.sealed_at.timestamp_micros().to_be_bytes(),
        ])
    }

    /// Does the seal agree with itself?
    pub fn is_intact(&self) -> bool {
        self.compute_root() == self.root && self.compute_hash() == self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        let events = (1..=3u8).map(|n| SealedEvent { id: Uuid::from_u128(n.into()), leaf: [n; 32] }).collect();
        Seal::close(Uuid::from_u128(7), 1, Seal::GENESIS, events, DateTime::UNIX_EPOCH)
    }

    // GL-16
    #[test]
    fn any_change_to_a_seal_shows() {
        assert!(seal().is_intact());
        let mut altered = seal();
        altered.events[1].leaf[0] ^= 1;
        assert!(!altered.is_intact());
        let mut reordered = seal();
        reordered.events.swap(0, 1);
        assert!(!reordered.is_intact());
        let mut renamed = seal();
        renamed.events[0].id = Uuid::from_u128(99);
        assert!(!renamed.is_intact());
        let mut moved = seal();
        moved.seq = 2;
        assert!(!moved.is_intact());
    }
}
