//! Does the database still say what was sealed? (DA-01, GL-16)
//!
//! The expected chain comes from `audit_seal`, or from anchors that were kept outside the database: then an edit is
//! found even when a superuser rewrote the seals to match. Events, history rows and current rows are recomputed and
//! compared with it, and each difference is named.

mod chain;
mod rows;

pub use chain::compare_chains;
pub(crate) use chain::seal as seal_row;

use chain::Expected;

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::Error;
use crate::archive::Snapshot;
use crate::seal::Seal;

/// A row by kind, id and version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowName {
    pub kind: String,
    pub id: Uuid,
    pub version: i32,
}

/// One thing that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    SealMissing {
        seq: i64,
    },
    SealAltered {
        seq: i64,
    },
    ChainBroken {
        seq: i64,
    },
    EventAltered {
        seq: i64,
        id: Uuid,
    },
    EventMissing {
        seq: i64,
        id: Uuid,
    },
    /// In the table or in a seal, and in no seal or anchor that was made.
    EventInserted {
        seq: Option<i64>,
        id: Uuid,
    },
    EventReordered {
        seq: i64,
        id: Uuid,
    },
    RowAltered(RowName),
    RowMissing(RowName),
    RowInserted(RowName),
    /// The current row differs from its own history.
    HeadAltered(RowName),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |name: &RowName| format!("{} {} 第{}版", name.kind, name.id, name.version);
        match self {
            Self::SealMissing { seq } => write!(f, "封印 {seq} がありません"),
            Self::SealAltered { seq } => write!(f, "封印 {seq} が書き換えられています"),
            Self::ChainBroken { seq } => write!(f, "封印 {seq} が前の封印につながっていません"),
            Self::EventAltered { seq, id } => write!(f, "封印 {seq} の監査記録 {id} が書き換えられています"),
            Self::EventMissing { seq, id } => write!(f, "封印 {seq} の監査記録 {id} がありません"),
            Self::EventInserted { seq: Some(seq), id } => write!(f, "封印 {seq} に監査記録 {id} が差し込まれています"),
            Self::EventInserted { seq: None, id } => write!(f, "監査記録 {id} があとから差し込まれています"),
            Self::EventReordered { seq, id } => write!(f, "封印 {seq} の監査記録の順序が {id} から入れ替えられています"),
            Self::RowAltered(name) => write!(f, "記録 {} が書き換えられています", row(name)),
            Self::RowMissing(name) => write!(f, "記録 {} がありません", row(name)),
            Self::RowInserted(name) => write!(f, "記録 {} は監査記録のないまま差し込まれています", row(name)),
            Self::HeadAltered(name) => write!(f, "現在の記録 {} が履歴と異なります", row(name)),
        }
    }
}

/// What was looked at and what was found, the log first, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    pub seals: u64,
    pub events: u64,
    /// Events too young to be sealed.
    pub unsealed: u64,
    pub rows: u64,
    pub heads: u64,
    /// The oldest seal the anchors do not reach yet, and when it was made.
    pub unanchored: Option<(i64, DateTime<Utc>)>,
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Checks one clinic. `anchored` is the chain as anchors remember it; seals made since the last anchor are taken from
/// the database.
pub async fn verify(snapshot: &mut Snapshot, anchored: Option<&[Seal]>) -> Result<Verdict, Error> {
    let stored = chain::stored(snapshot).await?;
    let (mut findings, mut unanchored) = (Vec::new(), None);
    let expected = match anchored {
        None => Expected::new(&stored),
        Some(anchored) => {
            findings.extend(compare_chains(anchored, &stored));
            let last = anchored.last().map_or(0, |seal| seal.seq);
            let newer = &stored[stored.partition_point(|seal| seal.seq <= last)..];
            unanchored = newer.first().map(|seal| (seal.seq, seal.sealed_at));
            Expected::new(&[anchored, newer].concat())
        }
    };
    findings.extend(chain::self_check(&stored));
    let mut verdict = Verdict { seals: stored.len() as u64, unanchored, findings, ..Verdict::default() };
    let written = chain::check_events(snapshot, expected, &mut verdict).await?;
    rows::check(snapshot, written, &mut verdict).await?;
    Ok(verdict)
}
