//! 感染・禁忌・妊娠 and 付箋 through the real application (S02, S07).

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::billing::{Counter, counter};
use crate::harness::Answer;

async fn say(d: &Counter, fields: &[(&str, &str)]) -> Answer {
    let key = Uuid::now_v7().to_string();
    let mut form = vec![
        ("patient_token", d.patient.as_str()),
        ("idempotency_key", key.as_str()),
        ("category", "infection"),
        ("presence", "yes"),
        ("said", "HCV"),
        ("source", "referral"),
    ];
    for (name, value) in fields {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    d.doctor.post(&format!("/patients/{}/flags", d.patient), &form).await
}

async fn stick(d: &Counter, visit: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = vec![("patient_token", d.patient.as_str()), ("visit_version", "0"), ("patient_version", "0")];
    for (name, value) in fields {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    d.clerk.post(&format!("/encounters/{visit}/sticky"), &form).await
}

async fn board(d: &Counter) -> String {
    d.clerk.get("/board?state=all").await.expect(200).body
}

/// S02, S07: what was said stands on the board, in the chart's stripe and on the patient's page, with source and day.
#[tokio::test]
async fn an_infection_is_on_board_and_stripe() {
    let d = counter().await;
    let visit = d.receive().await;
    let unasked = d.doctor.get(&format!("/patients/{}/flags", d.patient)).await.expect(200);
    assert!(unasked.body.contains("まだ聞き取っていません") && unasked.statements() <= 12);
    say(&d, &[("presence", "no"), ("said", "")]).await.expect(303);
    assert!(!board(&d).await.contains("chip--exam"), "なし is no chip");
    say(&d, &[]).await.expect(303);
    assert!(board(&d).await.contains("title=\"感染 HCV\""));
    let page = d.doctor.get(&format!("/patients/{}/flags", d.patient)).await.expect(200).body;
    assert!(page.contains("他院からの情報"), "the source is named");
    assert!(page.contains("終わった登録 1件"), "what was found ended the なし");
    say(&d, &[("category", "pregnancy"), ("said", "妊娠24週")]).await.expect(303);
    say(&d, &[("category", "pregnancy"), ("said", "妊娠25週")]).await.expect(303);
    say(&d, &[("category", "contraindication"), ("said", "MRI(ペースメーカー)")]).await.expect(303);
    let chart = d.doctor.get(&format!("/encounters/{visit}")).await.expect(200);
    assert!(chart.body.contains("HCV") && chart.body.contains("妊娠25週") && chart.body.contains("MRI(ペースメーカー)"));
    assert!(!chart.body.contains("妊娠24週") && chart.statements() <= 12, "{}", chart.statements());
}

#[tokio::test]
async fn a_flag_is_ended_with_a_reason_and_bad_input_is_kept() {
    let d = counter().await;
    say(&d, &[("said", &"あ".repeat(61))]).await.expect(422);
    assert!(say(&d, &[("said", ""), ("source", "x")]).await.expect(422).body.contains("2か所 直してください"));
    say(&d, &[("category", "sticky")]).await.expect(422);
    say(&d, &[("patient_token", &Uuid::nil().to_string())]).await.expect(422);
    let key = Uuid::now_v7().to_string();
    say(&d, &[("idempotency_key", &key)]).await.expect(303);
    say(&d, &[("idempotency_key", &key)]).await.expect(303);
    let sql = "SELECT id FROM patient_flag WHERE patient_id = $1";
    let patient: Uuid = d.patient.parse().unwrap();
    let rows = sqlx::query(sql).bind(patient).fetch_all(&mut d.h.superuser().await).await.unwrap();
    assert_eq!(rows.len(), 1, "posted twice is said once");
    assert!(say(&d, &[("presence", "no"), ("said", "")]).await.expect(422).body.contains("終えてから"));
    let id: Uuid = rows[0].get(0);
    let end = |version: &'static str, reason: &'static str| {
        let form =
            [("patient_token", d.patient.clone()), ("version", version.into()), ("status", "resolved".into()), ("reason", reason.into())];
        let doctor = &d.doctor;
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            doctor.post(&format!("/flags/{id}/end"), &form).await
        }
    };
    end("1", "").await.expect(422);
    end("7", "治った").await.expect(409);
    end("1", "治った").await.expect(303);
    end("2", "治った").await.expect(409);
    d.neighbour.client(d.h, Role::Doctor).await.get(&format!("/patients/{}/flags", d.patient)).await.expect(404);
    d.here.client(d.h, Role::Clerk).await.post(&format!("/flags/{id}/end"), &[]).await.expect(403);
}

/// S02 付箋: on the visit and on the patient, rewritten, taken off; two people writing at once lose nothing.
#[tokio::test]
async fn a_sticky_is_stuck_rewritten_and_taken_off() {
    let d = counter().await;
    let visit = d.receive().await;
    let form = d.clerk.get(&format!("/encounters/{visit}/sticky")).await.expect(200);
    assert!(form.body.contains("この受診の付箋") && form.statements() <= 12);
    stick(&d, &visit, &[("visit_note", "結果の説明を"), ("patient_note", "右耳から")]).await.expect(303);
    let shown = board(&d).await;
    assert!(shown.contains("結果の説明を") && shown.contains("右耳から"));
    stick(&d, &visit, &[("visit_note", "結果の説明を"), ("patient_note", "右耳から")]).await.expect(303);
    let stale = stick(&d, &visit, &[("visit_note", "べつの付箋"), ("patient_note", "右耳から")]).await.expect(409);
    assert!(
        stale.body.contains("べつの付箋")
            && stale.body.contains("結果の説明を")
            && stale.body.contains("name=\"visit_version\" value=\"1\"")
    );
    let now = [("visit_version", "1"), ("patient_version", "1")];
    stick(&d, &visit, &[now[0], now[1], ("visit_note", "べつの付箋"), ("patient_note", "右耳から")]).await.expect(303);
    assert!(board(&d).await.contains("べつの付箋"));
    stick(&d, &visit, &[("visit_note", &"あ".repeat(61))]).await.expect(422);
    stick(&d, &visit, &[("patient_token", &Uuid::nil().to_string())]).await.expect(422);
    stick(&d, &visit, &[("visit_version", "2"), ("patient_version", "1"), ("visit_note", ""), ("patient_note", "右耳から")])
        .await
        .expect(303);
    let shown = board(&d).await;
    assert!(!shown.contains("べつの付箋") && shown.contains("右耳から"));
    d.neighbour.client(d.h, Role::Clerk).await.get(&format!("/encounters/{visit}/sticky")).await.expect(404);
}
