//! 病名 (S08): coded, composed, dated, flagged by people only, closed in bulk, and for ever as it was said.

use chrono::{Datelike, Days, Months, NaiveDate, Utc};
use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};
use crate::notes::{Visit, count, id, run};

/// Diseases and modifiers every test may use; loaded once, beside whatever sample the run has.
async fn master(h: &Harness) {
    static LOADED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    LOADED
        .get_or_init(|| async {
            let mut db = h.superuser().await;
            for kind in ["disease", "modifier"] {
                let sql = "INSERT INTO master_release VALUES ($1, $2, 'it', 'it.csv', sha256($1::text::bytea), '2020-04-01', now(), 3, true)";
                let release = Uuid::now_v7();
                sqlx::query(sql).bind(release).bind(kind).execute(&mut db).await.unwrap();
                let rows: &[(&str, &str, &str, &str, Option<&str>)] = match kind {
                    "disease" => &[
                        ("7770001", "検証胃炎", "ケンショウイエン", "00", None),
                        ("7770002", "検証部腫瘍", "ケンショウブシュヨウ", "01", None),
                        ("7770003", "検証旧病名", "ケンショウキュウビョウメイ", "00", Some("2021-03-31")),
                    ],
                    _ => &[("7701", "検急性", "ケンキュウセイ", "4", None), ("7702", "検術後", "ケンジュツゴ", "8", None)],
                };
                for (code, name, kana, extra, to) in rows {
                    let (table, column) = if kind == "disease" { ("disease_master", "icd10") } else { ("modifier_master", "modifier_kind") };
                    let sql = format!(
                        "INSERT INTO {table} (release_id, code, name, name_kana, search_key, kana_key, valid_from, valid_to, {column}, entry)
                         VALUES ($1, $2, $3, $4, $5, $6, '2020-04-01', $7::text::date, $8, jsonb_build_object('attributes', jsonb_build_object('alone_forbidden', $8)))"
                    );
                    sqlx::query(sqlx::AssertSqlSafe(sql))
                        .bind(release)
                        .bind(code)
                        .bind(name)
                        .bind(kana)
                        .bind(domain::search_key::search_key(name))
                        .bind(domain::search_key::search_key(kana))
                        .bind(to)
                        .bind(extra)
                        .execute(&mut db)
                        .await
                        .unwrap();
                }
            }
        })
        .await;
}

fn today() -> NaiveDate {
    domain::clock::today(Utc::now())
}

struct Chart {
    h: &'static Harness,
    c: Clinic,
    v: Visit,
    doctor: Client,
}

impl Chart {
    async fn open() -> Self {
        let h = Harness::get();
        master(h).await;
        let c = clinic(h).await;
        let v = Visit::new(h, &c).await;
        Self { h, v, doctor: c.client(h, Role::Doctor).await, c }
    }

    fn path(&self) -> String {
        format!("/patients/{}/conditions", self.v.patient)
    }

    async fn add(&self, choice: &str, more: &[(&str, &str)]) -> Answer {
        let (token, key, visit) = (self.v.patient.to_string(), id(), self.v.encounter.to_string());
        let mut form = vec![("patient_token", token.as_str()), ("idempotency_key", &key), ("encounter", &visit), ("choice", choice)];
        for (name, value) in more {
            form.retain(|(n, _)| n != name);
            form.push((name, value));
        }
        self.doctor.post(&self.path(), &form).await
    }

