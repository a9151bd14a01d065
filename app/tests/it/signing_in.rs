//! Sign-in (S01), as a visitor meets it: GL-02, GL-03, GL-04, GL-09.

use std::time::Instant;

use domain::Role;
use tenancy::{Audit, InfoClass, second_factor};
use totp_rs::{Builder, Secret};

use crate::fixtures::{Clinic, PASSWORD, clinic};
use crate::harness::{Answer, Client, Harness, keyring};

pub const SECRET: [u8; 20] = *b"twenty bytes secret!";

pub async fn give_totp(h: &Harness, c: &Clinic, role: Role) {
    let tx = h.operator().begin(c.id).await.unwrap();
    second_factor::store_totp(&tx, &keyring(), c.staff_of(role), &SECRET, 0).await.unwrap();
    tx.commit(Audit::of(tenancy::Act::Manage, InfoClass::Staff)).await.unwrap();
}

pub fn code_of(secret: &[u8], h: &Harness) -> String {
    code_after(secret, h, 0)
}

/// The code of so many seconds later.
pub fn code_after(secret: &[u8], h: &Harness, seconds: i64) -> String {
    let now = u64::try_from(h.clock().now().timestamp() + seconds).unwrap();
    Builder::new().with_secret(secret.to_vec()).with_account_name("x").build().unwrap().generate(now).to_string()
}

async fn password_step(visitor: &Client, c: &Clinic, user: &str, password: &str) -> Answer {
    visitor.post("/login", &[("tenant_code", &c.code), ("login_id", user), ("password", password)]).await
}

#[tokio::test]
async fn the_process_and_its_dependencies_answer() {
    let visitor = Harness::get().anonymous();
    visitor.get("/healthz").await.expect(200);
    let ready = visitor.get("/readyz").await.expect(200);
    assert_eq!(ready.body, "database ok\nredis ok\n");
}

#[tokio::test]
async fn an_unknown_page_is_a_plain_404_with_a_request_id() {
    let answer = Harness::get().anonymous().get("/nowhere").await.expect(404);
    assert!(answer.body.contains("見つかりません"));
    assert!(answer.body.contains(answer.header("x-request-id")));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
}

/// GL-02: password, second factor, place; and no shorter way.
#[tokio::test]
async fn signs_in_with_two_factors_and_no_fewer() {
    let h = Harness::get();
    let c = clinic(h).await;
    give_totp(h, &c, Role::Doctor).await;
    let visitor = h.anonymous();
    let step = password_step(&visitor, &c, "doctor", PASSWORD).await.expect(303);
    assert_eq!(step.header("location"), "/login/second-factor");
    assert_eq!(visitor.get("/login/place").await.expect(303).header("location"), "/login/second-factor");
    assert_eq!(visitor.get("/account").await.expect(303).header("location"), "/login?next=/account");

    let wrong = visitor.post("/login/second-factor", &[("method", "totp"), ("code", "000000")]).await.expect(422);
    assert!(wrong.body.contains("コードが合いません"));
    let code = code_of(&SECRET, h);
    visitor.post("/login/second-factor", &[("method", "totp"), ("code", &code)]).await.expect(303);
    visitor.get("/login/place").await.expect(200);
    let done = visitor.post("/login/place", &[("role", "doctor"), ("place", &c.place.to_string()), ("next", "/account")]).await.expect(303);
    assert_eq!(done.header("location"), "/account");
    assert!(visitor.get("/account").await.expect(200).body.contains("認証アプリ"));

    let again = h.anonymous();
    password_step(&again, &c, "doctor", PASSWORD).await.expect(303);
    again.post("/login/second-factor", &[("method", "totp"), ("code", &code)]).await.expect(422);
}

#[tokio::test]
async fn a_role_one_does_not_hold_cannot_be_taken() {
    let h = Harness::get();
    let c = clinic(h).await;
    give_totp(h, &c, Role::Clerk).await;
    let visitor = h.anonymous();
    password_step(&visitor, &c, "clerk", PASSWORD).await.expect(303);
    visitor.post("/login/second-factor", &[("code", &code_of(&SECRET, h))]).await.expect(303);
    visitor.post("/login/place", &[("role", "doctor"), ("place", &c.place.to_string())]).await.expect(422);
    let roles: Vec<String> = sqlx::query_scalar("SELECT DISTINCT actor_role FROM audit_event WHERE tenant_id = $1 AND actor_id = $2")
        .bind(c.id.as_uuid())
        .bind(c.staff_of(Role::Clerk).as_uuid())
        .fetch_all(&mut h.superuser().await)
        .await
        .unwrap();
    assert_eq!(roles, ["signing_in"], "nobody has a role before choosing one");
}

