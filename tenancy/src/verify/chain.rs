//! The log against its seals and anchors.

use std::collections::{HashMap, HashSet};

use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::rows::Written;
use super::{Finding, RowName, Verdict};
use crate::Error;
use crate::archive::Snapshot;
use crate::audit::{AuditEvent, ContentDigest};
use crate::seal::merkle::Hash;
use crate::seal::{Seal, SealedEvent};

/// Which leaf each event must have.
pub struct Expected(HashMap<Uuid, (i64, Hash)>);

impl Expected {
    pub fn new(seals: &[Seal]) -> Self {
        let events = seals.iter().flat_map(|seal| seal.events.iter().map(move |event| (event.id, (seal.seq, event.leaf))));
        Self(events.collect())
    }
}

/// The chain as the database holds it.
pub(super) async fn stored(snapshot: &mut Snapshot) -> Result<Vec<Seal>, Error> {
    const SQL: &str =
        "SELECT tenant_id, seq, prev_hash, root, event_ids, leaves, hash, sealed_at FROM audit_seal WHERE tenant_id = $1 ORDER BY seq";
    let mut seals = Vec::new();
    snapshot
        .each_row(SQL, &mut |row| {
            seals.push(seal(row)?);
            Ok::<(), Error>(())
        })
        .await?;
    Ok(seals)
}

/// A row of `audit_seal`. A hash of the wrong length reads as zeros and is reported as altered.
pub(crate) fn seal(row: &PgRow) -> Result<Seal, Error> {
    let hash = |column: &str| Ok::<Hash, Error>(row.try_get::<Vec<u8>, _>(column)?.try_into().unwrap_or_default());
    let (ids, leaves): (Vec<Uuid>, Vec<u8>) = (row.try_get("event_ids")?, row.try_get("leaves")?);
    let mut leaves = leaves.chunks_exact(32).map(|leaf| leaf.try_into().unwrap_or_default());
    Ok(Seal {
        tenant_id: row.try_get("tenant_id")?,
        seq: row.try_get("seq")?,
        prev_hash: hash("prev_hash")?,
        root: hash("root")?,
        events: ids.into_iter().map(|id| SealedEvent { id, leaf: leaves.next().unwrap_or_default() }).collect(),
        sealed_at: row.try_get("sealed_at")?,
        hash: hash("hash")?,
    })
}

/// Gaps, broken links and seals that do not agree with themselves.
pub(super) fn self_check(stored: &[Seal]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut next, mut prev) = (1, Seal::GENESIS);
    for seal in stored {
        findings.extend((next..seal.seq).map(|seq| Finding::SealMissing { seq }));
        if !seal.is_intact() {
            findings.push(Finding::SealAltered { seq: seal.seq });
        } else if seal.seq == next && seal.prev_hash != prev {
            findings.push(Finding::ChainBroken { seq: seal.seq });
        }
        (next, prev) = (seal.seq + 1, seal.hash);
    }
    findings
}

/// The database's chain against the anchored one: names the event at which the first difference begins.
pub fn compare_chains(anchored: &[Seal], stored: &[Seal]) -> Vec<Finding> {
    let by_seq: HashMap<i64, &Seal> = stored.iter().map(|seal| (seal.seq, seal)).collect();
    let mut findings = Vec::new();
    for kept in anchored {
        match by_seq.get(&kept.seq) {
            None => findings.push(Finding::SealMissing { seq: kept.seq }),
            Some(now) if now.hash == kept.hash && now.events == kept.events => {}
            Some(now) => findings.extend(compare_events(kept, now)),
        }
    }
    findings
}