    async fn only(&self) -> (Uuid, i32) {
        let mut db = self.h.superuser().await;
        let row =
            sqlx::query("SELECT id, version FROM condition WHERE patient_id = $1").bind(self.v.patient).fetch_one(&mut db).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn mark(&self, act: &str) -> Answer {
        let (id, version) = self.only().await;
        let (token, version) = (self.v.patient.to_string(), version.to_string());
        let form = [("patient_token", token.as_str()), ("version", &version), ("act", act)];
        self.doctor.post(&format!("/conditions/{id}/mark"), &form).await
    }

    async fn pane(&self) -> Answer {
        self.doctor.get_fragment(&format!("{}?encounter={}", self.path(), self.v.encounter)).await.expect(200)
    }
}

#[tokio::test]
async fn a_name_is_found_while_typing_and_composed_of_its_parts() {
    let chart = Chart::open().await;
    for (typed, offered) in [
        ("けんしょうい", "value=\"7770001\""),
        ("検急性検証", "value=\"7770001+7701\""),
        ("けんきゅうせいけんしょういえん", "value=\"7770001+7701\""),
        ("検証胃炎の疑い", "value=\"7770001?\""),
    ] {
        let options = chart.doctor.post("/diseases", &[("q", typed)]).await.expect(200);
        assert!(options.body.contains(offered) && !options.body.contains("<html"), "{typed}: {}", options.body);
        assert!(options.statements() <= 12, "{typed}: {}", options.statements());
    }
    assert!(!chart.doctor.post("/diseases", &[("q", "検証旧")]).await.expect(200).body.contains("7770003"), "ended in the master");
    chart.add("7770001+7701+7702?", &[]).await.expect(303);
    let pane = chart.pane().await;
    assert!(pane.body.contains("検急性検証胃炎検術後の疑い") && !pane.body.contains("<html"), "{}", pane.body);
    assert!(pane.statements() <= 12, "{}", pane.statements());
}

/// Flags are set by people only; a name offered or added carries none of itself.
#[tokio::test]
async fn no_flag_is_ever_set_by_itself_and_no_candidate_adds_itself() {
    let chart = Chart::open().await;
    chart.pane().await;
    assert_eq!(count(chart.h, "SELECT count(*) FROM condition WHERE patient_id = $1", chart.v.patient).await, 0);
    chart.add("7770001", &[]).await.expect(303);
    let plain =
        "SELECT count(*) FROM condition WHERE patient_id = $1 AND NOT (is_main OR is_suspected OR is_undisclosed) AND status = 'active'";
    assert_eq!(count(chart.h, plain, chart.v.patient).await, 1);
    let other = crate::notes::patient(chart.h, &chart.c, "001300").await;
    let offered = chart.doctor.get_fragment(&format!("/patients/{other}/conditions")).await.expect(200).body;
    assert!(offered.contains("最近使った病名") && offered.contains("value=\"7770001\""), "{offered}");
    assert_eq!(count(chart.h, "SELECT count(*) FROM condition WHERE patient_id = $1", other).await, 0);
    assert!(!chart.pane().await.body.contains("value=\"7770001\""), "what is there already is not offered again");
    for (act, column) in [("main", "is_main"), ("suspected", "is_suspected"), ("undisclosed", "is_undisclosed")] {
        chart.mark(act).await.expect(303);
        let sql = "SELECT ((to_jsonb(c) ->> $2)::bool)::int::bigint FROM condition c WHERE patient_id = $1";
        let mut db = chart.h.superuser().await;
        let set: i64 = sqlx::query(sql).bind(chart.v.patient).bind(column).fetch_one(&mut db).await.unwrap().get(0);
        assert_eq!(set, 1, "{act}");
    }
}

#[tokio::test]
async fn wrong_dates_codes_and_outcomes_are_refused_at_their_field_with_the_input_kept() {
    let chart = Chart::open().await;
    let tomorrow = today().checked_add_days(Days::new(1)).unwrap().to_string();
    for (choice, more, says) in [
        ("", vec![("q", "検証い")], "病名を候補から選んでください"),
        ("7770001", vec![("started_on", tomorrow.as_str())], "開始日が今日より後です"),
        ("7770001", vec![("started_on", "きのう")], "開始日を読めません"),
        ("7770002", vec![], "修飾語と組で使う病名です"),
        ("7770003", vec![], "マスタの期間外"),
        ("1234567", vec![], "マスタにありません"),
        ("7770001+9999", vec![], "使えない修飾語"),
        ("7770001", vec![("purpose", "x")], "保険病名か臨床病名か"),
        ("7770001", vec![("outcome", "healed")], "転帰日が要ります"),
    ] {
        let answer = chart.add(choice, &more).await.expect(422);
        assert!(answer.body.contains(says) || says.contains("転帰日") || says.contains("保険病名か"), "{choice} {more:?}: {says}");
    }
    assert!(
        chart.add("", &[("q", "検証")]).await.expect(422).body.contains("検証胃炎"),
        "without scripts the options come with the answer"
    );
    assert_eq!(count(chart.h, "SELECT count(*) FROM condition WHERE patient_id = $1", chart.v.patient).await, 0);
    chart.add("7770001", &[("patient_token", &id())]).await.expect(422);
    chart.add("7770003", &[("started_on", "R3.3.31")]).await.expect(303);
    assert!(chart.pane().await.body.contains("検証旧病名"), "it was in force on the day it began");
}

/// Double post, stale page, wrong person.
#[tokio::test]
async fn pressed_twice_it_is_one_name_and_a_stale_page_changes_nothing() {
    let chart = Chart::open().await;
    let key = id();
    let same = [("idempotency_key", key.as_str())];
    let twins = futures_util::future::join_all((0..5).map(|_| chart.add("7770001", &same))).await;
    assert!(twins.iter().all(|a| a.status == 303), "{:?}", twins.iter().map(|a| a.status).collect::<Vec<_>>());
    let (cond, version) = chart.only().await;
    chart.mark("main").await.expect(303);
    let (token, stale) = (chart.v.patient.to_string(), version.to_string());
    let form = [("patient_token", token.as_str()), ("version", &stale), ("act", "healed")];
    chart.doctor.post(&format!("/conditions/{cond}/mark"), &form).await.expect(409);
    let form = [("patient_token", token.as_str()), ("version", &stale), ("started_on", "2026-11-01"), ("reason", "紹介状のとおり")];
    let met = chart.doctor.post(&format!("/conditions/{cond}"), &form).await.expect(409);
    assert!(met.body.contains("ほかの人が先に変えました") && met.body.contains("紹介状のとおり") && met.body.contains("2026-11-01"));
    let form = [
        ("patient_token", token.as_str()),
        ("version", "2"),
        ("started_on", "2026-11-02"),
        ("outcome", "healed"),
        ("ended_on", "2026-11-01"),
    ];
    assert!(chart.doctor.post(&format!("/conditions/{cond}"), &form).await.expect(422).body.contains("転帰日が開始日より前です"));
    let form = [
        ("patient_token", token.as_str()),
        ("version", "2"),
        ("started_on", "2026-11-01"),
        ("outcome", "healed"),
        ("ended_on", "2026-11-10"),
    ];
    chart.doctor.post(&format!("/conditions/{cond}"), &form).await.expect(303);
    let page = chart.doctor.get(&format!("/conditions/{cond}")).await.expect(200).body;
    assert!(page.contains("3版") && page.contains("治癒 R8.11.10"));
    let nurse = chart.c.client(chart.h, Role::Nurse).await;
    nurse.post(&chart.path(), &[]).await.expect(403);
    let (_, other) = two_clinics(chart.h).await;
    other.client(chart.h, Role::Doctor).await.get(&format!("/conditions/{cond}")).await.expect(404);
}

/// Acceptance scenario 7: what a past month's claim said stays, whatever becomes of the name.
#[tokio::test]
async fn scenario_07_a_past_months_display_stays_as_it_was_then() {
    let chart = Chart::open().await;
    let then = today().checked_sub_months(Months::new(1)).unwrap().with_day(5).unwrap();
    chart.add("7770001?", &[("started_on", &then.to_string())]).await.expect(303);
    let (cond, _) = chart.only().await;
    run(chart.h, "UPDATE row_version SET recorded_at = date_trunc('month', now()) - interval '10 days' WHERE id = $1", &[cond]).await;
    chart.mark("suspected").await.expect(303);
    chart.mark("healed").await.expect(303);
    let month = |day: NaiveDate| format!("{}?month={:04}-{:02}", chart.path(), day.year(), day.month());
    let caption = |body: &str| body.split("<caption>").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
    let past = caption(&chart.doctor.get(&month(then)).await.expect(200).body);
    assert!(past.contains("検証胃炎の疑い") && !past.contains("治癒") && past.contains("1版"), "{past}");
    let now = caption(&chart.doctor.get(&month(today())).await.expect(200).body);
    assert!(now.contains("検証胃炎") && !now.contains("の疑い") && now.contains("治癒"), "{now}");
    let before = chart.doctor.get(&format!("{}?month=2020-01", chart.path())).await.expect(200).body;
    assert!(before.contains("この月に記録されていた病名はありません"));
}

#[tokio::test]
async fn old_suspicions_are_listed_and_closed_together() {
    let chart = Chart::open().await;
    let old = today().checked_sub_days(Days::new(94)).unwrap().to_string();
    chart.add("7770001?", &[("started_on", &old)]).await.expect(303);
    let (cond, version) = chart.only().await;
    let list = chart.doctor.get("/conditions/suspected").await.expect(200);
    assert!(list.body.contains("94日") && list.body.contains("齋藤 千鶴子") && list.statements() <= 12);
    assert!(chart.pane().await.body.contains("疑い 94日"));
    let panel = chart.doctor.get_fragment(&format!("/encounters/{}/warnings", chart.v.encounter)).await.expect(200);
    assert!(panel.body.contains("疑いのまま94日") && panel.body.contains("確定できます"), "it informs and never stands in the way");
    assert!(panel.statements() <= 12, "{}", panel.statements());

    let day = today().to_string();
    let (fresh, stale) = (format!("{cond}:{version}"), format!("{cond}:{}", version + 5));
    chart.doctor.post("/conditions/outcomes", &[("outcome", "stopped"), ("ended_on", &day)]).await.expect(422);
    chart
        .doctor
        .post("/conditions/outcomes", &[("condition", &fresh), ("outcome", "stopped"), ("ended_on", "2999-01-01")])
        .await
        .expect(422);
    let done = chart
        .doctor
        .post(
            "/conditions/outcomes",
            &[("condition", &stale), ("condition", &fresh), ("condition", "x"), ("outcome", "stopped"), ("ended_on", &day)],
        )
        .await
        .expect(303);
    assert!(done.header("location").contains("closed=1&left=2"), "{}", done.header("location"));
    let after = chart.doctor.get(done.header("location")).await.expect(200).body;
    assert!(after.contains("3か月を超えた疑い 0件") && after.contains("2件は読んだ後に変わったため"));
}

/// S08, GL-12: somebody at the desk proposes, nothing is added by it, a doctor takes it over with one press or declines it.
#[tokio::test]
async fn a_proposal_is_no_condition_until_a_doctor_takes_it_over() {
    let chart = Chart::open().await;
    let clerk = chart.c.client(chart.h, Role::Clerk).await;
    let (token, visit) = (chart.v.patient.to_string(), chart.v.encounter.to_string());
    let path = format!("/patients/{}/condition-proposals", chart.v.patient);
    let propose = |choice: &'static str, reason: String, key: String| {
        let form = [
            ("patient_token", token.clone()),
            ("idempotency_key", key),
            ("encounter", visit.clone()),
            ("choice", choice.to_owned()),
            ("reason", reason),
        ];
        let (clerk, path) = (&clerk, &path);
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            clerk.post(path, &form).await
        }
    };
    propose("", "x".into(), id()).await.expect(422);
    propose("7770001", "あ".repeat(61), id()).await.expect(422);
    let key = id();
    propose("7770001+7701", "点検".into(), key.clone()).await.expect(303);
    propose("7770001+7701", "点検".into(), key).await.expect(303);
    propose("7770001?", String::new(), id()).await.expect(303);
    assert_eq!(count(chart.h, "SELECT count(*) FROM condition WHERE patient_id = $1", chart.v.patient).await, 0);
    chart.doctor.post(&path, &[("patient_token", token.as_str())]).await.expect(403);
    let pane = chart.pane().await;
    assert!(pane.body.contains("検急性検証胃炎") && pane.body.contains("点検") && pane.body.contains("Alt+Y") && pane.statements() <= 12);
    assert_eq!(pane.body.matches("id=\"proposal-").count(), 2, "pressed twice it is one");
    let proposal = |n: usize| pane.body.split("id=\"proposal-").nth(n).unwrap().split('"').next().unwrap().to_owned();
    let answer = [("patient_token", token.as_str()), ("version", "1"), ("encounter", visit.as_str())];
    clerk.post(&format!("/condition-proposals/{}/acceptance", proposal(1)), &answer).await.expect(403);
    let stale = [("patient_token", token.as_str()), ("version", "9")];
    chart.doctor.post(&format!("/condition-proposals/{}/acceptance", proposal(1)), &stale).await.expect(409);
    let other = [("patient_token", "0190a2b4-7c3e-7d11-8a55-0123456789ab"), ("version", "1")];
    let wrong = chart.doctor.post(&format!("/condition-proposals/{}/acceptance", proposal(1)), &other).await;
    assert!(matches!(wrong.status, 404 | 422));
    chart.doctor.post(&format!("/condition-proposals/{}/acceptance", proposal(1)), &answer).await.expect(303);
    chart.doctor.post(&format!("/condition-proposals/{}/acceptance", proposal(1)), &answer).await.expect(409);
    chart.doctor.post(&format!("/condition-proposals/{}/refusal", proposal(2)), &answer).await.expect(303);
    let (condition, _) = chart.only().await;
    let sql = "SELECT author_id FROM condition WHERE id = $1";
    let author: Uuid = sqlx::query(sql).bind(condition).fetch_one(&mut chart.h.superuser().await).await.unwrap().get(0);
    assert_eq!(author, chart.c.staff_of(Role::Doctor).as_uuid(), "it is the doctor's statement");
    let pane = chart.pane().await;
    assert!(pane.body.contains("検急性検証胃炎") && !pane.body.contains("id=\"proposal-"));
}
