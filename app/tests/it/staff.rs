//! 職員, as the 管理者 of a clinic meets them: GL-01, GL-05, GL-08.

use domain::{Role, StaffId};
use sqlx::Row;
use tenancy::{Act, Audit, InfoClass, second_factor};
use tsumugi::staff::command::{Add, add};
use uuid::Uuid;

use crate::fixtures::{Clinic, PASSWORD, clinic};
use crate::harness::{Answer, Client, Harness, keyring};

const KEY: &str = "01900000-0000-7000-8000-0000000000aa";

fn newcomer<'a>(login: &'a str, extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("login_id", login), ("name", "𠮷田 あゆみ"), ("name_kana", "よしだ あゆみ"), ("valid_from", "2026-04-01")];
    form.extend_from_slice(extra);
    form
}

fn shown_password(answer: &Answer) -> String {
    answer.body.split("id=\"initial-password\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

async fn id_of(h: &Harness, c: &Clinic, login: &str) -> StaffId {
    let sql = "SELECT id FROM staff WHERE tenant_id = $1 AND login_id = $2";
    let row = sqlx::query(sql).bind(c.id.as_uuid()).bind(login).fetch_one(&mut h.superuser().await).await.unwrap();
    StaffId::new(row.get::<Uuid, _>(0))
}

async fn sign_in(h: &Harness, c: &Clinic, login: &str, password: &str) -> Answer {
    h.anonymous().post("/login", &[("tenant_code", &c.code), ("login_id", login), ("password", password)]).await
}

/// The fixture's person as the form shows them, with some fields changed.
fn facts<'a>(role: &'a str, version: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("version", version),
        ("name", "髙橋 改め"),
        ("valid_from", "2020-04-01"),
        ("status", "active"),
        ("department", "内科"),
        (role, "on"),
    ];
    form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    form
}

async fn admin_and(h: &Harness, role: Role) -> (Clinic, Client, String) {
    let c = clinic(h).await;
    let admin = c.client(h, Role::ClinicAdmin).await;
    let path = format!("/staff/{}", c.staff_of(role));
    (c, admin, path)
}

/// GL-01, GL-04: a person gets an id and a password that is only good for making their own.
#[tokio::test]
async fn a_newcomer_signs_in_and_makes_an_own_password() {
    let h = Harness::get();
    let (c, admin, _) = admin_and(h, Role::Doctor).await;
    let form = newcomer("a.yoshida", &[("role_nurse", "on"), ("idempotency_key", KEY)]);
    let answer = admin.post("/staff", &form).await.expect(200);
    let password = shown_password(&answer);
    assert!(answer.body.contains("a.yoshida") && answer.body.contains(&c.code));
    assert_eq!(sign_in(h, &c, "a.yoshida", &password).await.expect(303).header("location"), "/login/password");

    let again = admin.post("/staff", &form).await.expect(303);
    let person = format!("/staff/{}", id_of(h, &c, "a.yoshida").await);
    assert_eq!(again.header("location"), format!("{person}?done=repeated"), "the form posted twice registers once");
    assert!(!admin.get(again.header("location")).await.expect(200).body.contains(&password), "the password is shown once");
    let list = admin.get("/staff").await.expect(200);
    assert!(list.body.contains("𠮷田 あゆみ") && list.body.contains("ヨシダ アユミ") && list.body.contains("未登録"));
    assert!(list.statements() <= 6, "{} statements", list.statements());
    assert!(admin.get("/clinic").await.expect(200).body.contains("href=\"/staff\""));
}

#[tokio::test]
async fn wrong_fields_are_told_and_the_input_stays() {
    let h = Harness::get();
    let (_, admin, doctor) = admin_and(h, Role::Doctor).await;
    let form = newcomer("a b", &[("valid_to", "2025-01-01"), ("license_no", "第123号")]);
    let body = admin.post("/staff", &form).await.expect(422).body;
    for kept in ["value=\"a b\"", "𠮷田 あゆみ", "第123号", "「 」は使えません", "職種を一つ以上", "勤務の始まりより前"]
    {
        assert!(body.contains(kept), "{kept}");
    }
    let taken = admin.post("/staff", &newcomer("doctor", &[("role_clerk", "on")])).await.expect(422).body;
    assert!(taken.contains("ほかの職員が使っています") && taken.contains("name=\"role_clerk\" value=\"on\" checked"));
    let edit = admin.post(&doctor, &facts("role_doctor", "1", &[("name", ""), ("license_no", "第9号")])).await.expect(422).body;
    assert!(edit.contains("氏名を入れてください") && edit.contains("第9号"));
}

