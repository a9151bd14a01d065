//! The log: sealed, anchored, verified against an attacker with the database in hand, searched and taken out.

use std::time::Duration;

use domain::Role;
use sqlx::AssertSqlSafe;
use tenancy::seal::{self, Seal};
use tenancy::verify::{self, Finding, Verdict};
use tsumugi::audit::anchor::{self, Anchor};

use crate::backup::{reader, source, writer};
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::Harness;

/// Seals until nothing of the clinic waits; other tests' open transactions may hold the log back for a moment.
pub async fn seal_everything(h: &Harness, clinic: &Clinic) {
    for _ in 0..1200 {
        seal::seal_pending(&h.operator()).await.unwrap();
        if check(h, clinic, None).await.unsealed == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the log was not sealed within 120 s");
}

async fn check(h: &Harness, clinic: &Clinic, anchored: Option<&[Seal]>) -> Verdict {
    verify::verify(&mut source(h, &h.database).begin(clinic.id).await.unwrap(), anchored).await.unwrap()
}

async fn attack(h: &Harness, clinic: &Clinic, sql: &str) {
    let sql = sql.replace("$clinic", &format!("'{}'", clinic.id));
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut h.superuser().await).await.unwrap();
    assert!(done.rows_affected() > 0);
}

// GL-16, DA-01: a superuser edits what was sealed, and each edit is named.
#[tokio::test]
async fn what_a_superuser_changes_is_named() {
    let h = Harness::get();
    let first = |sql: &'static str| async move {
        let (here, _) = two_clinics(h).await;
        seal_everything(h, &here).await;
        assert_eq!(check(h, &here, None).await.findings, []);
        attack(h, &here, sql).await;
        check(h, &here, None).await.findings.remove(0)
    };
    assert!(matches!(
        first("UPDATE audit_event SET source_ip = 'x' WHERE tenant_id = $clinic").await,
        Finding::EventAltered { seq: 1, .. }
    ));
    assert!(matches!(first("DELETE FROM audit_event WHERE tenant_id = $clinic").await, Finding::EventMissing { seq: 1, .. }));
    let copy = "INSERT INTO audit_event SELECT tenant_id, gen_random_uuid(), recorded_at, actor_id, actor_role, act, info_class, outcome,
                subject_ids, entity_kind, entity_id, detail, digests, request_id, source_ip, '1'::xid8, leaf FROM audit_event WHERE tenant_id = $clinic LIMIT 1";
    assert!(matches!(first(copy).await, Finding::EventInserted { seq: None, .. }));
    assert!(matches!(
        first("UPDATE audit_seal SET leaves = '\\x00' || substr(leaves, 2) WHERE tenant_id = $clinic").await,
        Finding::SealAltered { seq: 1 }
    ));
    assert!(matches!(
        first("DELETE FROM audit_seal WHERE tenant_id = $clinic AND seq = 1").await,
        Finding::EventInserted { .. } | Finding::SealMissing { .. }
    ));
    let history = "UPDATE row_version SET content = content || '{\"name\": \"x\"}' WHERE tenant_id = $clinic AND kind = 'staff'";
    assert!(matches!(first(history).await, Finding::RowAltered(row) if row.kind == "staff"));
    assert!(matches!(first("DELETE FROM row_version WHERE tenant_id = $clinic").await, Finding::RowMissing(_)));
    assert!(
        matches!(first("UPDATE staff SET name = 'x' WHERE tenant_id = $clinic").await, Finding::HeadAltered(row) if row.kind == "staff")
    );
}

