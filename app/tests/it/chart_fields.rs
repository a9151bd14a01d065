//! 説明と同意・次回 beside S/O/A/P, and leaving a chart on hold: the same versions, conflicts, print and amendments.

use domain::Role;

use crate::fixtures::two_clinics;
use crate::harness::{Client, Harness};
use crate::notes::{self, Visit};

struct Room {
    h: &'static Harness,
    visit: Visit,
    doctor: Client,
    nurse: Client,
}

async fn room() -> Room {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let (doctor, nurse) = (here.client(h, Role::Doctor).await, here.client(h, Role::Nurse).await);
    Room { h, visit: Visit::new(h, &here).await, doctor, nurse }
}

const CONSENT: &str = "内容: 胃カメラの必要と危険\n相手: 本人・長女\n同意: 同意";
const NEXT: &str = "時期: 2w\n目的: 結果説明\n検査: 採血";

/// workflows S07: 説明と同意 and 次回 are sections of their own: they save, conflict, print and are amended like the others.
#[tokio::test]
async fn consent_and_next_visit_are_kept_like_every_section() {
    let r = room().await;
    r.visit.save(&r.doctor, "S", 0, "腹痛").await.expect(200);
    r.visit.save(&r.doctor, "IC", 0, CONSENT).await.expect(200);
    r.visit.save(&r.doctor, "NX", 0, NEXT).await.expect(200);
    // Somebody else was first: both texts are kept (R2).
    let late = r.visit.save(&r.nurse, "NX", 0, "時期: 4w").await.expect(409);
    let compare = late.json()["conflict_url"].as_str().unwrap().to_owned();
    let page = r.nurse.get(&compare).await.expect(200);
    assert!(page.body.contains("次回") && page.body.contains("時期: 4w") && page.body.contains("時期: 2w"), "{}", page.body);
    let chart = r.doctor.get(&r.visit.chart()).await.expect(200);
    assert!(chart.body.contains("胃カメラの必要と危険") && chart.body.contains("data-part=\"時期\"") && chart.statements() <= 12);
    let print = r.doctor.get(&format!("/patients/{}/chart/print", r.visit.patient)).await.expect(200);
    assert!(print.body.contains("説明と同意") && print.body.contains("時期: 2w"));
}

/// Bad input stays in its field with what to do.
#[tokio::test]
async fn a_time_or_answer_nobody_can_read_is_refused() {
    let r = room().await;
    for (section, body, says) in [("NX", "時期: そのうち", "2w・10日"), ("IC", "同意: たぶん", "「同意」「不同意」「保留」")]
    {
        let refused = r.visit.save(&r.doctor, section, 0, body).await.expect(422);
        assert!(refused.json()["message"].as_str().unwrap().contains(says), "{}", refused.body);
    }
    let form = [
        ("patient_token", r.visit.patient.to_string()),
        ("idempotency_key", notes::id()),
        ("version_S", "0".into()),
        ("version_O", "0".into()),
        ("version_A", "0".into()),
        ("version_P", "0".into()),
        ("body_S", "頭痛".into()),
        ("body_NX", "時期: いつか".into()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = r.doctor.post(&format!("/encounters/{}/note", r.visit.encounter), &form).await.expect(422);
    assert!(page.body.contains("時期: いつか") && page.body.contains("頭痛") && page.body.contains("id=\"e-NX\""), "{}", page.body);
}

/// R5: after 確定 they are corrected beside what was signed; alone they do not make a note that can be signed.
#[tokio::test]
async fn after_signing_they_are_amended_with_a_reason() {
    let r = room().await;
    r.visit.save(&r.doctor, "NX", 0, NEXT).await.expect(200);
    let alone = [("version_NX", "1")];
    assert!(sign(&r, [0, 0, 0, 0], &alone).await.contains("記載が一つもありません"));
    r.visit.save(&r.doctor, "A", 0, "経過良好").await.expect(200);
    assert!(sign(&r, [0, 0, 1, 0], &[("version_NX", "0")]).await.contains("ほかの人が先に変えました"), "what was not seen is not signed");
    assert_eq!(sign(&r, [0, 0, 1, 0], &alone).await, "");
    let note = r.visit.note(r.h).await;
    let amendment = |body: &str| {
        [
            ("patient_token", r.visit.patient.to_string()),
            ("idempotency_key", notes::id()),
            ("kind", "amendment".to_owned()),
            ("section", "NX".to_owned()),
            ("body", body.to_owned()),
            ("reason", "検査日の変更".to_owned()),
        ]
    };
    let post = async |body: &str| {
        let form = amendment(body);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        r.doctor.post(&format!("/notes/{note}/amendments"), &form).await
    };
    assert!(post("時期: そのうち").await.expect(422).body.contains("2w・10日"));
    post("時期: 2026-12-18").await.expect(303);
    let chart = r.doctor.get(&r.visit.chart()).await.expect(200);
    assert!(chart.body.contains("<del class=\"note-text\">時期: 2w") && chart.body.contains("時期: 2026-12-18"), "{}", chart.body);
    assert!(!chart.body.contains("h-IC"), "what was never written is not listed");
}

/// The page's sentence when it was refused; empty when it was signed.
async fn sign(r: &Room, versions: [i64; 4], more: &[(&str, &str)]) -> String {
    let (token, key) = (r.visit.patient.to_string(), notes::id());
    let texts = versions.map(|v| v.to_string());
    let mut form = vec![("patient_token", token.as_str()), ("idempotency_key", key.as_str())];
    form.extend(["version_S", "version_O", "version_A", "version_P"].into_iter().zip(texts.iter().map(String::as_str)));
    form.extend(more);
    let answer = r.doctor.post(&format!("/encounters/{}/note/finalization", r.visit.encounter), &form).await;
    if answer.status == 303 { String::new() } else { answer.expect(422).body }
}

/// workflows S07: 診察終了せず離れる → 保留 with one key, and back again.
#[tokio::test]
async fn a_chart_is_left_on_hold_and_taken_back() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    let patient = notes::patient(h, &here, "000009").await.to_string();
    let key = notes::id();
    let received = clerk.post("/encounters", &[("patient_token", &patient), ("class", "AMB"), ("idempotency_key", &key)]).await.expect(303);
    let visit = received.header("location").split("moved=").nth(1).unwrap().to_owned();
    let post = async |act: &str, version: &str, to: &str| {
        doctor.post(&format!("/encounters/{visit}/{act}"), &[("patient_token", &patient), ("version", version), ("to", to)]).await
    };
    let offered = async || doctor.get(&format!("/encounters/{visit}")).await.expect(200).body.contains("data-key=\"Alt+M\"");
    assert!(!offered().await, "nothing to leave before 診察中");
    post("status", "1", "in_consult").await.expect(303);
    assert!(offered().await);
    let left = post("status", "2", "on_hold").await.expect(303);
    let board = doctor.get(left.header("location")).await.expect(200);
    assert!(board.body.contains("元に戻す"), "{}", board.body);
    assert!(!offered().await);
    post("status", "2", "on_hold").await.expect(409);
    post("status/undo", "3", "").await.expect(303);
    assert!(offered().await);
}
