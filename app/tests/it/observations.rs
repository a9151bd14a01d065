//! 計測 through the real application: limits, what is unusual, late entry, cancelling, and what others see of it.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

struct Room {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    nurse: Client,
    clerk: Client,
    patient: String,
    visit: String,
}

async fn visit_of(clerk: &Client, patient: &str, again: &str) -> String {
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient), ("class", "AMB"), ("purpose", "定期"), ("idempotency_key", &key), ("again", again)];
    let received = clerk.post("/encounters", &form).await.expect(303);
    received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn room() -> Room {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, nurse) = (here.client(h, Role::Clerk).await, here.client(h, Role::Nurse).await);
    let person = [("name_ideographic", "計 測子"), ("name_syllabic", "ハカリ ソクコ"), ("sex", "female"), ("birth_date", "1959-02-11")];
    let answer = clerk.post("/patients", &person).await.expect(303);
    let patient = answer.header("location").split('?').next().unwrap().strip_prefix("/patients/").unwrap().to_owned();
    let visit = visit_of(&clerk, &patient, "").await;
    Room { h, here, neighbour, nurse, clerk, patient, visit }
}

/// As a browser writes a local moment, so many minutes ago.
fn minutes_ago(minutes: i64) -> String {
    let at = chrono::Utc::now() + chrono::Duration::hours(9) - chrono::Duration::minutes(minutes);
    at.format("%Y-%m-%dT%H:%M").to_string()
}

