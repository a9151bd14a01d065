//! 救急時医療情報閲覧 against the simulator: hospitals only, named persons only, with a reason and a fresh code, judged by somebody else.
//! FN-OQ-11, KPI-05.

use domain::Role;
use domain::clock::jst;
use simulators::national::Fault;
use simulators::national::emergency::EMERGENCY;
use sqlx::Row;
use uuid::Uuid;

use crate::consents::{Desk, card, desk, tomorrow};
use crate::harness::Client;
use crate::signing_in::{SECRET, code_after, code_of, give_totp};

/// A card whose holder could not be asked.
fn unasked(salt: &str) -> String {
    card(&[], tomorrow(), salt).replace("ConsFlg>0<", "ConsFlg>3<")
}

async fn take_unasked(d: &Desk, salt: &str, patient: &str) -> String {
    d.services.consents.grant("9000001", EMERGENCY, jst(tomorrow()));
    d.take_over(&unasked(salt), patient).await
}

async fn name(d: &Desk, role: Role, held: &str, version: &str) {
    let admin = d.here.hospital_client(d.h, Role::ClinicAdmin).await;
    let path = format!("/emergency-privileges/{}", d.here.staff_of(role));
    admin.post(&path, &[("held", held), ("version", version)]).await.expect(303);
}

/// A doctor of a hospital, named and with an authenticator, and a patient who could not be asked.
async fn ward() -> (Desk, Client, String) {
    let d = desk().await;
    let patient = take_unasked(&d, "1", "new").await;
    name(&d, Role::Doctor, "yes", "0").await;
    give_totp(d.h, &d.here, Role::Doctor).await;
    let doctor = d.here.hospital_client(d.h, Role::Doctor).await;
    (d, doctor, patient)
}

fn form<'a>(patient: &'a str, key: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("patient_token", patient), ("idempotency_key", key), ("reason", "unconscious"), ("words", ""), ("code", code)]
}

async fn post(doctor: &Client, patient: &str, fields: &[(&str, &str)]) -> crate::harness::Answer {
    doctor.post(&format!("/patients/{patient}/emergency-views"), fields).await
}

/// Opens with this code; the path of the look.
async fn open(doctor: &Client, patient: &str, code: &str) -> String {
    let key = Uuid::now_v7().to_string();
    post(doctor, patient, &form(patient, &key, code)).await.expect(303).header("location").to_owned()
}

async fn count(d: &Desk, sql: &'static str) -> i64 {
    sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0)
}

/// FN-OQ-11: a clinic has no such door, no such page and no word of it.
#[tokio::test]
async fn a_clinic_has_neither_door_nor_word_of_it() {
    let d = desk().await;
    let patient = take_unasked(&d, "1", "new").await;
    let admin = d.here.hospital_client(d.h, Role::ClinicAdmin).await;
    admin.post(&format!("/emergency-privileges/{}", d.here.staff_of(Role::Doctor)), &[("held", "yes"), ("version", "0")]).await.expect(303);
    d.doctor.get(&format!("/patients/{patient}/emergency-views/new")).await.expect(403);
    post(&d.doctor, &patient, &form(&patient, &Uuid::now_v7().to_string(), "000000")).await.expect(403);
    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    admin.get("/emergency-privileges").await.expect(403);
    for (client, path) in
        [(&d.doctor, format!("/patients/{patient}/consents")), (&admin, "/clinic".into()), (&d.doctor, "/notes/pending".into())]
    {
        let page = client.get(&path).await.expect(200).body;
        assert!(!page.contains("救急") && !page.contains("emergency-privileges"), "{path}");
    }
    assert_eq!(count(&d, "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND outcome = 'refused'").await, 3);
    assert_eq!(count(&d, "SELECT count(*) FROM emergency_view WHERE tenant_id = $1").await, 0);
}

