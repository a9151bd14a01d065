//! The first day: what is ticked follows from what is there; places are kept.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::two_clinics;
use crate::harness::Harness;

#[tokio::test]
async fn the_guide_ticks_what_is_there_and_leaves_the_board_when_all_is_done() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let done = |body: &str| body.matches("済み</span>").count();
    let first = admin.get("/guide").await.expect(200);
    assert!(first.body.contains("患者の取込を開く") && first.statements() <= 12);
    let before = done(&first.body);
    assert!(admin.get("/board").await.expect(200).body.contains("href=\"/guide\""));
    assert!(!here.client(h, Role::Clerk).await.get("/board").await.expect(200).body.contains("href=\"/guide\""));
    let form = [("name_ideographic", "一人目"), ("name_syllabic", "ヒトリメ"), ("sex", "female"), ("birth_date", "1959-02-11")];
    admin.post("/patients", &form).await.expect(303);
    assert_eq!(done(&admin.get("/guide").await.expect(200).body), before + 1);
    let mut db = h.superuser().await;
    let tenant = here.id.as_uuid();
    for sql in [
        "INSERT INTO backup_run (tenant_id, id, state, started_at, object_key) VALUES ($1, gen_random_uuid(), 'succeeded', now(), 'x')",
        "INSERT INTO schedule (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, name, is_exclusive) VALUES ($1, $1, 1, now(), $1, $1, 'active', '', '見本', false)",
        "INSERT INTO slot_template (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, schedule_id, weekday, from_min, to_min, interval_min, capacity, overbook_limit, visibility, valid_from)
         VALUES ($1, $1, 1, now(), $1, $1, 'active', '', $1, 1, 540, 600, 15, 1, 0, 'staff', '2026-01-01')",
        "INSERT INTO master_release (id, kind, label, source_file, sha256, effective_on, imported_at, row_count, is_sample) SELECT gen_random_uuid(), 'drug', '見本 ' || $1, 'x', '', '2000-01-01', '2000-01-01', 0, true",
    ] {
        sqlx::query(sql).bind(tenant).execute(&mut db).await.unwrap();
    }
    let last = admin.get("/guide").await.expect(200);
    assert!(last.body.contains("準備はすべて済みました"), "{}", last.body);
    assert!(!admin.get("/board").await.expect(200).body.contains("href=\"/guide\""));
}

#[tokio::test]
async fn places_are_added_renamed_and_retired() {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    let own = format!("/places/{}", here.place);
    assert!(
        admin
            .post(&own, &[("name", "診察室1"), ("kind", "exam"), ("version", "1"), ("act", "retire")])
            .await
            .expect(422)
            .body
            .contains("最後の勤務場所")
    );
    let key = Uuid::now_v7().to_string();
    let form = [("name", "処置室"), ("kind", "other"), ("idempotency_key", key.as_str())];
    admin.post("/places", &form).await.expect(303);
    admin.post("/places", &form).await.expect(303);
    let list = admin.get("/places").await.expect(200);
    assert_eq!(list.body.matches("value=\"処置室\"").count(), 1, "pressed twice it is one place");
    for (name, kind, says) in [
        ("", "exam", "名前を入れてください"),
        (&*"長".repeat(21), "exam", "20文字まで"),
        ("処置室", "exam", "同じ名前の場所"),
        ("裏", "attic", "種類を選んでください"),
    ] {
        let key = Uuid::now_v7().to_string();
        let page = admin.post("/places", &[("name", name), ("kind", kind), ("idempotency_key", &key)]).await.expect(422);
        assert!(page.body.contains(says), "{says}");
    }
    admin.post(&own, &[("name", "第一診察室"), ("kind", "exam"), ("version", "7")]).await.expect(409);
    admin.post(&own, &[("name", "第一診察室"), ("kind", "exam"), ("version", "1")]).await.expect(303);
    admin.post(&own, &[("name", "第一診察室"), ("kind", "exam"), ("version", "2"), ("act", "retire")]).await.expect(303);
    let retired: bool = sqlx::query("SELECT retired_at IS NOT NULL FROM place WHERE id = $1")
        .bind(here.place)
        .fetch_one(&mut h.superuser().await)
        .await
        .unwrap()
        .get(0);
    assert!(retired);
    admin.post(&own, &[("name", "第一診察室"), ("kind", "exam"), ("version", "3"), ("act", "restore")]).await.expect(303);
    neighbour.client(h, Role::ClinicAdmin).await.post(&own, &[("name", "x"), ("kind", "exam"), ("version", "4")]).await.expect(404);
    here.client(h, Role::Nurse).await.get("/places").await.expect(403);
}