/// GL-08: whoever has left is out at once, on every screen, and does not come back.
#[tokio::test]
async fn a_leavers_session_dies_at_once() {
    let h = Harness::get();
    let (c, admin, nurse_path) = admin_and(h, Role::Nurse).await;
    let (nurse, second_screen) = (c.client(h, Role::Nurse).await, c.client(h, Role::Nurse).await);
    nurse.get("/patients").await.expect(200);
    let yesterday = h.clock().today_jst().pred_opt().unwrap().to_string();
    let saved = admin.post(&nurse_path, &facts("role_nurse", "1", &[("valid_to", &yesterday)])).await.expect(303);
    assert!(saved.header("location").ends_with("?done=ended"));
    for screen in [nurse, second_screen] {
        assert!(screen.get("/patients").await.expect(303).header("location").starts_with("/login"));
    }
    assert!(admin.get(saved.header("location")).await.expect(200).body.contains("退職"));
    sign_in(h, &c, "nurse", PASSWORD).await.expect(422);
}

/// GL-08: stopped without a date, and a 職種 taken away while it may be in use.
#[tokio::test]
async fn stopping_and_withdrawing_a_role_close_the_screens() {
    let h = Harness::get();
    let (c, admin, clerk_path) = admin_and(h, Role::Clerk).await;
    let clerk = c.client(h, Role::Clerk).await;
    admin.post(&clerk_path, &facts("role_clerk", "1", &[])).await.expect(303);
    clerk.get("/patients").await.expect(200);
    admin.post(&clerk_path, &facts("role_nurse", "2", &[])).await.expect(303);
    clerk.get("/patients").await.expect(303);
    admin.post(&clerk_path, &facts("role_nurse", "3", &[("status", "inactive")])).await.expect(303);
    sign_in(h, &c, "clerk", PASSWORD).await.expect(422);
    assert!(admin.get("/staff").await.expect(200).body.contains("停止"));
}

/// R2: somebody saved first; what was typed stays and what is stored is told.
#[tokio::test]
async fn a_stale_edit_is_not_stored() {
    let h = Harness::get();
    let (_, admin, path) = admin_and(h, Role::Pharmacist).await;
    admin.post(&path, &facts("role_pharmacist", "1", &[("name", "先の人")])).await.expect(303);
    let late = admin.post(&path, &facts("role_pharmacist", "1", &[("name", "後の人")])).await.expect(409).body;
    assert!(late.contains("ほかの人が先に保存しました") && late.contains("value=\"後の人\"") && late.contains("先の人"));
    assert!(late.contains("name=\"version\" value=\"2\""));
    assert!(admin.get(&path).await.expect(200).body.contains("先の人"));
    admin.post(&path, &facts("role_pharmacist", "2", &[("name", "後の人")])).await.expect(303);
}

#[tokio::test]
async fn the_clinic_keeps_an_administrator() {
    let h = Harness::get();
    let (c, admin, own) = admin_and(h, Role::ClinicAdmin).await;
    let own_role = admin.post(&own, &facts("role_clerk", "1", &[])).await.expect(422).body;
    assert!(own_role.contains("自分の「管理者」は外せません"));
    let stop = admin.post(&own, &facts("role_clinic_admin", "1", &[("status", "inactive")])).await.expect(422).body;
    assert!(stop.contains("自分を今日使えなくすることはできません"));
    let next_week = (h.clock().today_jst() + chrono::Days::new(7)).to_string();
    let leaving = facts("role_clinic_admin", "1", &[("valid_to", &next_week)]);
    assert!(admin.post(&own, &leaving).await.expect(422).body.contains("管理者が一人もいなくなります"));

    let doctor = format!("/staff/{}", c.staff_of(Role::Doctor));
    admin.post(&doctor, &facts("role_doctor", "1", &[("role_clinic_admin", "on")])).await.expect(303);
    admin.post(&own, &leaving).await.expect(303);
    admin.post(&doctor, &facts("role_doctor", "2", &[])).await.expect(422);
}