/// FN-OQ-11: the role is not enough; the administrator names the person, and taking it back works at the next act.
#[tokio::test]
async fn only_named_persons_may_open() {
    let (d, doctor, patient) = ward().await;
    let path = format!("/patients/{patient}/emergency-views/new");
    let nurse = d.here.hospital_client(d.h, Role::Nurse).await;
    nurse.get(&path).await.expect(403);
    post(&nurse, &patient, &form(&patient, &Uuid::now_v7().to_string(), "000000")).await.expect(403);
    assert!(
        !nurse.get(&format!("/patients/{patient}/consents")).await.expect(200).body.contains("救急時の閲覧"),
        "no door that will not open"
    );
    d.here.hospital_client(d.h, Role::Clerk).await.get(&path).await.expect(403);
    assert!(doctor.get(&format!("/patients/{patient}/consents")).await.expect(200).body.contains("救急時の閲覧"));
    let page = doctor.get(&path).await.expect(200);
    assert!(page.body.contains("意識障害") && page.body.contains("認証アプリの6桁") && page.statements() <= 12);
    name(&d, Role::Doctor, "no", "1").await;
    doctor.get(&path).await.expect(403);
    post(&doctor, &patient, &form(&patient, &Uuid::now_v7().to_string(), &code_of(&SECRET, d.h))).await.expect(403);
    // The list says so; a stale press and an impossible one do nothing.
    let admin = d.here.hospital_client(d.h, Role::ClinicAdmin).await;
    let list = admin.get("/emergency-privileges").await.expect(200);
    assert!(list.body.contains("髙橋 医師") && !list.body.contains("髙橋 医療事務") && list.statements() <= 6, "{}", list.body);
    let of = |role| format!("/emergency-privileges/{}", d.here.staff_of(role));
    admin.post(&of(Role::Doctor), &[("held", "yes"), ("version", "1")]).await.expect(409);
    admin.post(&of(Role::Doctor), &[("held", "yes"), ("version", "x")]).await.expect(422);
    admin.post(&of(Role::Clerk), &[("held", "yes"), ("version", "0")]).await.expect(422);
    d.neighbour
        .hospital_client(d.h, Role::ClinicAdmin)
        .await
        .post(&of(Role::Doctor), &[("held", "yes"), ("version", "2")])
        .await
        .expect(404);
}

/// FN-OQ-11: a reason and a fresh code each time; a code is good for one look.
#[tokio::test]
async fn a_look_wants_a_reason_and_a_fresh_code() {
    let (d, doctor, patient) = ward().await;
    let (key, code) = (Uuid::now_v7().to_string(), code_of(&SECRET, d.h));
    let none = post(&doctor, &patient, &[("patient_token", &patient), ("idempotency_key", &key), ("words", "救急車"), ("code", "")])
        .await
        .expect(422);
    assert!(none.body.contains("開く理由を選んでください") && none.body.contains("value=\"救急車\"") && none.body.contains("6桁を入れて"));
    let other = [("patient_token", patient.as_str()), ("idempotency_key", &key), ("reason", "other"), ("words", "　"), ("code", &code)];
    assert!(post(&doctor, &patient, &other).await.expect(422).body.contains("どういう事情か"));
    let disaster: Vec<_> =
        form(&patient, &key, &code).into_iter().map(|f| if f.0 == "reason" { ("reason", "card_lost") } else { f }).collect();
    post(&doctor, &patient, &disaster).await.expect(422);
    let worst = "\u{202e}\0".repeat(3);
    let worst: Vec<_> =
        form(&patient, &key, &code).into_iter().map(|f| if f.0 == "words" { ("words", worst.as_str()) } else { f }).collect();
    assert!(post(&doctor, &patient, &worst).await.expect(422).body.contains("読めない文字"));
    let wrong = post(&doctor, &patient, &form(&patient, &key, "000000")).await.expect(422);
    assert!(wrong.body.contains("コードが合いません") && !wrong.body.contains("000000"), "a code is not given back");
    post(&doctor, &patient, &form(&Uuid::max().to_string(), &key, &code)).await.expect(422);
    post(&doctor, &patient, &form(&patient, "x", &code)).await.expect(422);
    d.neighbour
        .hospital_client(d.h, Role::Doctor)
        .await
        .post(&format!("/patients/{patient}/emergency-views"), &form(&patient, &key, &code))
        .await
        .expect(404);
    assert_eq!(count(&d, "SELECT count(*) FROM emergency_view WHERE tenant_id = $1").await, 0);
    // Pressed twice: one look. Another pressing with the same code: none.
    let first = post(&doctor, &patient, &form(&patient, &key, &code)).await.expect(303).header("location").to_owned();
    assert_eq!(post(&doctor, &patient, &form(&patient, &key, &code)).await.expect(303).header("location"), first);
    post(&doctor, &patient, &form(&patient, &Uuid::now_v7().to_string(), &code)).await.expect(422);
    assert_eq!(count(&d, "SELECT count(*) FROM emergency_view WHERE tenant_id = $1").await, 1);
    assert_eq!(count(&d, "SELECT count(*) FROM outbox_message WHERE tenant_id = $1 AND errand = 'emergency_summary'").await, 1);
    let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'emergency_view' AND detail->>'reason' = 'unconscious' AND cardinality(subject_ids) > 0";
    assert_eq!(count(&d, sql).await, 1);
    assert_eq!(count(&d, "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND detail->>'step' = 'second_factor_again'").await, 2);
}