fn compare_events(kept: &Seal, now: &Seal) -> Vec<Finding> {
    let seq = kept.seq;
    let (before, after): (HashSet<Uuid>, HashSet<Uuid>) =
        (kept.events.iter().map(|event| event.id).collect(), now.events.iter().map(|event| event.id).collect());
    let leaves: HashMap<Uuid, Hash> = now.events.iter().map(|event| (event.id, event.leaf)).collect();
    let mut findings = Vec::new();
    for event in &kept.events {
        match leaves.get(&event.id) {
            None => findings.push(Finding::EventMissing { seq, id: event.id }),
            Some(leaf) if *leaf != event.leaf => findings.push(Finding::EventAltered { seq, id: event.id }),
            Some(_) => {}
        }
    }
    findings.extend(now.events.iter().filter(|e| !before.contains(&e.id)).map(|e| Finding::EventInserted { seq: Some(seq), id: e.id }));
    let common = |events: &[SealedEvent], other: &HashSet<Uuid>| -> Vec<Uuid> {
        events.iter().map(|event| event.id).filter(|id| other.contains(id)).collect()
    };
    let (was, is) = (common(&kept.events, &after), common(&now.events, &before));
    findings.extend(was.iter().zip(&is).find(|(a, b)| a != b).map(|(&id, _)| Finding::EventReordered { seq, id }));
    if findings.is_empty() {
        findings.push(Finding::SealAltered { seq });
    }
    findings
}

/// Every event of the table against its expected leaf; gives the digests the events vouch for.
pub(super) async fn check_events(snapshot: &mut Snapshot, expected: Expected, verdict: &mut Verdict) -> Result<Written, Error> {
    const SQL: &str = "SELECT e.*, e.xid < w.sealed_below AS is_sealed FROM audit_event e, audit_watermark w
                       WHERE e.tenant_id = $1 ORDER BY e.recorded_at, e.id";
    let (mut expected, mut written) = (expected.0, Written::default());
    snapshot
        .each_row(SQL, &mut |row| {
            let (id, is_sealed): (Uuid, bool) = (row.try_get("id")?, row.try_get("is_sealed")?);
            verdict.events += 1;
            let event = event(row)?;
            match (expected.remove(&id), event) {
                (Some((seq, leaf)), event) if event.as_ref().is_none_or(|e| e.compute_leaf() != leaf || e.leaf != leaf) => {
                    verdict.findings.push(Finding::EventAltered { seq, id });
                }
                (None, _) if is_sealed => verdict.findings.push(Finding::EventInserted { seq: None, id }),
                (known, Some(event)) => {
                    verdict.unsealed += u64::from(known.is_none());
                    written.extend(event.digests.into_iter().filter_map(digest));
                }
                (_, None) => verdict.findings.push(Finding::EventInserted { seq: None, id }),
            }
            Ok::<(), Error>(())
        })
        .await?;
    let mut missing: Vec<Finding> = expected.into_iter().map(|(id, (seq, _))| Finding::EventMissing { seq, id }).collect();
    missing.retain(|finding| !verdict.findings.contains(finding));
    verdict.findings.extend(missing);
    verdict.findings.sort_by_key(position);
    verdict.findings.dedup();
    Ok(written)
}

/// Oldest first, so that the first line is where the trouble begins.
fn position(finding: &Finding) -> i64 {
    match finding {
        Finding::SealMissing { seq } | Finding::SealAltered { seq } | Finding::ChainBroken { seq } => *seq,
        Finding::EventAltered { seq, .. } | Finding::EventMissing { seq, .. } | Finding::EventReordered { seq, .. } => *seq,
        Finding::EventInserted { seq, .. } => seq.unwrap_or(i64::MAX),
        _ => i64::MAX,
    }
}

fn digest(of: ContentDigest) -> Option<(RowName, Hash)> {
    let bytes = hex::decode(&of.digest).ok()?.try_into().ok()?;
    Some((RowName { kind: of.kind, id: of.id, version: of.version }, bytes))
}

