//! The day's list through the real application: reception, moves, undo, closing.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

async fn register(client: &Client, name: &str, kana: &str) -> String {
    let form = [("name_ideographic", name), ("name_syllabic", kana), ("sex", "female"), ("birth_date", "1959-02-11")];
    let answer = client.post("/patients", &form).await.expect(303);
    answer.header("location").split('?').next().unwrap().strip_prefix("/patients/").unwrap().to_owned()
}

async fn receive(client: &Client, patient: &str, more: &[(&str, &str)]) -> Answer {
    let key = Uuid::now_v7().to_string();
    let mut form = vec![
        ("patient_token", patient),
        ("class", "AMB"),
        ("purpose", "咳"),
        ("visit_kind", "first"),
        ("waits_at", "lobby"),
        ("idempotency_key", key.as_str()),
    ];
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    client.post("/encounters", &form).await
}

fn visit_of(answer: &Answer) -> String {
    answer.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    patient: String,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let patient = register(&clerk, "長谷部𠮷田 摩利亜", "ハセベヨシダ マリア").await;
    Desk { h, here, neighbour, clerk, patient }
}

impl Desk {
    async fn version(&self, visit: &str) -> String {
        let id: Uuid = visit.parse().unwrap();
        let row =
            sqlx::query("SELECT version FROM encounter WHERE id = $1").bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap();
        row.get::<i32, _>(0).to_string()
    }

    async fn status(&self, visit: &str) -> String {
        let id: Uuid = visit.parse().unwrap();
        sqlx::query("SELECT status FROM encounter WHERE id = $1").bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }

    async fn move_to(&self, client: &Client, visit: &str, to: &str, more: &[(&str, &str)]) -> Answer {
        let version = self.version(visit).await;
        let mut form = vec![("to", to), ("version", version.as_str()), ("patient_token", self.patient.as_str())];
        form.extend_from_slice(more);
        client.post(&format!("/encounters/{visit}/status"), &form).await
    }

    async fn write(&self, doctor: &Client, visit: &str) {
        let key = Uuid::now_v7().to_string();
        let form = [("body", "咳が続く"), ("version", "0"), ("idempotency_key", key.as_str()), ("patient_token", self.patient.as_str())];
        let answer = doctor.post_json(&format!("/encounters/{visit}/note/sections/S"), &form).await;
        assert!(answer.status < 300, "{} {}", answer.status, answer.body);
    }
}

#[tokio::test]
async fn a_walk_in_is_on_the_list_and_asked_about_a_second_time() {
    let d = desk().await;
    let form = d.clerk.get(&format!("/patients/{}/reception", d.patient)).await.expect(200);
    assert!(form.body.contains("使える保険の登録がありません") && form.body.contains("髙橋 医師"));
    let first = receive(&d.clerk, &d.patient, &[]).await.expect(303);
    let board = d.clerk.get(first.header("location")).await.expect(200);
    for expected in ["長谷部𠮷田 摩利亜", "ハセベヨシダ マリア", "咳", "受付済", "未照会", "さんを受け付けました"]
    {
        assert!(board.body.contains(expected), "{expected}: {}", board.body);
    }
    let again = receive(&d.clerk, &d.patient, &[("purpose", "腹痛")]).await.expect(422);
    assert!(again.body.contains("今日はすでに受付があります") && again.body.contains("腹痛"));
    receive(&d.clerk, &d.patient, &[("again", "yes")]).await.expect(303);
    let list = d.clerk.get("/board?state=all").await.expect(200);
    assert_eq!(list.body.matches("<tr id=\"visit-").count(), 2);
}

#[tokio::test]
async fn posting_twice_receives_once() {
    let d = desk().await;
    let key = Uuid::now_v7().to_string();
    let same = [("idempotency_key", key.as_str())];
    let (a, b) = (receive(&d.clerk, &d.patient, &same).await.expect(303), receive(&d.clerk, &d.patient, &same).await.expect(303));
    assert_eq!(visit_of(&a), visit_of(&b));
}