/// FN-OQ-11: both halves of a double press at once are one look too.
#[tokio::test]
async fn two_presses_at_once_are_one_look() {
    let (d, doctor, patient) = ward().await;
    let (key, code) = (Uuid::now_v7().to_string(), code_of(&SECRET, d.h));
    let fields = form(&patient, &key, &code);
    let (a, b) = tokio::join!(post(&doctor, &patient, &fields), post(&doctor, &patient, &fields));
    assert_eq!(a.expect(303).header("location"), b.expect(303).header("location"));
    assert_eq!(count(&d, "SELECT count(*) FROM emergency_view WHERE tenant_id = $1").await, 1);
}

/// FN-OQ-11: only a reading of these hours that noted 取得困難; a later one with an answer ends it; no authenticator, no look.
#[tokio::test]
async fn it_stands_on_a_card_whose_holder_could_not_be_asked() {
    let d = desk().await;
    let patient = d.take_over(&card(&["PharmacistsInfo"], tomorrow(), "0"), "new").await;
    name(&d, Role::Doctor, "yes", "0").await;
    let doctor = d.here.hospital_client(d.h, Role::Doctor).await;
    let path = format!("/patients/{patient}/emergency-views/new");
    let fields = |key: &str| form(&patient, key, "000000").into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect::<Vec<_>>();
    let refused = async |words: &str| {
        assert!(doctor.get(&path).await.expect(200).body.contains(words), "{words}");
        let key = Uuid::now_v7().to_string();
        let fields = fields(&key);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        post(&doctor, &patient, &fields).await.expect(422);
    };
    refused("いまは開けません").await;
    take_unasked(&d, "1", &patient).await;
    refused("認証アプリの登録が要ります").await;
    give_totp(d.h, &d.here, Role::Doctor).await;
    assert!(doctor.get(&path).await.expect(200).body.contains("開く理由"));
    d.take_over(&card(&[], tomorrow(), "2"), &patient).await;
    refused("いまは開けません").await;
    take_unasked(&d, "3", &patient).await;
    let sql = "UPDATE viewing_consent SET recorded_at = recorded_at - interval '25 hours' WHERE tenant_id = $1";
    sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.unwrap();
    refused("いまは開けません").await;
    assert_eq!(count(&d, "SELECT count(*) FROM emergency_view WHERE tenant_id = $1").await, 0);
}

/// FN-OQ-11: the summary is there for its opener, drugs and operations without any consent; for nobody else, and not for ever.
#[tokio::test]
async fn what_came_is_for_its_opener_and_for_a_day() {
    let (d, doctor, patient) = ward().await;
    let path = open(&doctor, &patient, &code_of(&SECRET, d.h)).await;
    assert!(doctor.get(&path).await.expect(200).body.contains("取り寄せています"), "nobody waits for the service");
    d.deliver().await;
    let page = doctor.get(&path).await.expect(200);
    for words in ["架空アムロ錠５ｍｇ", "胃切除術", "意識障害", "確認待ち", "data-shown-for=\"86"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.statements() <= 12);
    let part = doctor.get_fragment(&path).await.expect(200).body;
    assert!(part.contains("架空アムロ錠") && !part.contains("<html"));
    let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'emergency_view' AND info_class = 'emergency_record'";
    assert_eq!(count(&d, sql).await, 3, "the opening and each look, but not the page that still waited");
    // Nobody else: not whoever judges, not another named person.
    let admin = d.here.hospital_client(d.h, Role::ClinicAdmin).await;
    let judged = admin.get(&path).await.expect(200).body;
    assert!(judged.contains("開いた本人だけ") && judged.contains("意識障害") && !judged.contains("架空アムロ"));
    d.here.hospital_client(d.h, Role::Nurse).await.get(&path).await.expect(403);
    d.here.hospital_client(d.h, Role::Clerk).await.get(&path).await.expect(403);
    d.neighbour.hospital_client(d.h, Role::Doctor).await.get(&path).await.expect(404);
    // Nor in the record: 薬剤情報 under consent is as closed as before.
    doctor.get(&format!("/patients/{patient}/consents/medication")).await.expect(403);
    let sql = "SELECT count(*) FROM emergency_view WHERE tenant_id = $1 AND position(convert_to('アムロ', 'UTF8') in raw) > 0";
    assert_eq!(count(&d, sql).await, 0, "sealed");
    let sql = "UPDATE emergency_view SET until = now() - interval '1 second' WHERE tenant_id = $1";
    sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.unwrap();
    let over = doctor.get(&path).await.expect(200).body;
    assert!(over.contains("閲覧できる時間が終わりました") && !over.contains("架空アムロ"));
}