impl Room {
    async fn record(&self, client: &Client, values: &[(&str, &str)]) -> Answer {
        let (key, at) = (Uuid::now_v7().to_string(), minutes_ago(1));
        let mut form = vec![("patient_token", self.patient.as_str()), ("idempotency_key", key.as_str()), ("measured_at", at.as_str())];
        for (name, value) in values {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        client.post(&format!("/encounters/{}/vitals", self.visit), &form).await
    }

    async fn rounds(&self) -> Vec<(Uuid, String, i32)> {
        let sql = "SELECT id, status, version FROM vital_signs WHERE tenant_id = $1 ORDER BY id";
        let rows = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_all(&mut self.h.superuser().await).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}

const USUAL: &[(&str, &str)] = &[("bt", "36.5"), ("sbp", "128"), ("dbp", "76"), ("wt", "62.5")];

#[tokio::test]
async fn a_round_is_kept_shown_and_offered_to_the_chart() {
    let r = room().await;
    r.record(&r.nurse, USUAL).await.expect(303);
    let path = format!("/encounters/{}/vitals", r.visit);
    let page = r.nurse.get(&path).await.expect(200);
    assert!(page.body.contains("36.5") && page.body.contains("前回 62.5"), "{}", page.body);
    assert!(page.statements() <= 7, "{}", page.statements());
    let doctor = r.here.client(r.h, Role::Doctor).await;
    let pane = doctor.get_fragment(&format!("{path}/pane")).await.expect(200);
    assert!(pane.body.contains("体温 36.5℃ 血圧 128/76mmHg 体重 62.5kg") && pane.body.contains("data-quote-to=\"body-O\""));
    assert_eq!(doctor.get(&format!("{path}/pane")).await.expect(303).header("location"), path);
    assert!(r.nurse.get("/board?state=all").await.expect(200).body.contains("計測済"));
    r.clerk.get(&path).await.expect(403);
}

/// S06: outside the limits nothing is kept and every field says why.
#[tokio::test]
async fn what_cannot_be_is_refused_and_kept_in_the_form() {
    let r = room().await;
    let future = minutes_ago(-30);
    for (values, says) in [
        (vec![("bt", "46.5")], "30.0〜43.0"),
        (vec![("bt", "三六度")], "数字で入れて"),
        (vec![("sbp", "12.5")], "整数で入れて"),
        (vec![("sbp", "80"), ("dbp", "120")], "拡張期血圧は収縮期血圧より低い"),
        (vec![("wt", "62.55")], "小数は1桁"),
        (vec![("spo2", "101")], "50〜100"),
        (vec![("jcs", "4"), ("bt", "36.5")], "意識(JCS)を一覧から"),
        (vec![], "一つ以上"),
        (vec![("bt", "36.5"), ("measured_at", future.as_str())], "いまより後"),
        (vec![("bt", "36.5"), ("measured_at", "髙い時刻")], "読めません"),
    ] {
        let answer = r.record(&r.nurse, &values).await.expect(422);
        assert!(answer.body.contains(says), "{says}: {}", answer.body);
        assert!(values.first().is_none_or(|(_, value)| answer.body.contains(value)));
    }
    assert!(r.rounds().await.is_empty());
}

/// S06: ±20 % from the usual is never taken silently, and never refused.
#[tokio::test]
async fn an_unusual_value_is_shown_in_amber_and_kept_by_the_second_press() {
    let r = room().await;
    r.record(&r.nurse, USUAL).await.expect(303);
    let asked = r.record(&r.nurse, &[("wt", "26.5"), ("bt", "36.4")]).await.expect(422);
    assert!(asked.body.contains("ふだんと大きく違う値") && asked.body.contains("value=\"wt=26.5\""), "{}", asked.body);
    assert_eq!(r.rounds().await.len(), 1);
    r.record(&r.nurse, &[("wt", "26.5"), ("bt", "36.4"), ("seen", "wt=26.5")]).await.expect(303);
    r.record(&r.nurse, &[("wt", "25.6"), ("seen", "wt=26.5")]).await.expect(422);
    let page = r.nurse.get(&format!("/encounters/{}/vitals", r.visit)).await.expect(200);
    assert!(page.body.contains("ふだんと2割超の差 </span>26.5"), "{}", page.body);
}

#[tokio::test]
async fn a_late_entry_keeps_both_times_and_a_double_press_is_one_round() {
    let r = room().await;
    let (key, at) = (Uuid::now_v7().to_string(), minutes_ago(90));
    let same = [("idempotency_key", key.as_str()), ("measured_at", at.as_str()), ("bt", "37.2")];
    r.record(&r.nurse, &same).await.expect(303);
    r.record(&r.nurse, &same).await.expect(303);
    assert_eq!(r.rounds().await.len(), 1);
    assert!(r.nurse.get(&format!("/encounters/{}/vitals", r.visit)).await.expect(200).body.contains("入力 "));
}

#[tokio::test]
async fn a_wrong_round_is_cancelled_and_stays_in_the_history() {
    let r = room().await;
    r.record(&r.nurse, USUAL).await.expect(303);
    let (id, _, _) = r.rounds().await[0];
    let path = format!("/vital-signs/{id}/cancellation");
    let mine = [("patient_token", r.patient.as_str()), ("version", "1")];
    r.nurse.post(&path, &[("patient_token", r.patient.as_str()), ("version", "7")]).await.expect(409);
    r.nurse.post(&path, &[("patient_token", r.here.place.to_string().as_str()), ("version", "1")]).await.expect(422);
    r.neighbour.client(r.h, Role::Nurse).await.post(&path, &mine).await.expect(404);
    r.nurse.post(&path, &mine).await.expect(303);
    r.nurse.post(&path, &mine).await.expect(409);
    assert_eq!(r.rounds().await, [(id, "entered_in_error".to_owned(), 2)]);
    let board = r.nurse.get("/board?state=all").await.expect(200);
    assert!(!board.body.contains("計測済"));
    let pane = r.nurse.get_fragment(&format!("/encounters/{}/vitals/pane", r.visit)).await.expect(200);
    assert!(pane.body.contains("まだ測っていません"));
}

#[tokio::test]
async fn other_patients_and_other_clinics_are_kept_apart() {
    let r = room().await;
    let other = Uuid::now_v7().to_string();
    r.record(&r.nurse, &[("bt", "36.5"), ("patient_token", other.as_str())]).await.expect(422);
    let path = format!("/encounters/{}/vitals", r.visit);
    let next_door = r.neighbour.client(r.h, Role::Nurse).await;
    next_door.get(&path).await.expect(404);
    r.record(&next_door, USUAL).await.expect(404);
    r.record(&r.clerk, USUAL).await.expect(403);
    assert!(r.rounds().await.is_empty());
}