#[tokio::test]
async fn receptions_at_the_same_moment_get_different_numbers() {
    let d = desk().await;
    let mut patients = Vec::new();
    for n in 0..8 {
        patients.push(register(&d.clerk, &format!("同時 {n}"), "ドウジ").await);
    }
    let all = futures_util::future::join_all(patients.iter().map(|patient| receive(&d.clerk, patient, &[]))).await;
    assert!(all.iter().all(|answer| answer.status == 303), "{:?}", all.iter().map(|a| a.status).collect::<Vec<_>>());
    let rows = sqlx::query("SELECT reception_number FROM encounter WHERE tenant_id = $1 ORDER BY 1")
        .bind(d.here.id.as_uuid())
        .fetch_all(&mut d.h.superuser().await)
        .await
        .unwrap();
    let numbers: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_move_can_be_taken_back_for_thirty_seconds_by_who_made_it() {
    let d = desk().await;
    let visit = visit_of(&receive(&d.clerk, &d.patient, &[]).await.expect(303));
    let moved = d.move_to(&d.clerk, &visit, "waiting", &[("state", "waiting")]).await.expect(303);
    let board = d.clerk.get(moved.header("location")).await.expect(200);
    assert!(
        board.body.contains(&format!("action=\"/encounters/{visit}/status/undo\"")) && moved.header("location").contains("state=waiting")
    );
    let version = d.version(&visit).await;
    let undo = [("version", version.as_str()), ("patient_token", d.patient.as_str())];
    let path = format!("/encounters/{visit}/status/undo");
    let nurse = d.here.client(d.h, Role::Nurse).await;
    assert!(nurse.post(&path, &undo).await.expect(422).body.contains("元に戻せる時間"));
    d.clerk.post(&path, &undo).await.expect(303);
    assert_eq!(d.status(&visit).await, "registered");
    assert_eq!(d.version(&visit).await, "3", "taking back is a version of its own");
    d.clerk.post(&path, &undo).await.expect(409);
}

#[tokio::test]
async fn refused_moves_say_why_and_change_nothing() {
    let d = desk().await;
    let visit = visit_of(&receive(&d.clerk, &d.patient, &[]).await.expect(303));
    let doctor = d.here.client(d.h, Role::Doctor).await;
    assert!(d.move_to(&d.clerk, &visit, "paid", &[]).await.expect(422).body.contains("会計する"));
    assert!(d.move_to(&d.clerk, &visit, "billing_wait", &[]).await.expect(422).body.contains("移せません"));
    d.move_to(&doctor, &visit, "in_consult", &[]).await.expect(303);
    assert!(d.move_to(&d.clerk, &visit, "billing_wait", &[]).await.expect(422).body.contains("医師が行います"));
    assert!(d.move_to(&doctor, &visit, "billing_wait", &[]).await.expect(422).body.contains("記載がまだありません"));
    assert!(d.move_to(&doctor, &visit, "nowhere", &[]).await.expect(422).body.contains("選んでください"));
    d.here.client(d.h, Role::LabTech).await.post(&format!("/encounters/{visit}/status"), &[("to", "waiting")]).await.expect(403);
    assert_eq!(d.status(&visit).await, "in_consult");
}

#[tokio::test]
async fn the_way_from_consultation_to_the_cashier_and_out() {
    let d = desk().await;
    let visit = visit_of(&receive(&d.clerk, &d.patient, &[]).await.expect(303));
    let doctor = d.here.client(d.h, Role::Doctor).await;
    d.move_to(&doctor, &visit, "in_consult", &[]).await.expect(303);
    d.write(&doctor, &visit).await;
    d.move_to(&doctor, &visit, "billing_wait", &[]).await.expect(303);
    assert!(d.move_to(&doctor, &visit, "in_consult", &[]).await.expect(422).body.contains("理由が必要"));
    d.move_to(&doctor, &visit, "in_consult", &[("reason", "処方の追加")]).await.expect(303);
    d.move_to(&doctor, &visit, "billing_wait", &[]).await.expect(303);
    let board = d.clerk.get("/board").await.expect(200);
    assert!(board.body.contains(&format!("href=\"/encounters/{visit}/billing\"")), "the clerk goes on to the bill");
    assert!(!doctor.get("/board?state=all").await.expect(200).body.contains("会計する"));
}

#[tokio::test]
async fn stale_pages_other_patients_and_other_clinics_change_nothing() {
    let d = desk().await;
    let visit = visit_of(&receive(&d.clerk, &d.patient, &[]).await.expect(303));
    let path = format!("/encounters/{visit}/status");
    let mine = ("patient_token", d.patient.as_str());
    d.clerk.post(&path, &[("to", "waiting"), ("version", "9"), mine]).await.expect(409);
    d.clerk.post(&path, &[("to", "waiting"), ("version", "x"), mine]).await.expect(422);
    d.clerk.post(&path, &[("to", "waiting"), ("version", "1")]).await.expect(422);
    let other = Uuid::now_v7().to_string();
    d.clerk.post(&path, &[("to", "waiting"), ("version", "1"), ("patient_token", other.as_str())]).await.expect(422);
    let next_door = d.neighbour.client(d.h, Role::Clerk).await;
    next_door.post(&path, &[("to", "waiting"), ("version", "1")]).await.expect(404);
    next_door.get(&format!("/patients/{}/reception", d.patient)).await.expect(404);
    receive(&next_door, &d.patient, &[]).await.expect(404);
    assert!(!next_door.get("/board?state=all").await.expect(200).body.contains("長谷部"));
    assert_eq!(d.status(&visit).await, "registered");
}

/// S02: over htmx the list stays; the answer is the message with its way back, and names the row to ask for.
#[tokio::test]
async fn an_open_list_gets_the_message_and_asks_for_the_row() {
    let d = desk().await;
    let visit = visit_of(&receive(&d.clerk, &d.patient, &[]).await.expect(303));
    let menu = d.clerk.get_fragment(&format!("/encounters/{visit}/moves?state=all")).await.expect(200);
    assert!(menu.body.contains("問診・計測中") && !menu.body.contains("会計済") && !menu.body.contains("<html"), "{}", menu.body);
    d.clerk.get(&format!("/encounters/{visit}/moves")).await.expect(200);
    let form = [("to", "waiting"), ("version", "1"), ("patient_token", d.patient.as_str())];
    let post = |path: String, form: Vec<(&'static str, String)>| d.clerk.request("POST", &path).header("hx-request", "true").form(&form);
    let own = |form: &[(&'static str, &str)]| form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>();
    let moved = d.clerk.send(post(format!("/encounters/{visit}/status"), own(&form))).await.expect(200);
    assert_eq!(moved.header("hx-retarget"), "#toast");
    assert!(moved.header("hx-trigger").contains(&visit) && moved.body.contains("診察待ち") && moved.body.contains("元に戻す"));
    let called = own(&[("version", "2"), ("patient_token", d.patient.as_str())]);
    let called = d.clerk.send(post(format!("/encounters/{visit}/call"), called)).await.expect(200);
    assert!(called.body.contains("呼出"), "{}", called.body);
    let rows = d.clerk.get(&format!("/board/rows?state=all&ids={visit}")).await.expect(200);
    assert!(rows.body.contains("呼出 ") && rows.body.contains(&format!("data-open=\"{visit}\"")) && !rows.body.contains("<html"));
    assert_eq!(rows.statements(), 9);
    let undone = own(&[("version", "3"), ("patient_token", d.patient.as_str())]);
    d.clerk.send(post(format!("/encounters/{visit}/status/undo"), undone)).await.expect(200);
    let rows = d.clerk.get(&format!("/board/rows?state=all&ids={visit}")).await.expect(200);
    assert!(
        !rows.body.contains("呼出 1") && !rows.body.contains("呼出 0") && !rows.body.contains("呼出 2") && rows.body.contains("診察待ち")
    );
    let nobody = d.clerk.get(&format!("/board/rows?state=all&ids={}", Uuid::now_v7())).await.expect(200);
    assert!(nobody.body.contains(&visit) && !nobody.body.contains("長谷部"), "the order names ids; no row, no name");
}

/// S02: doctor, place and 自分の番 narrow the list; each 職種 begins with its own.
#[tokio::test]
async fn filters_narrow_the_list() {
    let d = desk().await;
    let doctor_id = d.here.staff_of(Role::Doctor).to_string();
    let mine = visit_of(&receive(&d.clerk, &d.patient, &[("doctor_id", doctor_id.as_str()), ("waits_at", "car")]).await.expect(303));
    let other = register(&d.clerk, "待合 太郎", "マチアイ タロウ").await;
    receive(&d.clerk, &other, &[]).await.expect(303);
    let shows = async |query: &str| {
        let page = d.clerk.get(&format!("/board?{query}")).await.expect(200);
        (page.body.contains("長谷部"), page.body.contains("待合 太郎"))
    };
    assert_eq!(shows("state=all").await, (true, true));
    assert_eq!(shows(&format!("state=all&doctor={doctor_id}")).await, (true, false));
    assert_eq!(shows("state=all&place=car").await, (true, false));
    assert_eq!(shows("state=all&place=lobby").await, (false, true));
    assert_eq!(shows("state=care").await, (true, true));
    assert_eq!(shows("state=billing").await, (false, false));
    d.move_to(&d.clerk, &mine, "waiting", &[]).await.expect(303);
    let doctor = d.here.client(d.h, Role::Doctor).await;
    assert!(doctor.get("/board?state=mine").await.expect(200).body.contains("長谷部"));
    assert!(!d.here.client(d.h, Role::Nurse).await.get("/board").await.expect(200).body.contains("長谷部"), "not the nurse's any more");
}

#[tokio::test]
async fn what_reception_asks_is_on_the_board_and_on_the_ticket() {
    let d = desk().await;
    let more = [("memo", "車いす・家族同伴"), ("is_isolated", "yes"), ("waits_at", "separate"), ("visit_kind", "")];
    let visit = visit_of(&receive(&d.clerk, &d.patient, &more).await.expect(303));
    let board = d.clerk.get("/board?state=all").await.expect(200);
    for expected in ["車いす・家族同伴", "隔離", "別室", "tag--new"] {
        assert!(board.body.contains(expected), "{expected}");
    }
    let ticket = d.clerk.get(&format!("/encounters/{visit}/ticket")).await.expect(200);
    assert!(ticket.body.contains("別室でお待ちください") && !ticket.body.contains("長谷部"), "a ticket is carried about");
    let again = d.clerk.get(&format!("/patients/{}/reception", d.patient)).await.expect(200);
    assert!(again.body.contains("今日はすでに受付があります"));
    receive(&d.clerk, &Uuid::now_v7().to_string(), &[]).await.expect(404);
}

/// Scenario 5: on a morning nobody can be asked, reception goes on by sight and the visit waits on the list to be asked again.
#[tokio::test]
async fn a_morning_without_eligibility_goes_on_by_sight() {
    let d = desk().await;
    let sql = "INSERT INTO coverage (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id, kind,
        insurer_number, insurer_name, insured_number, relation, copay_percent, verified_on, verification, eligibility)
        VALUES ($1, $2, 1, now(), $2, $2, 'active', decode(repeat('00', 32), 'hex'), $3, 'employees',
        '01130012', '見本健康保険', '1234567', 'self', 30, '2020-01-31', 'card', 'valid')";
    let patient: Uuid = d.patient.parse().unwrap();
    let insert = sqlx::query(sql).bind(d.here.id.as_uuid()).bind(Uuid::now_v7()).bind(patient);
    insert.execute(&mut d.h.superuser().await).await.unwrap();
    let form = d.clerk.get(&format!("/patients/{}/reception", d.patient)).await.expect(200);
    assert!(form.body.contains("目視で確かめた"), "{}", form.body);
    receive(&d.clerk, &d.patient, &[("sighted", "yes")]).await.expect(303);
    let again = d.clerk.get("/board?state=eligibility").await.expect(200);
    assert!(again.body.contains("長谷部") && again.body.contains("目視確認"), "{}", again.body);
    let list = d.clerk.get("/reception/inquiries").await.expect(200);
    assert!(list.body.contains("01130012 1234567") && list.body.contains("目視・回答待ち"), "it waits to be asked again: {}", list.body);
}

#[tokio::test]
async fn wrong_fields_are_told_and_kept() {
    let d = desk().await;
    let long = "字".repeat(201);
    for (field, value, says) in [
        ("purpose", long.as_str(), "200文字まで"),
        ("purpose", "咳\0", "読めない文字"),
        ("class", "IMP", "区分を選んでください"),
        ("class", "", "区分を選んでください"),
        ("memo", long.as_str(), "症状メモは200文字まで"),
        ("visit_kind", "third", "初診か再診を選んでください"),
        ("waits_at", "roof", "待つ場所を選んでください"),
        ("doctor_id", "だれか", "担当医を一覧から"),
    ] {
        let page = receive(&d.clerk, &d.patient, &[(field, value)]).await.expect(422);
        assert!(page.body.contains(says), "{field} {value}: {}", page.body);
    }
    receive(&d.clerk, "", &[]).await.expect(422);
    d.clerk.get("/board?day=きのう").await.expect(422);
    d.clerk.get("/board?day=9999-99-99").await.expect(422);
}

#[tokio::test]
async fn the_list_takes_nine_statements_whatever_its_length() {
    let d = desk().await;
    receive(&d.clerk, &d.patient, &[]).await.expect(303);
    assert_eq!(d.clerk.get("/board?state=all").await.expect(200).statements(), 9);
    for n in 0..5 {
        let patient = register(&d.clerk, &format!("並ぶ {n}"), "ナラブ").await;
        receive(&d.clerk, &patient, &[]).await.expect(303);
    }
    let board = d.clerk.get("/board?state=all").await.expect(200);
    assert_eq!(board.statements(), 9);
    assert!(board.body.contains("同姓同名"));
    assert!(d.clerk.get("/board?state=billing").await.expect(200).body.contains("この条件の受付はありません"));
    assert!(d.clerk.get("/board?day=2001-01-01").await.expect(200).body.contains("1月1日(月)"));
}
