//! 順番 through the real application (S14): a number by telephone, the line, and the patient's own page without a name.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::billing::{Counter, counter};
use crate::harness::Answer;

async fn register(d: &Counter, name: &str) -> String {
    let form = [("name_ideographic", name), ("name_syllabic", "ナラブ ヒト"), ("sex", "male"), ("birth_date", "1980-02-02")];
    d.clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "")
}

async fn take(d: &Counter, patient: &str, key: &str) -> Answer {
    d.clerk.post(&format!("/patients/{patient}/queue-tickets"), &[("patient_token", patient), ("idempotency_key", key)]).await
}

async fn receive(d: &Counter, patient: &str) -> String {
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient), ("class", "AMB"), ("idempotency_key", key.as_str())];
    let received = d.clerk.post("/encounters", &form).await.expect(303);
    received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn number_of(d: &Counter, visit: &str) -> i32 {
    let id: Uuid = visit.parse().unwrap();
    let sql = "SELECT reception_number FROM encounter WHERE id = $1";
    sqlx::query(sql).bind(id).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0)
}

async fn ticket(d: &Counter, patient: &str) -> (Uuid, i32, String) {
    let id: Uuid = patient.parse().unwrap();
    let sql = "SELECT id, number, status FROM queue_ticket WHERE patient_id = $1 ORDER BY id DESC LIMIT 1";
    let row = sqlx::query(sql).bind(id).fetch_one(&mut d.h.superuser().await).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

/// S14 順番予約: the number is kept for the visit, nobody received meanwhile gets it, and a press twice takes one.
#[tokio::test]
async fn a_number_taken_by_telephone_is_the_number_of_the_visit() {
    let d = counter().await;
    let key = Uuid::now_v7().to_string();
    let taken = take(&d, &d.patient, &key).await.expect(303);
    assert_eq!(taken.header("location"), take(&d, &d.patient, &key).await.expect(303).header("location"));
    assert!(take(&d, &d.patient, &Uuid::now_v7().to_string()).await.body.contains("もう取っています"));
    let (id, number, _) = ticket(&d, &d.patient).await;
    let other = register(&d, "並ぶ 一人").await;
    assert_eq!(number_of(&d, &receive(&d, &other).await).await, number + 1, "a number taken ahead is nobody else's");
    let line = d.clerk.get("/queue").await.expect(200);
    assert!(line.body.contains("まだ来ていません") && line.body.contains("まもなく") && line.statements() <= 12, "{}", line.body);
    let arrival = format!("/queue-tickets/{id}/arrival");
    d.clerk.post(&arrival, &[("patient_token", &Uuid::nil().to_string()), ("version", "1")]).await.expect(422);
    d.clerk.post(&arrival, &[("patient_token", &d.patient), ("version", "7")]).await.expect(409);
    d.neighbour.client(d.h, Role::Clerk).await.post(&arrival, &[("patient_token", &d.patient), ("version", "1")]).await.expect(404);
    let came = d.clerk.post(&arrival, &[("patient_token", &d.patient), ("version", "1")]).await.expect(303);
    let visit = came.header("location").split("moved=").nth(1).unwrap().to_owned();
    assert_eq!(number_of(&d, &visit).await, number);
    d.clerk.post(&arrival, &[("patient_token", &d.patient), ("version", "2")]).await.expect(409);
    assert!(take(&d, &d.patient, &Uuid::now_v7().to_string()).await.body.contains("受け付けています"));
}

#[tokio::test]
async fn a_number_given_back_stays_unused() {
    let d = counter().await;
    take(&d, &d.patient, &Uuid::now_v7().to_string()).await.expect(303);
    let (id, number, _) = ticket(&d, &d.patient).await;
    let form = [("patient_token", d.patient.as_str()), ("version", "1")];
    d.clerk.post(&format!("/queue-tickets/{id}/cancellation"), &form).await.expect(303);
    assert_eq!(ticket(&d, &d.patient).await.2, "cancelled");
    take(&d, &d.patient, &Uuid::now_v7().to_string()).await.expect(303);
    assert_eq!(ticket(&d, &d.patient).await.1, number + 1);
}

/// S05 番号票 QR: how many are ahead, in one sentence, no name; over when the link is over, and no other link opens it.
#[tokio::test]
async fn a_phone_sees_its_own_place_and_nobody() {
    let d = counter().await;
    let ahead = receive(&d, &register(&d, "並ぶ 一人").await).await;
    let visit = receive(&d, &d.patient).await;
    let plain = d.clerk.get(&format!("/encounters/{visit}/ticket")).await.expect(200);
    assert!(!plain.body.contains("/w/") && plain.body.contains("待ち状況のQRを付ける"));
    let path = format!("/encounters/{visit}/ticket");
    d.clerk.post(&path, &[("patient_token", &Uuid::nil().to_string())]).await.expect(422);
    let printed = d.clerk.post(&path, &[("patient_token", &d.patient)]).await.expect(200);
    let token = printed.body.split("/w/").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let phone = d.h.anonymous();
    let place = phone.get(&format!("/w/{token}")).await.expect(200);
    assert!(place.body.contains("まもなくお呼びします") && place.body.contains("1人"), "{}", place.body);
    for word in ["髙﨑", "タカサキ", "並ぶ", &d.patient] {
        assert!(!place.body.contains(word), "{word}");
    }
    phone.get(&format!("/q/{token}")).await.expect(404);
    phone.get("/w/").await.expect(404);
    phone.get(&format!("/w/{}", &token[1..])).await.expect(404);
    for to in ["in_consult"] {
        let form = [("to", to), ("version", "1"), ("patient_token", d.patient.as_str())];
        d.doctor.post(&format!("/encounters/{visit}/status"), &form).await.expect(303);
    }
    assert!(phone.get(&format!("/w/{token}")).await.expect(200).body.contains("診察・処置中"));
    let sql = "UPDATE patient_link SET expires_at = now() - interval '1 minute' WHERE encounter_id = $1";
    sqlx::query(sql).bind(visit.parse::<Uuid>().unwrap()).execute(&mut d.h.superuser().await).await.unwrap();
    assert!(phone.get(&format!("/w/{token}")).await.expect(404).body.contains("見られません"));
    assert!(!ahead.is_empty());
}