/// GL-04: the same text for an unknown clinic, an unknown user, a wrong password; and never much faster.
#[tokio::test]
async fn a_refusal_reveals_nothing() {
    let h = Harness::get();
    let c = clinic(h).await;
    let mut seen = Vec::new();
    for (code, user, password) in
        [(c.code.as_str(), "doctor", "wrong"), (c.code.as_str(), "nobody", PASSWORD), ("nowhere", "doctor", PASSWORD)]
    {
        let started = Instant::now();
        let answer = h.anonymous().post("/login", &[("tenant_code", code), ("login_id", user), ("password", password)]).await.expect(422);
        assert!(started.elapsed().as_millis() >= 400, "answered before the uniform time");
        seen.push(answer.body.replace(code, "CLINIC").replace(user, "USER"));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

/// GL-04: five wrong passwords, then even the right one waits fifteen minutes; nobody is locked for ever.
#[tokio::test]
async fn wrong_passwords_slow_the_account_down() {
    let h = Harness::get();
    let c = clinic(h).await;
    let attempt = async |password: &str, from: &str| {
        let visitor = h.anonymous();
        let form = [("tenant_code", c.code.as_str()), ("login_id", "nurse"), ("password", password)];
        visitor.send(visitor.request("POST", "/login").header("x-forwarded-for", from).form(&form)).await.status
    };
    for _ in 0..5 {
        assert_eq!(attempt("wrong", "192.0.2.5").await, 422);
    }
    assert_eq!(attempt(PASSWORD, "192.0.2.6").await, 422, "the account is held back from every address");
    h.sessions().forgive(&format!("{}/nurse", c.code)).await.unwrap();
    assert_eq!(attempt(PASSWORD, "192.0.2.6").await, 303);
}

/// GL-04: guesses sent all at once are counted like guesses sent one by one.
#[tokio::test]
async fn a_burst_of_codes_is_counted_before_any_is_looked_at() {
    let h = Harness::get();
    let c = clinic(h).await;
    give_totp(h, &c, Role::Nurse).await;
    let visitor = h.anonymous();
    password_step(&visitor, &c, "nurse", PASSWORD).await.expect(303);
    let guesses = (0..12).map(|n| {
        let (visitor, code) = (&visitor, format!("{n:06}"));
        async move { visitor.post("/login/second-factor", &[("code", &code)]).await.status }
    });
    assert!(futures_util::future::join_all(guesses).await.iter().all(|status| *status == 422));
    let code = code_of(&SECRET, h);
    visitor.post("/login/second-factor", &[("code", &code)]).await.expect(422);
    h.sessions().forgive(&format!("{}/nurse", c.code)).await.unwrap();
    visitor.post("/login/second-factor", &[("code", &code)]).await.expect(303);
}

/// GL-04: an initial password nobody used within thirty days opens nothing.
#[tokio::test]
async fn an_unused_initial_password_expires() {
    let h = Harness::get();
    let c = clinic(h).await;
    let given = async |ago: &str| {
        let sql = format!(
            "UPDATE staff SET must_change_password = true, password_changed_at = now() - interval '{ago}'
            WHERE tenant_id = $1 AND login_id = 'nurse'"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(c.id.as_uuid()).execute(&mut h.superuser().await).await.unwrap();
        password_step(&h.anonymous(), &c, "nurse", PASSWORD).await.status
    };
    assert_eq!(given("29 days").await, 303);
    assert_eq!(given("31 days").await, 422);
}

/// GL-03: guessing the password on the account page is slowed down and leaves a trace.
#[tokio::test]
async fn guesses_on_the_account_page_are_counted_and_audited() {
    let h = Harness::get();
    let c = clinic(h).await;
    let doctor = c.client(h, Role::Doctor).await;
    for _ in 0..5 {
        doctor.post("/account/pin", &[("pin_password", "wrong"), ("pin", "482915")]).await.expect(422);
    }
    doctor.post("/account/pin", &[("pin_password", PASSWORD), ("pin", "482915")]).await.expect(422);
    let refused: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'sign_in' AND outcome = 'refused' AND detail->>'step' = 'password_change'",
    )
    .bind(c.id.as_uuid())
    .fetch_one(&mut h.superuser().await)
    .await
    .unwrap();
    assert_eq!(refused, 5);
}

/// GL-08: a session does not outlive the person's last day.
#[tokio::test]
async fn the_last_day_ends_open_sessions() {
    let h = Harness::get();
    let c = clinic(h).await;
    let mut principal = c.principal(Role::Nurse);
    principal.valid_to = Some(h.clock().today_jst());
    c.client_as(h, principal.clone()).await.get("/account").await.expect(200);
    principal.valid_to = h.clock().today_jst().pred_opt();
    c.client_as(h, principal).await.get("/account").await.expect(303);
}

/// GL-04: first login changes the password and enrols a second factor before anything else opens.
#[tokio::test]
async fn first_login_changes_the_password_and_enrols() {
    let h = Harness::get();
    let c = clinic(h).await;
    let mut superuser = h.superuser().await;
    sqlx::query("UPDATE staff SET must_change_password = true WHERE tenant_id = $1 AND login_id = 'clerk'")
        .bind(c.id.as_uuid())
        .execute(&mut superuser)
        .await
        .unwrap();
    let visitor = h.anonymous();
    assert_eq!(password_step(&visitor, &c, "clerk", PASSWORD).await.expect(303).header("location"), "/login/password");
    let change = async |new: &str, again: &str| visitor.post("/login/password", &[("new_password", new), ("confirmation", again)]).await;
    assert!(change("short", "short").await.expect(422).body.contains("13文字以上"));
    assert!(change(PASSWORD, PASSWORD).await.expect(422).body.contains("いまのパスワードと違う"));
    assert!(change("Atarashii-kagi-77", "Atarashii-kagi-78").await.expect(422).body.contains("1回目と同じ"));
    assert_eq!(change("Atarashii-kagi-77", "Atarashii-kagi-77").await.expect(303).header("location"), "/login/enrolment");

    let page = visitor.get("/login/enrolment").await.expect(200).body;
    let secret = page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    assert_eq!(
        visitor.get("/login/enrolment").await.body.matches(&page.split("class=\"secret\">").nth(1).unwrap()[..20]).count(),
        1,
        "a reload keeps the code"
    );
    visitor.post("/login/enrolment", &[("code", "123456")]).await.expect(422);
    let bytes = Secret::try_from_base32(&secret).unwrap();
    visitor.post("/login/enrolment", &[("code", &code_of(bytes.as_bytes(), h))]).await.expect(303);
    let codes = visitor.get("/login/recovery-codes").await.expect(200).body;
    assert_eq!(codes.split("class=\"codes\"").nth(1).unwrap().split("</ol>").next().unwrap().matches("<li>").count(), 10);
    visitor.get("/login/place").await.expect(200);

    // A recovery code stands in for the authenticator once.
    let code = codes.split("class=\"codes\"").nth(1).unwrap().split("<li>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    for status in [303, 422] {
        let visitor = h.anonymous();
        password_step(&visitor, &c, "clerk", "Atarashii-kagi-77").await.expect(303);
        visitor.post("/login/second-factor", &[("method", "recovery"), ("recovery_code", &code)]).await.expect(status);
    }
}

/// GL-09: the screen locks, the address stays, and only the same person opens it.
#[tokio::test]
async fn a_locked_screen_opens_for_its_person_only() {
    let h = Harness::get();
    let c = clinic(h).await;
    let nurse = c.client(h, Role::Nurse).await;
    nurse.get("/account").await.expect(200);
    nurse.post("/session/lock", &[]).await.expect(303);
    assert_eq!(nurse.get("/account").await.expect(303).header("location"), "/session/locked?next=/account");
    nurse.get("/session/locked?next=/account").await.expect(200);
    nurse.post("/session/unlock", &[("password", "wrong")]).await.expect(422);
    let open = nurse.post("/session/unlock", &[("password", PASSWORD), ("next", "/account")]).await.expect(303);
    assert_eq!(open.header("location"), "/account");
    nurse.get("/account").await.expect(200);
}

/// S01: a known colleague takes over the shared terminal with a PIN; a stranger to the device does not.
#[tokio::test]
async fn a_colleague_takes_over_with_a_pin() {
    let h = Harness::get();
    let c = clinic(h).await;
    let visitor = h.anonymous();
    for (role, user) in [(Role::Nurse, "nurse"), (Role::Doctor, "doctor")] {
        give_totp(h, &c, role).await;
        password_step(&visitor, &c, user, PASSWORD).await.expect(303);
        visitor.post("/login/second-factor", &[("code", &code_of(&SECRET, h))]).await.expect(303);
        visitor.post("/login/place", &[("role", role.code()), ("place", &c.place.to_string())]).await.expect(303);
        visitor.post("/account/pin", &[("pin_password", PASSWORD), ("pin", "123456")]).await.expect(422);
        visitor.post("/account/pin", &[("pin_password", PASSWORD), ("pin", "482915")]).await.expect(303);
    }
    let nurse = c.staff_of(Role::Nurse).to_string();
    assert!(visitor.get("/session/switch").await.expect(200).body.contains(&nurse));
    visitor.post("/session/switch", &[("staff_id", &nurse), ("pin", "999999")]).await.expect(422);
    visitor.post("/session/switch", &[("staff_id", &nurse), ("pin", "482915"), ("next", "/account")]).await.expect(303);
    assert!(visitor.get("/account").await.expect(200).body.contains("髙橋 看護師"));
    let stranger = h.anonymous();
    stranger.post("/session/switch", &[("staff_id", &nurse), ("pin", "482915")]).await.expect(422);
    visitor.post("/logout/everywhere", &[]).await.expect(303);
    visitor.post("/session/switch", &[("staff_id", &nurse), ("pin", "482915")]).await.expect(422);
    assert!(!visitor.get("/session/switch").await.expect(200).body.contains(&nurse), "no device knows her any more");
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_at_once() {
    let h = Harness::get();
    let c = clinic(h).await;
    let (here, there) = (c.client(h, Role::Doctor).await, c.client(h, Role::Doctor).await);
    here.post("/logout/everywhere", &[]).await.expect(303);
    for client in [here, there] {
        assert_eq!(client.get("/account").await.expect(303).header("location"), "/login?next=/account");
    }
}

/// CK-10: a clinic may limit where it can be reached from.
#[tokio::test]
async fn other_source_addresses_are_refused() {
    let h = Harness::get();
    let c = clinic(h).await;
    let mut principal = c.principal(Role::Doctor);
    principal.source_allow_list = vec!["192.0.2.0/24".into()];
    let client = c.client_as(h, principal).await;
    let from = async |address: &str| client.send(client.request("GET", "/account").header("x-forwarded-for", address)).await.status;
    assert_eq!(from("192.0.2.9").await, 200);
    assert_eq!(from("198.51.100.9").await, 403);
}

#[tokio::test]
async fn a_write_from_another_site_is_refused() {
    let h = Harness::get();
    let c = clinic(h).await;
    let client = c.client(h, Role::Doctor).await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        client.send(client.request("POST", "/logout/everywhere").header(name, value)).await.expect(403);
    }
    client.get("/account").await.expect(200);
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused_in_words() {
    let answer = Harness::get()
        .anonymous()
        .post("/login", &[("tenant_code", "x"), ("login_id", "y"), ("password", &"p".repeat(10 * 1024 * 1024))])
        .await;
    assert!(answer.expect(413).body.contains("大きすぎます"));
}

/// Asking for a passkey challenge proves nothing and leaves no sign-in behind.
#[tokio::test]
async fn a_passkey_challenge_is_not_a_sign_in() {
    let h = Harness::get();
    let c = clinic(h).await;
    let visitor = h.anonymous();
    let mut shapes = Vec::new();
    for login in ["doctor", "nobody"] {
        let asked = serde_json::json!({"tenant_code": c.code, "login_id": login});
        let answer = visitor.send(visitor.request("POST", "/login/passkey/challenge").json(&asked)).await.expect(200);
        assert_eq!(answer.header("server-timing"), "", "the time of the answer is nobody's business here");
        let keys = answer.json()["publicKey"]["allowCredentials"].as_array().map(Vec::len);
        shapes.push(keys);
    }
    assert_eq!(shapes, [Some(1), Some(1)], "somebody without a passkey and nobody look the same");
    let signed_in: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'sign_in' AND outcome = 'success'")
            .bind(c.id.as_uuid())
            .fetch_one(&mut h.superuser().await)
            .await
            .unwrap();
    assert_eq!(signed_in, 0);
}

/// A session opened by PIN, or long ago, does not change what one signs in with.
#[tokio::test]
async fn factors_change_only_after_a_recent_proof() {
    let h = Harness::get();
    let c = clinic(h).await;
    let mut principal = c.principal(Role::Doctor);
    principal.proved_at = h.clock().now().timestamp() - 16 * 60;
    let stale = c.client_as(h, principal).await;
    assert!(stale.get("/account/totp").await.expect(422).body.contains("もう一度の本人確認"));
    for path in ["/account/totp", "/account/recovery-codes", "/account/passkeys/challenge"] {
        stale.post(path, &[("code", "123456")]).await.expect(422);
    }
    stale.get("/account").await.expect(200);
    c.client(h, Role::Doctor).await.get("/account/totp").await.expect(200);
}

/// A changed password ends the person's other sessions.
#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let h = Harness::get();
    let c = clinic(h).await;
    let (here, there) = (c.client(h, Role::Nurse).await, c.client(h, Role::Nurse).await);
    let form = [("current_password", PASSWORD), ("new_password", "Atarashii-kagi-99"), ("confirmation", "Atarashii-kagi-99")];
    here.post("/account/password", &form).await.expect(303);
    here.get("/account").await.expect(200);
    there.get("/account").await.expect(303);
}
