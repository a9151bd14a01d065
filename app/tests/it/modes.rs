//! 運用モード: charts stay open while nothing can be saved, what was looked at reaches the log, partners in trouble are said. AV-06, R6, §9.

use std::time::Duration;

use domain::Role;
use domain::outbox::Service;
use domain::standing::{ServiceState, SystemMode};
use sqlx::Row;
use tenancy::operator::TenantEntry;
use tenancy::standing;
use tokio::sync::Mutex;
use tsumugi::modes::command::change;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness, config, serve_with};

/// The declared mode is one for the whole database.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

async fn client(h: &Harness, url: &str, clinic: &Clinic, role: Role) -> Client {
    let (token, _) = h.sessions().start(clinic.principal(role)).await.unwrap();
    Client::new(url, Some(token.cookie_value()))
}

async fn patient(client: &Client) -> String {
    let form = [("name_ideographic", "髙﨑 ひろ"), ("name_syllabic", "タカサキ ヒロ"), ("sex", "female"), ("birth_date", "1959-02-11")];
    let answer = client.post("/patients", &form).await.expect(303);
    answer.header("location").split('?').next().unwrap().replace("/patients/", "")
}

/// Asks again until the page is as wanted; the process looks every other second.
async fn until(client: &Client, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    for _ in 0..40 {
        let answer = client.get(path).await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the page at {path} did not become what was expected");
}

async fn logged(h: &Harness, request: &str) -> i64 {
    let sql = "SELECT count(*) FROM audit_event WHERE request_id = $1::uuid";
    sqlx::query(sql).bind(request).fetch_one(&mut h.superuser().await).await.unwrap().get(0)
}

/// AV-06, §9 read_only: charts open, nothing is written, views are kept and reach the log once.
#[tokio::test]
async fn while_nothing_can_be_saved_charts_open_and_views_are_not_lost() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let spool = std::env::temp_dir().join(format!("tsumugi-spool-{}", std::process::id()));
    let (url, _) = serve_with(tsumugi::config::Config { spool_dir: Some(spool.clone()), ..config(&h.database) }, true);
    let (clerk, doctor) = (client(h, &url, &here, Role::Clerk).await, client(h, &url, &here, Role::Doctor).await);
    let patient = patient(&clerk).await;
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("purpose", "頭痛"), ("idempotency_key", &key)];
    let received = clerk.post("/encounters", &form).await.expect(303);
    let visit = received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let clinics = [TenantEntry { id: here.id, code: here.code.clone(), name: here.name.clone() }];

    change(&h.operator(), &clinics, SystemMode::ReadOnly, None, "").await.unwrap();
    let page = until(&clerk, &format!("/patients/{patient}"), |answer| answer.body.contains("閲覧のみ")).await;
    assert!(page.status == 200 && page.body.contains("髙﨑 ひろ") && page.body.contains("紙の番号"));
    let request = page.header("x-request-id").to_owned();
    assert_eq!(logged(h, &request).await, 0, "the log takes nothing now");
    assert_eq!(clerk.post("/patients/search", &[("q", "タカサキ")]).await.status, 200, "searching goes on");
    doctor.get("/board").await.expect(200);

    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("purpose", "咳"), ("again", "yes"), ("idempotency_key", &key)];
    let refused = clerk.post("/encounters", &form).await.expect(503);
    assert!(refused.body.contains("いまは閲覧のみで、保存はできません") && refused.body.contains("未送信"), "{}", refused.body);
    let form = [("body", "咳が三日"), ("version", "0"), ("idempotency_key", key.as_str()), ("patient_token", &patient)];
    let draft = doctor.post_json(&format!("/encounters/{visit}/note/sections/S"), &form).await.expect(503);
    assert!(draft.json()["message"].as_str().unwrap().contains("閲覧のみで、保存はできません"), "{}", draft.body);

    change(&h.operator(), &clinics, SystemMode::Normal, None, "").await.unwrap();
    until(&clerk, "/board", |answer| !answer.body.contains("閲覧のみ")).await;
    for _ in 0..20 {
        if logged(h, &request).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(logged(h, &request).await, 1, "brought into the log, once");
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 0, "nothing is left aside");
    let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND detail ->> 'mode' IN ('read_only', 'normal')";
    let changes: i64 = sqlx::query(sql).bind(here.id.as_uuid()).fetch_one(&mut h.superuser().await).await.unwrap().get(0);
    assert_eq!(changes, 2, "both changes are in the log");
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("purpose", "咳"), ("again", "yes"), ("idempotency_key", &key)];
    clerk.post("/encounters", &form).await.expect(303);
    std::fs::remove_dir_all(&spool).unwrap();
}

/// R6: what cannot be recorded is not shown.
#[tokio::test]
async fn without_a_place_for_the_record_nothing_is_shown() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let (url, _) = serve_with(config(&h.database), true);
    let clerk = client(h, &url, &here, Role::Clerk).await;
    clerk.get("/board").await.expect(200);
    standing::declare(&h.operator(), SystemMode::ReadOnly, None, "").await.unwrap();
    until(&clerk, "/board", |answer| answer.status == 503).await;
    standing::declare(&h.operator(), SystemMode::Normal, None, "").await.unwrap();
    until(&clerk, "/board", |answer| answer.status == 200).await;
}

/// §9 degraded: only the partner's chip, on the pages of the clinics it concerns, with the way round; one answer ends it.
#[tokio::test]
async fn a_partner_in_trouble_is_said_where_it_concerns() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (url, _) = serve_with(config(&h.database), true);
    let (ours, theirs) = (client(h, &url, &here, Role::Clerk).await, client(h, &url, &neighbour, Role::Clerk).await);
    let operator = h.operator();
    for n in 1..=4 {
        let changed = standing::observe(&operator, Service::Receipt, here.id, false).await.unwrap();
        assert_eq!(changed, [None, Some(ServiceState::Degraded), None, Some(ServiceState::Down)][n - 1]);
    }
    let page = until(&ours, "/board", |answer| answer.body.contains("レセコン 停止中")).await;
    assert!(page.body.contains("会計は概算で預かり") && page.body.contains("href=\"/outbox\""));
    assert!(!theirs.get("/board").await.body.contains("レセコン"), "their receipt computer is another");
    standing::observe(&operator, Service::Receipt, here.id, true).await.unwrap();
    until(&ours, "/board", |answer| !answer.body.contains("レセコン 停止中")).await;
}