/// The event as written; None when a column no longer has the shape it was written in.
fn event(row: &PgRow) -> Result<Option<AuditEvent>, Error> {
    let Ok(digests) = serde_json::from_value(row.try_get("digests")?) else { return Ok(None) };
    let Ok(leaf) = row.try_get::<Vec<u8>, _>("leaf")?.try_into() else { return Ok(None) };
    Ok(Some(AuditEvent {
        tenant_id: row.try_get("tenant_id")?,
        id: row.try_get("id")?,
        recorded_at: row.try_get("recorded_at")?,
        actor_id: row.try_get("actor_id")?,
        actor_role: row.try_get("actor_role")?,
        act: row.try_get("act")?,
        info_class: row.try_get("info_class")?,
        outcome: row.try_get("outcome")?,
        subject_ids: row.try_get("subject_ids")?,
        entity_kind: row.try_get("entity_kind")?,
        entity_id: row.try_get("entity_id")?,
        detail: row.try_get("detail")?,
        digests,
        request_id: row.try_get("request_id")?,
        source_ip: row.try_get("source_ip")?,
        leaf,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn chain(leaves: &[&[u8]]) -> Vec<Seal> {
        let (tenant, mut prev) = (Uuid::from_u128(7), Seal::GENESIS);
        let mut next_id = 0u128;
        let seal = |(at, leaves): (usize, &&[u8])| {
            let events = leaves.iter().map(|&leaf| {
                next_id += 1;
                SealedEvent { id: Uuid::from_u128(next_id), leaf: [leaf; 32] }
            });
            let seal = Seal::close(tenant, at as i64 + 1, prev, events.collect(), DateTime::UNIX_EPOCH);
            prev = seal.hash;
            seal
        };
        leaves.iter().enumerate().map(seal).collect()
    }

    fn reclosed(seals: &mut [Seal], from: usize) {
        for at in from..seals.len() {
            let prev = if at == 0 { Seal::GENESIS } else { seals[at - 1].hash };
            let old = seals[at].clone();
            seals[at] = Seal::close(old.tenant_id, old.seq, prev, old.events, old.sealed_at);
        }
    }

    // GL-16: a superuser who recomputes the whole chain is still found against the anchors, by event.
    #[test]
    fn a_rewritten_chain_is_named_by_event_against_the_anchors() {
        let kept = chain(&[&[1, 2], &[3, 4, 5]]);
        let id = |n| Uuid::from_u128(n);
        let rewritten = |change: &dyn Fn(&mut Vec<SealedEvent>)| {
            let mut now = kept.clone();
            change(&mut now[1].events);
            reclosed(&mut now, 1);
            assert_eq!(self_check(&now), [], "the rewritten chain agrees with itself");
            compare_chains(&kept, &now)
        };
        assert_eq!(rewritten(&|events| events[0].leaf = [9; 32]), [Finding::EventAltered { seq: 2, id: id(3) }]);
        assert_eq!(
            rewritten(&|events| {
                events.remove(1);
            }),
            [Finding::EventMissing { seq: 2, id: id(4) }]
        );
        assert_eq!(rewritten(&|events| events.swap(1, 2)), [Finding::EventReordered { seq: 2, id: id(4) }]);
        let extra = SealedEvent { id: id(99), leaf: [9; 32] };
        assert_eq!(rewritten(&|events| events.insert(1, extra)), [Finding::EventInserted { seq: Some(2), id: id(99) }]);
        assert_eq!(compare_chains(&kept, &kept[..1]), [Finding::SealMissing { seq: 2 }]);
    }

    #[test]
    fn gaps_edits_and_broken_links_show_without_anchors() {
        let whole = chain(&[&[1], &[2], &[3]]);
        assert_eq!(self_check(&whole), []);
        assert_eq!(self_check(&[whole[0].clone(), whole[2].clone()]), [Finding::SealMissing { seq: 2 }]);
        let mut edited = whole.clone();
        edited[1].events[0].leaf = [9; 32];
        assert_eq!(self_check(&edited), [Finding::SealAltered { seq: 2 }]);
        let mut relinked = whole.clone();
        relinked[1].events[0].leaf = [9; 32];
        reclosed(&mut relinked[..2], 1);
        assert_eq!(self_check(&relinked), [Finding::ChainBroken { seq: 3 }]);
    }
}
