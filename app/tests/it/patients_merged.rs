//! 統合 and its way back through the real application.

use chrono::NaiveDate;
use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::harness::{Answer, Client, Harness};
use crate::notes::{Visit, encounter};
use crate::patients::{desk, key, number_on, register};

async fn merge(admin: &Client, survivor: (&str, &str), merged: (&str, &str)) -> Answer {
    let key = key();
    let fields = [
        ("a", survivor.0),
        ("a_version", survivor.1),
        ("b", merged.0),
        ("b_version", merged.1),
        ("survivor", survivor.0),
        ("confirmed", "yes"),
        ("idempotency_key", &key),
    ];
    let first = admin.post("/patients/merges", &fields).await;
    if first.status == 303 {
        let again = admin.post("/patients/merges", &fields).await.expect(303);
        assert_eq!(again.header("location"), first.header("location"), "posting twice merges once");
    }
    first
}

async fn undo(admin: &Client, merge_path: &str, merged: &str) -> Answer {
    admin.post(&format!("{merge_path}/reversal"), &[("patient_token", merged)]).await
}

#[tokio::test]
async fn scenario_19_a_merge_finds_one_chart_by_both_numbers_and_can_be_taken_back() {
    let (h, here, _, clerk) = desk().await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let (a, b, c) = (register(&clerk, &[]).await, register(&clerk, &[]).await, register(&clerk, &[]).await);
    let compare = admin.get(&format!("/patients/merge?a={a}&b={b}")).await.expect(200);
    assert!(compare.body.contains("000001") && compare.body.contains("000002") && compare.body.contains("confirmed"));
    assert!(admin.get(&format!("/patients/merge?a={a}&b_number=2")).await.expect(200).body.contains(&b));
    admin.get(&format!("/patients/merge?a={a}")).await.expect(200);
    let first = merge(&admin, (&b, "1"), (&a, "1")).await.expect(303).header("location").to_owned();
    assert_eq!(clerk.get(&format!("/patients/{a}")).await.expect(303).header("location"), format!("/patients/{b}"));
    let found = clerk.get_fragment("/patients?q=000001").await;
    assert!(found.body.contains(&b) && !found.body.contains(&format!("/patients/{a}\"")), "the old number finds the survivor");
    clerk.get(&format!("/patients/{a}/edit")).await.expect(422);
    merge(&admin, (&c, "1"), (&a, "2")).await.expect(422);
    merge(&admin, (&c, "1"), (&b, "1")).await.expect(409);
    // b, with a behind it, goes into c: one group, found by all three numbers.
    let second = merge(&admin, (&c, "1"), (&b, "2")).await.expect(303).header("location").to_owned();
    for number in ["000001", "000002", "000003"] {
        assert!(clerk.get_fragment(&format!("/patients?q={number}")).await.body.contains(&c), "{number}");
    }
    assert!(clerk.get(&format!("/patients/{c}")).await.expect(200).body.contains("000001 齋藤"));
    // Back in order only, and to exactly what there was.
    undo(&admin, &first, &a).await.expect(422);
    undo(&admin, &second, &c).await.expect(422);
    undo(&admin, &second, &b).await.expect(303);
    undo(&admin, &second, &b).await.expect(422);
    assert_eq!(clerk.get(&format!("/patients/{a}")).await.expect(303).header("location"), format!("/patients/{b}"));
    undo(&admin, &first, &a).await.expect(303);
    for (number, id) in [("000001", &a), ("000002", &b), ("000003", &c)] {
        let page = clerk.get(&format!("/patients/{id}")).await.expect(200);
        assert_eq!(number_on(&page), number);
        assert_eq!(clerk.get_fragment(&format!("/patients?q={number}")).await.body.matches("data-row>").count(), 1);
    }
    assert!(clerk.get(&format!("/patients/{a}/history")).await.expect(200).body.contains("統合の取消"));
}

#[tokio::test]
async fn a_merge_stays_after_thirty_days() {
    let (h, here, _, clerk) = desk().await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let (a, b) = (register(&clerk, &[]).await, register(&clerk, &[]).await);
    let path = merge(&admin, (&a, "1"), (&b, "1")).await.expect(303).header("location").to_owned();
    let mut superuser = h.superuser().await;
    let late = "UPDATE patient_merge SET undo_until = undo_until - interval '31 days' WHERE merged_id = $1";
    sqlx::query(late).bind(b.parse::<Uuid>().unwrap()).execute(&mut superuser).await.unwrap();
    assert!(admin.get(&path).await.expect(200).body.contains("期限を過ぎた"));
    undo(&admin, &path, &b).await.expect(422);
}

/// What the list says of the last visit, by number.
async fn last_visit(clerk: &Client, number: &str) -> bool {
    !clerk.get_fragment(&format!("/patients?q={number}")).await.expect(200).body.contains("受診なし")
}