// GL-16: the anchors are in the locked bucket; a chain rewritten from the first seal on is found against them.
#[tokio::test]
async fn a_rewritten_chain_is_found_against_the_anchors_in_the_bucket() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    seal_everything(h, &here).await;
    anchor::anchor_all(&h.operator(), &writer()).await.unwrap();
    let kept = anchors(&here).await;
    assert!(!kept.is_empty());
    assert_eq!(check(h, &here, Some(&kept)).await.findings, []);
    // An attacker who edits an event and recomputes leaf, root and chain: the database agrees with itself again.
    let altered = &kept[0].events[0];
    let mut forged = kept[0].clone();
    forged.events[0].leaf = [7; 32];
    let forged = Seal::close(forged.tenant_id, forged.seq, forged.prev_hash, forged.events, forged.sealed_at);
    let leaves: String = forged.events.iter().map(|event| hex::encode(event.leaf)).collect();
    let sql = format!(
        "UPDATE audit_seal SET leaves = '\\x{leaves}', root = '\\x{}', hash = '\\x{}' WHERE tenant_id = $clinic AND seq = {}",
        hex::encode(forged.root),
        hex::encode(forged.hash),
        forged.seq
    );
    attack(h, &here, &sql).await;
    let found = check(h, &here, Some(&kept)).await.findings;
    assert!(found.contains(&Finding::EventAltered { seq: kept[0].seq, id: altered.id }), "{found:?}");
}

// GL-16: seals that should long be outside the database and are not are told, with the moment since when.
#[tokio::test]
async fn seals_without_an_anchor_are_told() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    seal_everything(h, &here).await;
    let nothing_outside = check(h, &here, Some(&[])).await;
    assert_eq!(nothing_outside.unanchored.map(|(seq, _)| seq), Some(1));
    anchor::anchor_all(&h.operator(), &writer()).await.unwrap();
    assert_eq!(check(h, &here, Some(&anchors(&here).await)).await.unanchored, None);
}

async fn anchors(clinic: &Clinic) -> Vec<Seal> {
    let store = reader();
    let mut files = Vec::new();
    for object in store.list(&anchor::prefix(clinic.id)).await.unwrap() {
        files.push(Anchor::from_bytes(&store.get_bytes(&object.key).await.unwrap()).unwrap());
    }
    anchor::join(&files).unwrap()
}

// GL-16: several sealers at once make one chain.
#[tokio::test]
async fn sealers_side_by_side_make_one_chain() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let rounds = (0..6).map(|_| async {
        for _ in 0..5 {
            let tx = h.operator().begin(here.id).await.unwrap();
            tx.commit(tenancy::Audit::viewed(tenancy::InfoClass::Clinic)).await.unwrap();
            seal::seal_pending(&h.operator()).await.unwrap();
        }
    });
    futures_util::future::join_all(rounds).await;
    seal_everything(h, &here).await;
    let verdict = check(h, &here, None).await;
    assert_eq!(verdict.findings, []);
    assert!(verdict.events >= 30);
}

// GL-15
#[tokio::test]
async fn the_log_is_searched_page_by_page_and_taken_out_for_a_reason() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    for clinic in [&here, &neighbour] {
        for _ in 0..60 {
            let tx = h.operator().begin(clinic.id).await.unwrap();
            tx.commit(tenancy::Audit::of(tenancy::Act::Backup, tenancy::InfoClass::Backup)).await.unwrap();
        }
    }
    let admin = here.client(h, Role::ClinicAdmin).await;
    let first = admin.get("/audit?act=backup").await.expect(200).body;
    assert_eq!(first.matches("<tr>").count(), 51, "a page and its head");
    let next = first.split("href=\"/audit?").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = admin.get(&format!("/audit?{next}")).await.expect(200).body;
    assert_eq!(second.matches("<tr>").count(), 11, "the rest, and none of the neighbour's");
    let refused = admin.post("/audit/export", &[("act", "backup"), ("reason", "")]).await.expect(422).body;
    assert!(refused.contains("書き出す理由を選んでください"));
    let file = admin.post("/audit/export", &[("act", "backup"), ("reason", "review")]).await.expect(200);
    assert!(file.header("content-disposition").contains("audit-"));
    assert_eq!(file.body.lines().count(), 61);
    let log = admin.get("/audit?act=export").await.expect(200).body;
    assert!(log.contains("書出し"), "taking the log out is in the log");
}

#[tokio::test]
async fn a_search_that_cannot_be_read_keeps_what_was_typed() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let page = admin.get("/audit?from=R8.13.45&patient=999999").await.expect(422).body;
    assert!(page.contains("R8.13.45") && page.contains("日付として読めません"));
    admin.get(&format!("/audit?staff={}", neighbour.staff_of(Role::Doctor))).await.expect(200);
    admin.get("/audit?before=9223372036854775807.x").await.expect(422);
    admin.get("/audit?to=9999-12-31").await;
}
