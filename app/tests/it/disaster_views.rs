//! 災害時の照会 against the simulator: only while the nation declares it here, with a reason and the person's word, judged afterwards.
//! FN-OQ-12.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use domain::clock::jst;
use simulators::national::disaster::DISASTER;
use sqlx::Row;
use tenancy::Principal;
use tenancy::operator::TenantEntry;
use tenancy::standing::Disaster;
use tsumugi::emergency_views::command::declare;
use uuid::Uuid;

use crate::consents::{Desk, desk};
use crate::fixtures::Clinic;
use crate::harness::{Answer, Client, Harness, config, serve_with};

/// A server that looks how things stand, and a person at a place of that prefecture.
struct Area {
    url: String,
    prefecture: &'static str,
}

impl Area {
    fn new(h: &Harness, prefecture: &'static str) -> Self {
        Self { url: serve_with(config(&h.database), true).0, prefecture }
    }

    async fn client(&self, h: &Harness, clinic: &Clinic, role: Role) -> Client {
        let principal = Principal { prefecture: self.prefecture.into(), ..clinic.principal(role) };
        Client::new(&self.url, Some(h.sessions().start(principal).await.unwrap().0.cookie_value()))
    }

    async fn declare(&self, d: &Desk, until: DateTime<Utc>) {
        let clinics = [TenantEntry { id: d.here.id, code: d.here.code.clone(), name: d.here.name.clone() }];
        let disaster = Disaster { prefecture: self.prefecture.into(), until, reason: "架空地震".into() };
        declare(&d.h.operator(), &clinics, &disaster).await.unwrap();
    }
}

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

/// 架空 太郎 as the nation knows him.
async fn register(clerk: &Client, address: &str) -> String {
    let form = [
        ("name_ideographic", "架空 太郎"),
        ("name_syllabic", "カクウ タロウ"),
        ("sex", "male"),
        ("birth_date", "1975-04-01"),
        ("address", address),
    ];
    let answer = clerk.post("/patients", &form).await.expect(303);
    answer.header("location").split('?').next().unwrap().replace("/patients/", "")
}

fn form<'a>(patient: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("patient_token", patient), ("idempotency_key", key), ("reason", "card_lost"), ("words", ""), ("agreed", "yes")]
}

async fn count(d: &Desk, sql: &'static str) -> i64 {
    sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0)
}

/// FN-OQ-12: shut while nothing is declared; open with a banner while it is; shut again by itself, with what it had opened.
#[tokio::test]
async fn it_is_open_only_while_the_nation_declares_it() {
    let d = desk().await;
    let area = Area::new(d.h, "47");
    let doctor = area.client(d.h, &d.here, Role::Doctor).await;
    let patient = register(&d.clerk, "東京都架空区架空１－２－３").await;
    let (page, act) = (format!("/patients/{patient}/disaster-views/new"), format!("/patients/{patient}/disaster-views"));
    let key = Uuid::now_v7().to_string();
    assert!(doctor.get(&page).await.expect(200).body.contains("いまは使えません"));
    assert!(doctor.post(&act, &form(&patient, &key)).await.expect(422).body.contains("災害時モードではない"));
    assert!(!doctor.get(&format!("/patients/{patient}/consents")).await.expect(200).body.contains("災害時"));

    area.declare(&d, Utc::now() + TimeDelta::hours(3)).await;
    let open = until(&doctor, &page, |answer| answer.body.contains("この理由で照会する")).await;
    assert!(open.body.contains("災害時モードです") && open.body.contains("架空地震") && open.statements() <= 12, "{}", open.body);
    let list = doctor.get(&format!("/patients/{patient}/consents")).await.expect(200).body;
    assert!(list.contains("disaster-views/new"));
    // Another prefecture hears nothing of it.
    let elsewhere = Area { url: area.url.clone(), prefecture: "01" }.client(d.h, &d.here, Role::Doctor).await;
    assert!(!elsewhere.get(&page).await.expect(200).body.contains("架空地震"));
    elsewhere.post(&act, &form(&patient, &key)).await.expect(422);
    area.client(d.h, &d.here, Role::Clerk).await.get(&page).await.expect(403);

    // The service has a declaration of its own: without it the answer is no.
    let path = doctor.post(&act, &form(&patient, &key)).await.expect(303).header("location").to_owned();
    assert!(doctor.get(&path).await.expect(200).body.contains("data-live-inquiry"));
    d.deliver().await;
    assert!(doctor.get(&path).await.expect(200).body.contains("災害時モードではありません"));
    d.services.consents.grant("13", DISASTER, jst(Utc::now() + TimeDelta::hours(3)));
    let path = doctor.post(&act, &form(&patient, &Uuid::now_v7().to_string())).await.expect(303).header("location").to_owned();
    d.deliver().await;
    let shown = doctor.get(&path).await.expect(200);
    assert!(shown.body.contains("保険者番号 01139997 記号・番号・枝番 12345678・9000001・00") && shown.body.contains("胃切除術"));
    assert_eq!(count(&d, "SELECT count(*) FROM coverage WHERE tenant_id = $1").await, 0, "nothing of it becomes a coverage by itself");
    assert!(shown.body.contains("架空アムロ錠５ｍｇ") && shown.statements() <= 12, "{}", shown.body);
    assert!(shown.body.contains("data-shown-for=\"10"), "not longer than the declaration");
    let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'disaster_view' AND cardinality(subject_ids) > 0";
    assert_eq!(count(&d, sql).await, 3, "two openings and one look");

    area.declare(&d, Utc::now()).await;
    until(&doctor, "/board", |answer| !answer.body.contains("架空地震")).await;
    let over = doctor.get(&path).await.expect(200).body;
    assert!(over.contains("災害時モードが終わりました") && !over.contains("架空アムロ"), "{over}");
    doctor.post(&act, &form(&patient, &Uuid::now_v7().to_string())).await.expect(422);
}