/// FN-OQ-11: the service's own no is said; replies that are not ours are never shown.
#[tokio::test]
async fn a_refusal_is_said_and_a_wrong_reply_is_never_shown() {
    let (d, doctor, patient) = ward().await;
    d.services.consents.grant("9000001", EMERGENCY, jst(chrono::Utc::now() - chrono::TimeDelta::seconds(1)));
    let path = open(&doctor, &patient, &code_of(&SECRET, d.h)).await;
    d.deliver().await;
    assert!(doctor.get(&path).await.expect(200).body.contains("救急時の読み取りがないか"));
    d.services.consents.grant("9000001", EMERGENCY, jst(tomorrow()));
    for fault in [Fault::OtherPerson, Fault::OtherFacility, Fault::Entities] {
        d.services.faults.next(fault, 1);
    }
    let path = open(&doctor, &patient, &code_after(&SECRET, d.h, 30)).await;
    d.deliver().await;
    assert!(doctor.get(&path).await.expect(200).body.contains("取り寄せています"));
}

/// FN-OQ-11, KPI-05: each look waits until somebody else has judged it, once; the month counts them.
#[tokio::test]
async fn every_look_is_judged_by_somebody_else() {
    let (d, doctor, patient) = ward().await;
    let path = open(&doctor, &patient, &code_after(&SECRET, d.h, -30)).await;
    let second = open(&doctor, &patient, &code_of(&SECRET, d.h)).await;
    let admin = d.here.hospital_client(d.h, Role::ClinicAdmin).await;
    let list = admin.get("/emergency-views").await.expect(200);
    assert!(
        list.body.contains("閲覧 2件(救急時 2件)・要調査 0件") && list.body.contains("2件・月を問わず") && list.body.contains("架空 太郎"),
        "{}",
        list.body
    );
    assert!(list.statements() <= 6);
    let judgement = format!("{path}/judgement");
    let said = |version: &'static str, word: &'static str, remark: &'static str| {
        [("patient_token", patient.as_str()), ("version", version), ("judgement", word), ("remark", remark)]
    };
    // The opener may judge others, never themselves; the page offers no form.
    assert!(doctor.post(&judgement, &said("1", "justified", "")).await.expect(422).body.contains("自分の閲覧"));
    assert!(!doctor.get(&path).await.expect(200).body.contains("事後の確認"));
    assert!(admin.post(&judgement, &said("1", "", "")).await.expect(422).body.contains("妥当か要調査か"));
    let kept = admin.post(&judgement, &said("1", "questioned", "　")).await.expect(422).body;
    assert!(kept.contains("何を調べるのか") && kept.contains("value=\"questioned\" checked"), "{kept}");
    admin.post(&judgement, &said("9", "justified", "")).await.expect(409);
    admin.post(&judgement, &[("patient_token", "x"), ("version", "1"), ("judgement", "justified")]).await.expect(422);
    d.here.hospital_client(d.h, Role::Nurse).await.post(&judgement, &said("1", "justified", "")).await.expect(403);
    d.neighbour.hospital_client(d.h, Role::ClinicAdmin).await.post(&judgement, &said("1", "justified", "")).await.expect(404);
    admin.post(&judgement, &said("1", "questioned", "家族に確かめたか")).await.expect(303);
    admin.post(&judgement, &said("1", "justified", "")).await.expect(409);
    let list = admin.get("/emergency-views").await.expect(200).body;
    assert!(list.contains("閲覧 2件(救急時 2件)・要調査 1件") && list.contains("1件・月を問わず") && list.contains(&second));
    assert!(doctor.get(&path).await.expect(200).body.contains("家族に確かめたか"));
    // Another month counts its own, but still shows what waits.
    let before = admin.get("/emergency-views?month=2020-01").await.expect(200).body;
    assert!(before.contains("2020年1月の閲覧 0件(救急時 0件)") && before.contains("1件・月を問わず"));
    admin.get("/emergency-views?month=9999-99").await.expect(200);
    // The database itself keeps a person from judging their own look.
    let sql =
        "UPDATE emergency_view SET judged_by_id = opened_by_id, judgement = 'justified' WHERE tenant_id = $1 AND judged_by_id IS NULL";
    assert!(sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.is_err());
}