/// GL-05: a forgotten password and a lost telephone, put right by somebody else; never by oneself.
#[tokio::test]
async fn lost_secrets_are_replaced_by_an_administrator() {
    let h = Harness::get();
    let (c, admin, path) = admin_and(h, Role::LabTech).await;
    let tx = h.operator().begin(c.id).await.unwrap();
    second_factor::store_totp(&tx, &keyring(), c.staff_of(Role::LabTech), b"twenty bytes secret!", 0).await.unwrap();
    second_factor::issue_recovery_codes(&tx, c.staff_of(Role::LabTech)).await.unwrap();
    tx.commit(Audit::of(Act::Manage, InfoClass::Staff)).await.unwrap();
    let lab = c.client(h, Role::LabTech).await;
    assert_eq!(sign_in(h, &c, "lab_tech", PASSWORD).await.expect(303).header("location"), "/login/second-factor");

    admin.post(&format!("{path}/second-factor-removal"), &[]).await.expect(303);
    lab.get("/patients").await.expect(303);
    assert_eq!(sign_in(h, &c, "lab_tech", PASSWORD).await.expect(303).header("location"), "/login/enrolment");

    let password_path = format!("{path}/password");
    let password = shown_password(&admin.post(&password_path, &[("idempotency_key", KEY)]).await.expect(200));
    admin.post(&password_path, &[("idempotency_key", KEY)]).await.expect(303);
    sign_in(h, &c, "lab_tech", PASSWORD).await.expect(422);
    assert_eq!(sign_in(h, &c, "lab_tech", &password).await.expect(303).header("location"), "/login/password");

    for own in ["password", "second-factor-removal"] {
        admin.post(&format!("/staff/{}/{own}", c.staff_of(Role::ClinicAdmin)), &[]).await.expect(422);
    }
}

/// GL-15: who made whom what, without a name or a password.
#[tokio::test]
async fn every_change_of_a_person_is_in_the_log() {
    let h = Harness::get();
    let (c, admin, _) = admin_and(h, Role::Doctor).await;
    let answer = admin.post("/staff", &newcomer("log.ged", &[("role_clerk", "on"), ("role_doctor_aide", "on")])).await.expect(200);
    let sql = "SELECT act, info_class, entity_kind, entity_id, detail::text, actor_id FROM audit_event WHERE request_id = $1::uuid";
    let event = sqlx::query(sql).bind(answer.header("x-request-id")).fetch_one(&mut h.superuser().await).await.unwrap();
    assert_eq!((event.get::<&str, _>(0), event.get::<&str, _>(1), event.get::<&str, _>(2)), ("manage", "staff", "staff"));
    assert_eq!(event.get::<Uuid, _>(3), id_of(h, &c, "log.ged").await.as_uuid());
    assert_eq!(event.get::<Uuid, _>(5), c.staff_of(Role::ClinicAdmin).as_uuid());
    let detail: String = event.get(4);
    assert!(
        detail.contains("[\"clerk\", \"doctor_aide\"]") && !detail.contains("田") && !detail.contains(&shown_password(&answer)),
        "{detail}"
    );
}

/// AR-03: a new clinic's first 管理者 comes from the command line.
#[tokio::test]
async fn the_first_administrator_comes_from_the_command_line() {
    let h = Harness::get();
    let c = clinic(h).await;
    let first = Add {
        tenant: c.code.clone(),
        login_id: "first.admin".into(),
        name: "最初 の人".into(),
        kana: String::new(),
        license_no: String::new(),
        department: String::new(),
        role: vec!["clinic_admin".into()],
        valid_from: String::new(),
    };
    let password = add(&h.operator(), first.clone()).await.unwrap();
    assert_eq!(sign_in(h, &c, "first.admin", &password).await.expect(303).header("location"), "/login/password");
    for wrong in [
        Add { tenant: "nowhere".into(), ..first.clone() },
        Add { role: vec!["king".into()], login_id: "other".into(), ..first.clone() },
        Add { role: vec!["doctor".into()], login_id: "other".into(), ..first.clone() },
        Add { login_id: "だめ".into(), ..first.clone() },
        first,
    ] {
        assert!(add(&h.operator(), wrong).await.is_err());
    }
}
