//! Patients through the real application: find, register, edit, look back, merge.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

static KEYS: AtomicU32 = AtomicU32::new(1);

pub fn key() -> String {
    Uuid::from_u128(
        0x0190_0000_0000_7000_8000_0000_0000_0000
            + u128::from(KEYS.fetch_add(1, Ordering::Relaxed))
            + (u128::from(std::process::id()) << 32),
    )
    .to_string()
}

/// A registration form filled in; later pairs replace earlier ones.
fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("name_ideographic", "齋藤 千鶴子"),
        ("name_syllabic", "さいとう ちづこ"),
        ("sex", "female"),
        ("birth_date", "S34.2.11"),
        ("mobile", "090-0000-4471"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

pub async fn register(client: &Client, changes: &[(&str, &str)]) -> String {
    let answer = client.post("/patients", &form(changes)).await.expect(303);
    let path = answer.header("location").split('?').next().unwrap();
    path.strip_prefix("/patients/").unwrap().to_owned()
}

pub fn number_on(page: &Answer) -> String {
    let at = page.body.find("<dt>患者番号</dt><dd>").expect("no number on the page") + "<dt>患者番号</dt><dd>".len();
    page.body[at..].split('<').next().unwrap().to_owned()
}

pub async fn desk() -> (&'static Harness, Clinic, Clinic, Client) {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    (h, here, neighbour, clerk)
}

/// A key sent again with other content is another act: nothing typed is answered with an earlier result.
#[tokio::test]
async fn a_reused_key_with_other_content_registers_the_other_person() {
    let (_, _, _, clerk) = desk().await;
    let key = key();
    let first = register(&clerk, &[("idempotency_key", &key)]).await;
    let second =
        register(&clerk, &[("idempotency_key", &key), ("name_ideographic", "齋藤 百合子"), ("name_syllabic", "サイトウ ユリコ")]).await;
    assert_ne!(first, second);
    assert!(clerk.get(&format!("/patients/{second}")).await.expect(200).body.contains("齋藤 百合子"));
    assert_eq!(register(&clerk, &[("idempotency_key", &key)]).await, first, "the same form again is the same act");
}

#[tokio::test]
async fn a_registered_patient_is_found_by_everything_a_desk_types() {
    let (h, _, neighbour, clerk) = desk().await;
    let id = register(&clerk, &[]).await;
    register(&neighbour.client(h, Role::Clerk).await, &[]).await;
    let page = clerk.get(&format!("/patients/{id}")).await.expect(200);
    let number = number_on(&page);
    assert_eq!(number, "000001");
    assert!(page.body.contains("サイトウ チヅコ") && page.body.contains("S34.2.11 (1959-02-11)"));
    for typed in [
        "1",
        "000001",
        "さいとう",
        "ｻｲﾄｳ ﾁ",
        "サイトウチズコ",
        "斉藤",
        "齊藤千鶴子",
        "S34.2.11",
        "昭和34年2月11日",
        "1959-02-11",
        "19590211",
        "4471",
        "090-0000-4471",
        "さいとう 4471",
        "さいとう S34.2.11",
    ] {
        let url = reqwest::Url::parse_with_params("http://x/patients", [("q", typed)]).unwrap();
        let path = format!("/patients?{}", url.query().unwrap());
        let fragment = clerk.get_fragment(&path).await.expect(200);
        assert_eq!(fragment.body.matches("data-row>").count(), 1, "{typed}: one of ours, none of the neighbour's");
        assert!(fragment.body.contains(&id) && !fragment.body.contains("<html"), "{typed}");
        assert!(fragment.body.contains("090-****-4471") && !fragment.body.contains("090-0000-4471"));
        let full = clerk.get(&path).await.expect(200);
        assert!(full.body.contains("<html") && full.body.contains(&id), "{typed}");
    }
    for typed in ["さいとう 0912", "すずき", "2", "%ff%00", "9999999999999999", "・"] {
        let none = clerk.get(&format!("/patients?q={typed}")).await.expect(200);
        assert!(!none.body.contains(&id), "{typed}");
    }
}

#[tokio::test]
async fn a_kana_search_takes_two_statements() {
    let (_, _, _, clerk) = desk().await;
    register(&clerk, &[]).await;
    assert_eq!(clerk.get("/patients?q=サイトウ").await.expect(200).statements(), 2, "the list and the audit event");
    assert!(clerk.get("/patients?q=4471").await.expect(200).statements() <= 3);
}

#[tokio::test]
async fn namesakes_are_marked_and_twenty_are_shown() {
    let (_, _, _, clerk) = desk().await;
    for _ in 0..21 {
        register(&clerk, &[]).await;
    }
    let list = clerk.get_fragment("/patients?q=さいとう").await.expect(200);
    assert_eq!(list.body.matches("data-row>").count(), 20);
    assert!(list.body.contains("20名以上") && list.body.contains("ほか1名以上") && list.body.contains("同姓同名"));
}

#[tokio::test]
async fn wrong_fields_are_told_and_kept() {
    let (_, _, _, clerk) = desk().await;
    let long = "字".repeat(41);
    for (field, value, says) in [
        ("birth_date", "R34.2.11", "S34.2.11 ですか?"),
        ("birth_date", "S64.1.8", "H1.1.8 ですか?"),
        ("birth_date", "H31.5.1", "R1.5.1 ですか?"),
        ("birth_date", "S34.2.30", "暦にありません"),
        ("birth_date", "1899-12-31", "1900年より前"),
        ("birth_date", "きのう", "読めません"),
        ("birth_date", "", "生年月日を入れてください"),
        ("name_syllabic", "サイトウ 千鶴子", "漢字「千」"),
        ("name_syllabic", "SAITO", "英数字「S」"),
        ("name_ideographic", &long, "40文字まで"),
        ("name_ideographic", "齋藤\0千鶴子", "読めない文字"),
        ("sex", "", "性別を選んでください"),
        ("tel", "12345", "10桁か11桁"),
        ("postal_code", "123", "7桁"),
        ("email", "a@b", "メールアドレス"),
        ("patient_number", "番号", "英数字"),
        ("language", "tlh", "一覧から"),
    ] {
        let page = clerk.post("/patients", &form(&[(field, value)])).await.expect(422);
        assert!(page.body.contains(says), "{field} {value:?}: {}", page.body);
        assert!(page.body.contains("か所 直してください") && page.body.contains("aria-invalid=\"true\""));
        let kept = if field == "mobile" { "齋藤" } else { "090-0000-4471" };
        assert!(page.body.contains(kept), "the other fields are kept");
    }
    assert!(clerk.get_fragment("/patients?q=さいとう").await.body.contains("合う患者はいません"), "nothing was registered");
}

#[tokio::test]
async fn broken_bodies_are_refused_without_harm() {
    let (_, _, _, clerk) = desk().await;
    let post = |body: Vec<u8>| {
        clerk.send(clerk.request("POST", "/patients").header("content-type", "application/x-www-form-urlencoded").body(body))
    };
    let fields = "name_syllabic=%E3%82%A2&sex=male&birth_date=S34.2.11&name_ideographic=";
    for raw in ["%FF%FE", "%ED%A0%80", "%00", "%E2%80%AE"] {
        post(format!("{fields}{raw}").into_bytes()).await.expect(422);
    }
    post(vec![b'a'; 10 * 1024 * 1024]).await.expect(413);
    clerk.get("/patients").await.expect(200);
}

#[tokio::test]
async fn a_form_posted_twice_registers_once() {
    let (_, _, _, clerk) = desk().await;
    let key = key();
    let fields = form(&[("idempotency_key", &key)]);
    let (a, b, c) = tokio::join!(clerk.post("/patients", &fields), clerk.post("/patients", &fields), clerk.post("/patients", &fields));
    let location = a.expect(303).header("location").to_owned();
    for other in [b, c] {
        assert_eq!(other.expect(303).header("location"), location);
    }
    assert_eq!(clerk.get_fragment("/patients?q=さいとう").await.body.matches("data-row>").count(), 1);
}

#[tokio::test]
async fn numbers_are_given_once_each_even_at_the_same_moment() {
    let (_, _, _, clerk) = desk().await;
    let ids = futures_util::future::join_all((0..8).map(|_| async { register(&clerk, &[]).await })).await;
    let mut numbers = Vec::new();
    for id in ids {
        numbers.push(number_on(&clerk.get(&format!("/patients/{id}")).await));
    }
    numbers.sort();
    assert_eq!(numbers, (1..=8).map(|n| format!("{n:06}")).collect::<Vec<_>>());
    let provisional = register(&clerk, &[("numbering", "provisional")]).await;
    assert_eq!(number_on(&clerk.get(&format!("/patients/{provisional}")).await), "T00001");
    let given = register(&clerk, &[("patient_number", "a-77")]).await;
    assert_eq!(number_on(&clerk.get(&format!("/patients/{given}")).await), "A-77");
    let taken = clerk.post("/patients", &form(&[("patient_number", "000003")])).await.expect(422);
    assert!(taken.body.contains("別の患者が使っています") && taken.body.contains("齋藤 千鶴子"));
}

#[tokio::test]
async fn possible_duplicates_warn_and_do_not_stop() {
    let (_, _, _, clerk) = desk().await;
    let first = register(&clerk, &[]).await;
    let request = clerk.request("POST", "/patients/duplicates").header("hx-request", "true").form(&form(&[("birth_date", "S34.2")]));
    let hint = clerk.send(request).await.expect(200);
    assert!(
        hint.body.contains("同じ人かもしれません(1名)") && hint.body.contains(&first) && hint.body.contains("生年月日 入力待ち"),
        "{}",
        hint.body
    );
    let answer = clerk.post("/patients", &form(&[])).await.expect(303);
    let second = clerk.get(answer.header("location")).await.expect(200);
    assert!(second.body.contains("登録しました。同じ人かもしれない患者がいます(1名)") && second.body.contains("同姓同名 1名"));
}

#[tokio::test]
async fn a_stale_edit_meets_both_texts_and_loses_nothing() {
    let (_, _, _, clerk) = desk().await;
    let id = register(&clerk, &[]).await;
    let path = format!("/patients/{id}");
    let edit = clerk.get(&format!("{path}/edit")).await.expect(200);
    assert!(edit.body.contains("name=\"version\" value=\"1\"") && edit.body.contains("value=\"S34.2.11\""));
    let common = [("patient_number", "000001"), ("version", "1"), ("patient_token", id.as_str())];
    let with = |more: &[(&'static str, &'static str)]| {
        form(&[&common[..], more].concat()).into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect::<Vec<_>>()
    };
    let send = async |fields: &[(String, String)]| {
        clerk.post(&path, &fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()).await
    };
    send(&with(&[("address", "相手の住所")])).await.expect(303);
    let conflict = send(&with(&[("address", "自分の住所"), ("note", "自分のメモ")])).await.expect(409);
    for text in ["相手の住所", "自分の住所", "自分のメモ", "両方が変更", "name=\"version\" value=\"2\""] {
        assert!(conflict.body.contains(text), "{text}: {}", conflict.body);
    }
    // The choice is an ordinary edit of the current version.
    send(&with(&[("version", "2"), ("address", "相手の住所"), ("note", "自分のメモ")])).await.expect(303);
    // The same text sent again (a double press) is no conflict.
    send(&with(&[("version", "2"), ("address", "相手の住所"), ("note", "自分のメモ")])).await.expect(303);
    let history = clerk.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history.body.matches("class=\"panel\"").count(), 3);
    assert!(history.body.contains("<ins>相手の住所</ins>") && history.body.contains("<ins>自分のメモ</ins>"));
    let other = register(&clerk, &[]).await;
    let wrong = send(&with(&[("patient_token", Box::leak(other.into_boxed_str()))])).await.expect(422);
    assert!(wrong.body.contains("別の患者の画面から送られた"));
    send(&with(&[("version", "abc")])).await.expect(422);
    send(&with(&[("birth_date", "R99.1.1"), ("version", "3")])).await.expect(422);
}