async fn receive(clerk: &Client, patient: &str) -> String {
    let key = key();
    let form = [
        ("patient_token", patient),
        ("class", "AMB"),
        ("purpose", "咳"),
        ("visit_kind", "first"),
        ("waits_at", "lobby"),
        ("idempotency_key", &key),
    ];
    let answer = clerk.post("/encounters", &form).await.expect(303);
    answer.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_last_visit_follows_receptions_their_cancelling_and_merges() {
    let (h, here, _, clerk) = desk().await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let (a, b) = (register(&clerk, &[]).await, register(&clerk, &[]).await);
    assert!(!last_visit(&clerk, "000001").await);
    let visit = receive(&clerk, &a).await;
    assert!(last_visit(&clerk, "000001").await && !last_visit(&clerk, "000002").await);
    let cancelled = [("to", "cancelled"), ("version", "1"), ("patient_token", a.as_str()), ("reason", "帰宅")];
    clerk.post(&format!("/encounters/{visit}/status"), &cancelled).await.expect(303);
    assert!(!last_visit(&clerk, "000001").await, "a cancelled reception is no visit");
    clerk.post(&format!("/encounters/{visit}/status/undo"), &[("version", "2"), ("patient_token", a.as_str())]).await.expect(303);
    assert!(last_visit(&clerk, "000001").await);
    let merged = merge(&admin, (&b, "1"), (&a, "1")).await.expect(303).header("location").to_owned();
    assert!(last_visit(&clerk, "000002").await, "the survivor's list knows the visit of the other chart");
    undo(&admin, &merged, &a).await.expect(303);
    assert!(last_visit(&clerk, "000001").await && !last_visit(&clerk, "000002").await);
}

/// Every clinical row of a person with its version, as one text.
async fn rows_of(h: &Harness, patient: Uuid) -> Vec<String> {
    let mut db = h.superuser().await;
    let mut rows = Vec::new();
    for (table, key) in [
        ("encounter", "patient_id"),
        ("note", "patient_id"),
        ("note_section", "patient_id"),
        ("allergy_intolerance", "patient_id"),
        ("condition", "patient_id"),
    ] {
        let sql = format!("SELECT '{table} ' || to_jsonb(t)::text FROM {table} t WHERE {key} = $1 ORDER BY 1");
        let found = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(patient).fetch_all(&mut db).await.unwrap();
        rows.extend(found.iter().map(|row| row.get::<String, _>(0)));
    }
    rows
}

/// Acceptance scenario 19: while merged both charts are one; taken back, each person has exactly the rows and the chart of before.
#[tokio::test]
async fn scenario_19_a_merge_taken_back_leaves_both_charts_as_they_were() {
    let (h, here, _, clerk) = desk().await;
    let (admin, doctor) = (here.client(h, Role::ClinicAdmin).await, here.client(h, Role::Doctor).await);
    let mut people = Vec::new();
    for (n, text) in ["高血圧症で通院", "膝の痛み"].into_iter().enumerate() {
        let patient: Uuid = register(&clerk, &[]).await.parse().unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
        let visit = Visit { encounter: encounter(h, &here, patient, day, 70 + n as i32).await, patient };
        visit.save(&doctor, "S", 0, text).await.expect(200);
        visit.sign(&doctor, [1, 0, 0, 0]).await.expect(303);
        people.push((patient, text));
    }
    let chart = async |patient: Uuid| {
        let body = doctor.get_fragment(&format!("/patients/{patient}/chart")).await.expect(200).body;
        people.iter().map(|(_, text)| body.contains(text)).collect::<Vec<_>>()
    };
    let before = [rows_of(h, people[0].0).await, rows_of(h, people[1].0).await];
    assert!(before.iter().all(|rows| rows.len() == 3), "{before:?}");
    let (a, b) = (people[0].0.to_string(), people[1].0.to_string());
    let merged = merge(&admin, (&a, "1"), (&b, "1")).await.expect(303).header("location").to_owned();
    assert_eq!(chart(people[0].0).await, [true, true], "one chart while merged");
    undo(&admin, &merged, &b).await.expect(303);
    assert_eq!([rows_of(h, people[0].0).await, rows_of(h, people[1].0).await], before);
    assert_eq!((chart(people[0].0).await, chart(people[1].0).await), (vec![true, false], vec![false, true]));
    for id in [&a, &b] {
        assert!(clerk.get(&format!("/patients/{id}")).await.expect(200).body.contains("受付"), "each can be received again");
    }
}

/// GL-15: who looks at a merged chart has looked at both.
#[tokio::test]
async fn a_look_at_a_merged_chart_names_every_chart_in_it() {
    let (h, here, _, clerk) = desk().await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let doctor = here.client(h, Role::Doctor).await;
    let (a, b) = (register(&clerk, &[]).await, register(&clerk, &[]).await);
    merge(&admin, (&b, "1"), (&a, "1")).await.expect(303);
    doctor.get(&format!("/patients/{b}/chart")).await.expect(200);
    let row = sqlx::query("SELECT subject_ids FROM audit_event WHERE tenant_id = $1 AND act = 'view' ORDER BY id DESC LIMIT 1")
        .bind(here.id.as_uuid())
        .fetch_one(&mut h.superuser().await)
        .await
        .unwrap();
    let named: Vec<Uuid> = row.get(0);
    assert_eq!(named, [b, a].map(|id| id.parse::<Uuid>().unwrap()));
}