/// FN-OQ-12: a reason, the person's word and an address; one look for a press and its echo; judged by somebody else, in clinics too.
#[tokio::test]
async fn every_look_has_its_reason_and_is_judged() {
    let d = desk().await;
    let area = Area::new(d.h, "46");
    d.services.consents.grant("13", DISASTER, jst(Utc::now() + TimeDelta::hours(3)));
    area.declare(&d, Utc::now() + TimeDelta::hours(3)).await;
    let doctor = area.client(d.h, &d.here, Role::Doctor).await;
    let homeless = register(&d.clerk, "").await;
    let page = format!("/patients/{homeless}/disaster-views/new");
    until(&doctor, &page, |answer| answer.body.contains("住所が要ります")).await;
    let key = Uuid::now_v7().to_string();
    assert!(
        doctor
            .post(&format!("/patients/{homeless}/disaster-views"), &form(&homeless, &key))
            .await
            .expect(422)
            .body
            .contains("住所が登録されて")
    );

    let patient = register(&d.clerk, "東京都架空区架空１－２－３").await;
    let act = format!("/patients/{patient}/disaster-views");
    let bare = [("patient_token", patient.as_str()), ("idempotency_key", &key), ("reason", "unconscious"), ("words", "避難所")];
    let kept = doctor.post(&act, &bare).await.expect(422).body;
    assert!(kept.contains("開く理由を選んでください") && kept.contains("同意を確かめて") && kept.contains("value=\"避難所\""), "{kept}");
    doctor.post(&act, &form(&homeless, &key)).await.expect(422);
    d.neighbour.client(d.h, Role::Doctor).await.post(&act, &form(&patient, &key)).await.expect(404);
    let fields = form(&patient, &key);
    let (a, b) = tokio::join!(doctor.post(&act, &fields), doctor.post(&act, &fields));
    let path = a.expect(303).header("location").to_owned();
    assert_eq!(b.expect(303).header("location"), path);
    assert_eq!(count(&d, "SELECT count(*) FROM emergency_view WHERE tenant_id = $1 AND grounds = 'disaster'").await, 1);
    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    let list = admin.get("/emergency-views").await.expect(200).body;
    assert!(list.contains("災害時の閲覧") && list.contains("被災してカードも") && !list.contains("救急時"), "{list}");
    let judged = [("patient_token", patient.as_str()), ("version", "1"), ("judgement", "justified"), ("remark", "")];
    doctor.post(&format!("{path}/judgement"), &judged).await.expect(422);
    admin.post(&format!("{path}/judgement"), &judged).await.expect(303);
}