#[tokio::test]
async fn another_clinics_patient_does_not_exist() {
    let (h, here, neighbour, clerk) = desk().await;
    let theirs = register(&neighbour.client(h, Role::Clerk).await, &[]).await;
    let ours = register(&clerk, &[]).await;
    let admin = here.client(h, Role::ClinicAdmin).await;
    for id in [theirs.as_str(), "0190a2b4-7c3e-7d11-8a55-0123456789ab", "not-an-id", "%00"] {
        for path in [format!("/patients/{id}"), format!("/patients/{id}/history"), format!("/patients/{id}/edit")] {
            let missing = clerk.get(&path).await.expect(404);
            assert!(!missing.body.contains("齋藤"));
        }
        admin.get(&format!("/patients/merges/{id}")).await.expect(404);
    }
    clerk
        .post(&format!("/patients/{theirs}"), &form(&[("patient_number", "000001"), ("version", "1"), ("patient_token", &theirs)]))
        .await
        .expect(404);
    admin.get(&format!("/patients/merge?a={ours}&b={theirs}")).await.expect(404);
    let pair = [("a", ours.as_str()), ("a_version", "1"), ("b", &theirs), ("b_version", "1"), ("survivor", &ours), ("confirmed", "yes")];
    admin.post("/patients/merges", &pair).await.expect(404);
    for (role, path) in [(Role::Clerk, format!("/patients/merge?a={ours}")), (Role::LabTech, format!("/patients/{ours}/edit"))] {
        here.client(h, role).await.get(&path).await.expect(403);
    }
    h.anonymous().get("/patients").await.expect(303);
}

/// GL-15: one event a view, naming exactly those shown.
#[tokio::test]
async fn a_search_is_one_event_that_names_who_was_shown() {
    let (h, here, _, clerk) = desk().await;
    let id = register(&clerk, &[]).await;
    clerk.get("/patients?q=さいとう").await.expect(200);
    let mut superuser = h.superuser().await;
    let sql = "SELECT act, subject_ids, detail::text FROM audit_event WHERE tenant_id = $1 AND info_class = 'patient' ORDER BY id";
    let events = sqlx::query(sql).bind(here.id.as_uuid()).fetch_all(&mut superuser).await.unwrap();
    let acts: Vec<(String, Vec<Uuid>)> = events.iter().map(|row| (row.get(0), row.get(1))).collect();
    let id: Uuid = id.parse().unwrap();
    assert_eq!(acts, [("create".to_owned(), vec![id]), ("search".to_owned(), vec![id])]);
    assert!(events.iter().all(|row| !row.get::<String, _>(2).contains("さいとう")), "what was typed is not kept");
}
