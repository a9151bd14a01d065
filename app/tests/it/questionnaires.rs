//! Web問診 through the real application: who holds the link answers once, everybody else learns nothing.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    patient: String,
    visit: String,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let person = [("name_ideographic", "問 診子"), ("name_syllabic", "トイ シンコ"), ("sex", "female"), ("birth_date", "1959-02-11")];
    let answer = clerk.post("/patients", &person).await.expect(303);
    let patient = answer.header("location").split('?').next().unwrap().strip_prefix("/patients/").unwrap().to_owned();
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("idempotency_key", key.as_str())];
    let received = clerk.post("/encounters", &form).await.expect(303);
    let visit = received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    Desk { h, here, neighbour, clerk, patient, visit }
}

impl Desk {
    /// The path a phone opens.
    async fn link(&self) -> String {
        let form = [("patient_token", self.patient.as_str())];
        let page = self.clerk.post(&format!("/encounters/{}/questionnaire/link", self.visit), &form).await.expect(200);
        let token = page.body.split("/q/").nth(1).unwrap().split('<').next().unwrap();
        format!("/q/{token}")
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        // A waiting room of its own for each test: the limit is by address.
        let phone = self.h.anonymous();
        phone.send(phone.request("POST", path).header("x-forwarded-for", self.address()).form(fields)).await
    }

    async fn open(&self, path: &str) -> Answer {
        let phone = self.h.anonymous();
        phone.send(phone.request("GET", path).header("x-forwarded-for", self.address())).await
    }

    fn address(&self) -> String {
        let id = self.here.id.as_uuid().into_bytes();
        format!("198.51.{}.{}", id[14], id[15])
    }
}

const GOOD: &[(&str, &str)] = &[
    ("birth_date", "S34.2.11"),
    ("chief", "咳が続く<b>"),
    ("allergy", "yes"),
    ("allergy_to", "えび"),
    ("illness", "asthma"),
    ("illness", "heart"),
];

#[tokio::test]
async fn the_patient_answers_once_and_the_chart_takes_it_into_s() {
    let d = desk().await;
    let path = d.link().await;
    let form = d.open(&path).await.expect(200);
    assert!(form.body.contains("受付番号 <strong>1</strong>") && form.body.contains("今日はどうされましたか"));
    for secret in ["問 診子", "トイ", &d.patient, &d.visit] {
        assert!(!form.body.contains(secret), "the phone is told {secret}");
    }
    assert_eq!(form.header("cache-control"), "no-store");
    assert!(d.send(&path, GOOD).await.expect(200).body.contains("問診票を受け付けました"));
    assert!(d.send(&path, GOOD).await.expect(200).body.contains("問診票を受け付けました"), "a second press is no second answer");
    assert!(!d.open(&path).await.expect(200).body.contains("咳"), "nothing is shown again");
    let doctor = d.here.client(d.h, Role::Doctor).await;
    let pane = doctor.get_fragment(&format!("/encounters/{}/questionnaire/pane", d.visit)).await.expect(200);
    assert!(pane.body.contains("data-quote-to=\"body-S\"") && pane.body.contains("喘息") && pane.body.contains("咳が続く&#60;b&#62;"));
    assert!(d.clerk.get("/board?state=all").await.expect(200).body.contains("問診済"));
    d.clerk.get(&format!("/encounters/{}/questionnaire", d.visit)).await.expect(403);
    assert!(d.clerk.get(&format!("/encounters/{}/questionnaire/link", d.visit)).await.expect(200).body.contains("問診済"));
    let rows = sqlx::query("SELECT answers, form, version FROM questionnaire_response WHERE tenant_id = $1")
        .bind(d.here.id.as_uuid())
        .fetch_all(&mut d.h.superuser().await)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let answers: serde_json::Value = rows[0].get(0);
    assert_eq!(answers["illness"], serde_json::json!(["asthma", "heart"]));
    assert_eq!((rows[0].get::<String, _>(1), rows[0].get::<i32, _>(2)), ("mihon-1".to_owned(), 1));
}

#[tokio::test]
async fn wrong_answers_come_back_with_what_was_typed() {
    let d = desk().await;
    let path = d.link().await;
    let missing = d.send(&path, &[("birth_date", "1959-02-11"), ("chief", "腹痛")]).await.expect(422);
    assert!(missing.body.contains("腹痛") && missing.body.contains("お答えください"));
    let odd = d.send(&path, &[("birth_date", "1959-02-11"), ("chief", "腹痛"), ("allergy", "maybe")]).await.expect(422);
    assert!(odd.body.contains("選び直してください"));
    let long = "長".repeat(201);
    assert!(
        d.send(&path, &[("birth_date", "1959-02-11"), ("chief", &long), ("allergy", "no")]).await.expect(422).body.contains("200文字まで")
    );
    let huge = "重".repeat(20_000);
    d.send(&path, &[("chief", huge.as_str())]).await.expect(413);
}

/// A slip of paper that was found opens nothing: the birth date is asked, five wrong ones close the link.
#[tokio::test]
async fn a_stranger_with_the_link_is_shut_out() {
    let d = desk().await;
    let path = d.link().await;
    for wrong in ["1960-01-01", "", "きのう", "S34.2.12", "1959-11-02"] {
        let answer = d.send(&path, &[("birth_date", wrong), ("chief", "咳"), ("allergy", "no")]).await.expect(422);
        assert!(answer.body.contains("受付の記録と合いません"));
    }
    assert!(d.send(&path, GOOD).await.expect(404).body.contains("この問診票は使えません"));
    d.open(&path).await.expect(404);
    assert!(d.send(&d.link().await, GOOD).await.expect(200).body.contains("受け付けました"), "reception gives another one");
}

#[tokio::test]
async fn links_end_and_other_tokens_open_nothing() {
    let d = desk().await;
    let path = d.link().await;
    let mut longer = path.clone();
    longer.push_str("AA");
    let flipped = format!("{}{}", &path[..path.len() - 1], if path.ends_with('A') { 'B' } else { 'A' });
    for wrong in ["/q/x", longer.as_str(), flipped.as_str(), "/q/%E3%81%82"] {
        let answer = d.open(wrong).await.expect(404);
        assert!(!answer.body.contains(&d.here.name), "{wrong} names the clinic");
    }
    let sql = "UPDATE patient_link SET expires_at = expires_at - interval '3 hours 1 second' WHERE tenant_id = $1";
    sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.unwrap();
    d.open(&path).await.expect(404);
    d.send(&path, GOOD).await.expect(404);
    let hashes = sqlx::query("SELECT secret_sha256 FROM patient_link WHERE tenant_id = $1");
    let row = hashes.bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap();
    assert_eq!(row.get::<Vec<u8>, _>(0).len(), 32, "only the hash is kept");
}

#[tokio::test]
async fn issuing_is_the_desks_and_stays_in_the_clinic() {
    let d = desk().await;
    let path = format!("/encounters/{}/questionnaire/link", d.visit);
    let mine = [("patient_token", d.patient.as_str())];
    d.clerk.post(&path, &[("patient_token", d.visit.as_str())]).await.expect(422);
    d.neighbour.client(d.h, Role::Clerk).await.post(&path, &mine).await.expect(404);
    d.here.client(d.h, Role::LabTech).await.post(&path, &mine).await.expect(403);
}

/// One address is slowed down, whatever it sends.
#[tokio::test]
async fn guessing_is_slowed_down() {
    let d = desk().await;
    let mut last = 0;
    for _ in 0..125 {
        last = d.open("/q/guess").await.status;
    }
    assert_eq!(last, 503);
}
