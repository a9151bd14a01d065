//! Notes: saving without loss, signing, amending, writing on another's behalf. R1, R2, R3, R5, GL-11, GL-12.

use chrono::NaiveDate;
use domain::Role;
use serde_json::Value;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

/// One visit of one patient, and ways to write its note.
pub struct Visit {
    pub encounter: Uuid,
    pub patient: Uuid,
}

pub fn id() -> String {
    Uuid::now_v7().to_string()
}

pub async fn run(h: &Harness, sql: &'static str, binds: &[Uuid]) -> u64 {
    let mut db = h.superuser().await;
    let mut query = sqlx::query(sql);
    for bind in binds {
        query = query.bind(bind);
    }
    query.execute(&mut db).await.unwrap().rows_affected()
}

pub async fn count(h: &Harness, sql: &'static str, bind: Uuid) -> i64 {
    let mut db = h.superuser().await;
    sqlx::query(sql).bind(bind).fetch_one(&mut db).await.unwrap().get(0)
}

pub async fn patient(h: &Harness, c: &Clinic, number: &str) -> Uuid {
    let (id, author) = (Uuid::now_v7(), c.staff_of(Role::Clerk).as_uuid());
    let mut db = h.superuser().await;
    sqlx::query(
        "INSERT INTO patient (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_number,
         name_ideographic, name_syllabic, sex, birth_date, kana_key, kanji_key)
         VALUES ($1, $2, 1, now(), $3, $3, 'active', sha256('x'), $4, '齋藤 千鶴子', 'サイトウ チヅコ', 'female', '1959-02-11', 'サイトウチヅコ', '齋藤千鶴子')",
    )
    .bind(c.id.as_uuid())
    .bind(id)
    .bind(author)
    .bind(number)
    .execute(&mut db)
    .await
    .unwrap();
    id
}

pub async fn encounter(h: &Harness, c: &Clinic, patient: Uuid, day: NaiveDate, number: i32) -> Uuid {
    let (id, author, doctor) = (Uuid::now_v7(), c.staff_of(Role::Clerk).as_uuid(), c.staff_of(Role::Doctor).as_uuid());
    let mut db = h.superuser().await;
    sqlx::query(
        "INSERT INTO encounter (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id, class,
         reception_date, reception_number, arrived_at, doctor_id)
         VALUES ($1, $2, 1, now(), $3, $3, 'in_consult', sha256('x'), $4, 'AMB', $5, $6, now(), $7)",
    )
    .bind(c.id.as_uuid())
    .bind(id)
    .bind(author)
    .bind(patient)
    .bind(day)
    .bind(number)
    .bind(doctor)
    .execute(&mut db)
    .await
    .unwrap();
    id
}

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
}

impl Visit {
    pub async fn new(h: &Harness, c: &Clinic) -> Self {
        let patient = patient(h, c, "001207").await;
        Self { encounter: encounter(h, c, patient, today(), 1).await, patient }
    }

    pub fn chart(&self) -> String {
        format!("/encounters/{}", self.encounter)
    }

    pub fn path(&self, section: &str) -> String {
        format!("/encounters/{}/note/sections/{section}", self.encounter)
    }

    pub async fn save(&self, by: &Client, section: &str, version: i64, body: &str) -> Answer {
        self.save_keyed(by, section, version, body, &id()).await
    }

    pub async fn save_keyed(&self, by: &Client, section: &str, version: i64, body: &str, key: &str) -> Answer {
        let (token, version) = (self.patient.to_string(), version.to_string());
        let form = [("body", body), ("version", &version), ("idempotency_key", key), ("patient_token", &token)];
        by.post_json(&self.path(section), &form).await
    }

    pub async fn sign(&self, by: &Client, versions: [i64; 4]) -> Answer {
        let [s, o, a, p] = versions.map(|v| v.to_string());
        let (token, key) = (self.patient.to_string(), id());
        let form = [
            ("patient_token", token.as_str()),
            ("idempotency_key", &key),
            ("version_S", &s),
            ("version_O", &o),
            ("version_A", &a),
            ("version_P", &p),
        ];
        by.post(&format!("/encounters/{}/note/finalization", self.encounter), &form).await
    }

    pub async fn note(&self, h: &Harness) -> Uuid {
        let mut db = h.superuser().await;
        sqlx::query("SELECT id FROM note WHERE encounter_id = $1 ORDER BY id DESC")
            .bind(self.encounter)
            .fetch_one(&mut db)
            .await
            .unwrap()
            .get(0)
    }

    pub async fn amend(&self, h: &Harness, by: &Client, kind: &str, body: &str, reason: &str) -> Answer {
        let (token, key) = (self.patient.to_string(), id());
        let form = [
            ("patient_token", token.as_str()),
            ("idempotency_key", &key),
            ("kind", kind),
            ("section", "O"),
            ("body", body),
            ("reason", reason),
        ];
        by.post(&format!("/notes/{}/amendments", self.note(h).await), &form).await
    }
}

#[tokio::test]
async fn opening_a_chart_writes_nothing_and_the_first_text_makes_the_note() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;

    let page = doctor.get(&v.chart()).await.expect(200);
    assert!(page.body.contains("齋藤 千鶴子") && page.header("cache-control") == "no-store");
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1", v.encounter).await, 0);

    let saved = v.save(&doctor, "S", 0, "咳が3日\r\n続く").await.expect(200).json();
    assert_eq!(saved["version"], 1);
    assert_eq!(saved["saved_at"].as_str().unwrap().len(), "10:42:07".len());
    let again = doctor.get(&v.chart()).await.expect(200);
    assert!(again.body.contains("咳が3日\n続く"));
    assert_eq!(v.save(&doctor, "S", 1, "咳が3日\n続く").await.expect(200).json()["version"], 1, "an unchanged text makes no version");
}

/// R1: a lost answer is asked for again with the same key.
#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_one_version() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    let key = id();
    let first = v.save_keyed(&doctor, "P", 0, "血圧手帳", &key).await.expect(200).json();
    let second = v.save_keyed(&doctor, "P", 0, "血圧手帳", &key).await.expect(200).json();
    assert_eq!(first, second);

    let key = id();
    let twins = futures_util::future::join_all((0..6).map(|_| v.save_keyed(&doctor, "A", 0, "高血圧症", &key))).await;
    assert!(twins.iter().all(|a| a.status == 200 && a.json()["version"] == 1));
    assert_eq!(count(h, "SELECT count(*) FROM row_version r JOIN note_section s ON s.id = r.id JOIN note n ON n.id = s.note_id WHERE n.encounter_id = $1", v.encounter).await, 2);
    assert_eq!(count(h, "SELECT count(*) FROM section_conflict WHERE patient_id = $1", v.patient).await, 0);
}

/// R2: nurse and doctor in different sections never meet; the first two saves make one note.
#[tokio::test]
async fn two_first_saves_at_once_make_one_note() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (doctor, nurse) = (c.client(h, Role::Doctor).await, c.client(h, Role::Nurse).await);
    let (a, b) = tokio::join!(v.save(&doctor, "S", 0, "咳"), v.save(&nurse, "O", 0, "体温 36.4"));
    assert_eq!((a.status, b.status), (200, 200), "{} {}", a.body, b.body);
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1", v.encounter).await, 1);
}

/// R2, acceptance scenario 1: whoever comes second loses no character.
#[tokio::test]
async fn scenario_01_a_text_on_an_older_version_is_kept_and_compared() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (doctor, nurse) = (c.client(h, Role::Doctor).await, c.client(h, Role::Nurse).await);
    v.save(&doctor, "O", 0, "下腿浮腫 なし。").await.expect(200);
    v.save(&nurse, "O", 1, "下腿浮腫 なし。ふらつきあり。").await.expect(200);
    let lost = v.save(&doctor, "O", 1, "下腿浮腫 軽度。").await.expect(409).json();
    let url = lost["conflict_url"].as_str().unwrap();
    assert_eq!(lost["other"], "髙橋 看護師");

    let page = doctor.get(url).await.expect(200).body;
    assert!(page.contains("data-merged>\n下腿浮腫 軽度。ふらつきあり。</textarea>"), "the proposal takes both: {page}");
    let chart = doctor.get(&v.chart()).await.expect(200).body;
    assert!(chart.contains(url) && chart.contains("ふらつきあり。"));

    let theirs = doctor.get(&format!("{url}?pick1=theirs")).await.expect(200).body;
    assert!(
        theirs.contains("name=\"body\" form=\"resolution\" rows=\"5\" data-merged>\n下腿浮腫 なし。ふらつきあり。</textarea>"),
        "{theirs}"
    );

    let form = |version: &'static str, token: String| {
        [
            ("body".to_owned(), "下腿浮腫 軽度。ふらつきあり。".to_owned()),
            ("version".into(), version.into()),
            ("idempotency_key".into(), id()),
            ("patient_token".into(), token),
        ]
    };
    let post = |f: [(String, String); 4]| {
        let doctor = doctor.clone();
        let url = url.to_owned();
        async move {
            let pairs: Vec<(&str, &str)> = f.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            doctor.post(&url, &pairs).await
        }
    };
    post(form("2", id())).await.expect(422);
    let stale = post(form("1", v.patient.to_string())).await.expect(422);
    assert!(stale.body.contains("下腿浮腫 軽度。ふらつきあり。"), "the merged text stays on the page");
    post(form("2", v.patient.to_string())).await.expect(303);
    let chart = doctor.get(&v.chart()).await.expect(200).body;
    assert!(chart.contains("下腿浮腫 軽度。ふらつきあり。") && !chart.contains("見比べる"));
    let history = doctor.get(&format!("/notes/{}/history", v.note(h).await)).await.expect(200).body;
    assert!(history.contains("採られなかった文") && history.contains("<ins>"));
}

#[tokio::test]
async fn of_many_writers_every_text_is_a_version_or_kept() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    let texts: Vec<String> = (0..20).map(|n| format!("本文{n}番。")).collect();
    let answers = futures_util::future::join_all(texts.iter().map(|t| v.save(&doctor, "A", 0, t))).await;
    let (stored, kept): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
    assert_eq!((stored.len(), kept.iter().filter(|a| a.status == 409).count()), (1, 19));
    let mut db = h.superuser().await;
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT s.body FROM note_section s WHERE s.patient_id = $1 UNION SELECT k.body FROM section_conflict k WHERE k.patient_id = $1",
    )
    .bind(v.patient)
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert_eq!(found.len(), 20);
}

/// R3: a form of another patient's page is refused, and the words are still there.
#[tokio::test]
async fn scenario_03_the_wrong_patients_token_stores_nothing_and_keeps_the_text() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let other = patient(h, &c, "001208").await.to_string();
    let doctor = c.client(h, Role::Doctor).await;
    let key = id();
    let form = [("body", "別の人の文"), ("version", "0"), ("idempotency_key", key.as_str()), ("patient_token", &other)];
    doctor.post_json(&v.path("S"), &form).await.expect(422);
    let page = doctor.post(&v.path("S"), &form).await.expect(422);
    assert!(page.body.contains("別の人の文") && page.body.contains(&format!("/patients/{other}/chart")));
    assert_eq!(count(h, "SELECT count(*) FROM note WHERE encounter_id = $1", v.encounter).await, 0);
}

#[tokio::test]
async fn texts_that_cannot_be_stored_say_why_and_come_back() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    let long = "あ".repeat(100_000);
    for (text, says) in [("a\0b", "制御文字"), ("咳\u{FFFD}", "文字化け"), (long.as_str(), "100000文字あります")] {
        let json = v.save(&doctor, "S", 0, text).await.expect(422).json();
        assert!(json["message"].as_str().unwrap().contains(says), "{json}");
        assert!(!json.to_string().contains("ああ"), "an error repeats no text");
    }
    let (token, key) = (v.patient.to_string(), id());
    let form = [("body", long.as_str()), ("version", "0"), ("idempotency_key", &key), ("patient_token", &token)];
    let page = doctor.post(&v.path("S"), &form).await.expect(422);
    assert!(page.body.contains(&long) && page.body.contains("aria-invalid"));
    assert_eq!(v.save(&doctor, "S", 0, &"𠮷".repeat(20_000)).await.expect(200).json()["version"], 1);
    for (field, value) in [("version", "x"), ("version", "-1"), ("idempotency_key", ""), ("patient_token", "1")] {
        let mut form = vec![("body", "x"), ("version", "1"), ("idempotency_key", key.as_str()), ("patient_token", token.as_str())];
        form.iter_mut().filter(|(f, _)| *f == field).for_each(|pair| pair.1 = value);
        doctor.post_json(&v.path("S"), &form).await.expect(422);
    }
    doctor.post_json(&v.path("X"), &[]).await.expect(404);
    doctor.post_json(&v.path("S"), &[]).await.expect(422);
}

/// GL-11, DA-01: signing freezes what was on the page, in the database too.
#[tokio::test]
async fn a_signed_note_is_frozen_for_the_product_itself() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (doctor, nurse) = (c.client(h, Role::Doctor).await, c.client(h, Role::Nurse).await);
    let empty = v.sign(&doctor, [0; 4]).await.expect(422);
    assert!(empty.body.contains("記載が一つもありません"));
    v.save(&doctor, "S", 0, "咳").await.expect(200);
    v.save(&nurse, "O", 0, "体温 36.4").await.expect(200);
    let stale = v.sign(&doctor, [1, 0, 0, 0]).await.expect(422);
    assert!(stale.body.contains("ほかの人が先に変えました"), "O is newer than the page");
    v.sign(&nurse, [1, 1, 0, 0]).await.expect(403);
    v.sign(&doctor, [1, 1, 0, 0]).await.expect(303);

    assert_eq!(count(h, "SELECT count(*) FROM encounter WHERE id = $1 AND status = 'billing_wait'", v.encounter).await, 1);
    let page = doctor.get(&v.chart()).await.expect(200).body;
    assert!(page.contains("確定") && !page.contains("data-autosave"));
    let mut app = h.role("APP_DATABASE_URL").await;
    for sql in [
        "UPDATE note SET status = 'draft', signed_at = NULL, signed_by_id = NULL WHERE encounter_id = $1",
        "UPDATE note_section s SET body = 'x' FROM note n WHERE n.id = s.note_id AND n.encounter_id = $1",
    ] {
        let mut tx = sqlx::Connection::begin(&mut app).await.unwrap();
        sqlx::query("SELECT set_config('app.tenant_id', $1, true)").bind(c.id.to_string()).execute(&mut *tx).await.unwrap();
        assert_eq!(sqlx::query(sql).bind(v.encounter).execute(&mut *tx).await.unwrap().rows_affected(), 0, "{sql}");
    }
    assert!(sqlx::query("DELETE FROM note_amendment").execute(&mut app).await.is_err());

    let late = v.save(&nurse, "O", 2, "体温 37.4").await.expect(409).json();
    assert!(nurse.get(late["conflict_url"].as_str().unwrap()).await.expect(200).body.contains("体温 37.4"), "a late text is kept");
    assert!(v.sign(&doctor, [2, 2, 0, 0]).await.expect(422).body.contains("すでに確定"));
}

/// R5: what was signed stays readable beside what replaced it.
#[tokio::test]
async fn corrections_stand_beside_the_signed_text() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    v.save(&doctor, "O", 0, "右膝 腫脹").await.expect(200);
    assert!(v.amend(h, &doctor, "addendum", "x", "").await.expect(422).body.contains("まだ確定されていません"));
    v.sign(&doctor, [0, 1, 0, 0]).await.expect(303);
    let again = v.amend(h, &doctor, "amendment", "左膝 腫脹", "").await.expect(422);
    assert!(again.body.contains("理由が要ります") && again.body.contains("左膝 腫脹"));
    v.amend(h, &doctor, "amendment", "左膝 腫脹", "左右の誤り").await.expect(303);
    v.amend(h, &doctor, "addendum", "熱感なし", "").await.expect(303);
    let page = doctor.get(&v.chart()).await.expect(200).body;
    assert!(
        page.contains("<del class=\"note-text\">右膝 腫脹</del>")
            && page.contains("左膝 腫脹")
            && page.contains("左右の誤り")
            && page.contains("熱感なし")
    );
    let history = doctor.get(&format!("/notes/{}/history", v.note(h).await)).await.expect(200).body;
    assert!(history.contains("<del>右</del><ins>左</ins>膝 腫脹"), "{history}");
    let read_only = doctor.get(&format!("/patients/{}/chart", v.patient)).await.expect(200).body;
    assert!(read_only.contains("右膝 腫脹") && read_only.contains("訂正済"));
    let nurse = c.client(h, Role::Nurse).await;
    v.amend(h, &nurse, "addendum", "x", "").await.expect(403);
}

/// GL-12: a helper's own id, a responsible doctor, and a list until the doctor has signed.
#[tokio::test]
async fn what_a_helper_writes_waits_for_a_doctor() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (doctor, aide) = (c.client(h, Role::Doctor).await, c.client(h, Role::DoctorAide).await);
    v.save(&aide, "S", 0, "代行の文").await.expect(200);
    let mut db = h.superuser().await;
    let row = sqlx::query("SELECT author_id, entered_by_id FROM note_section WHERE patient_id = $1")
        .bind(v.patient)
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(row.get::<Uuid, _>(0), c.staff_of(Role::Doctor).as_uuid());
    assert_eq!(row.get::<Uuid, _>(1), c.staff_of(Role::DoctorAide).as_uuid());

    let note = v.note(h).await;
    let (token, responsible) = (v.patient.to_string(), c.staff_of(Role::Doctor).to_string());
    let submission = [("patient_token", token.as_str()), ("responsible_id", &responsible)];
    let path = format!("/encounters/{}/note/submission", v.encounter);
    let nurse_id = c.staff_of(Role::Nurse).to_string();
    aide.post(&path, &[("patient_token", &token), ("responsible_id", &nurse_id)]).await.expect(422);
    aide.post(&path, &submission).await.expect(303);
    assert!(aide.post(&path, &submission).await.expect(422).body.contains("すでに承認を依頼"));
    let list = doctor.get("/notes/pending").await.expect(200).body;
    assert!(!list.contains("25時間"));
    assert_eq!(doctor.get("/notes/overdue").await.expect(200).json()["overdue"], 0);
    run(h, "UPDATE note_section SET recorded_at = recorded_at - interval '25 hours' WHERE patient_id = $1", &[v.patient]).await;
    assert!(doctor.get("/notes/pending").await.expect(200).body.contains("25時間"), "what waits longer than a day is marked");
    assert_eq!(doctor.get("/notes/overdue").await.expect(200).json()["overdue"], 1, "and counted for every page");
    aide.get("/notes/overdue").await.expect(403);
    assert!(list.contains("代行の文") && list.contains("髙橋 医師事務作業補助者") && list.contains("承認待ち"));

    let back = format!("/notes/{note}/return");
    doctor.post(&back, &[("patient_token", &token), ("reason", "")]).await.expect(422);
    aide.post(&back, &[("patient_token", &token), ("reason", "x")]).await.expect(403);
    doctor.post(&back, &[("patient_token", &token), ("reason", "発症日を書いてください")]).await.expect(303);
    assert!(aide.get(&v.chart()).await.expect(200).body.contains("発症日を書いてください"));

    v.save(&aide, "S", 1, "11/17 発症").await.expect(200);
    aide.post(&path, &submission).await.expect(303);
    let none = doctor.post("/notes/approvals", &[]).await.expect(303);
    assert!(none.header("location").contains("signed=0"));
    let stale = format!("{note}:1.0.0.0");
    let missed = doctor.post("/notes/approvals", &[("note", &stale)]).await.expect(303);
    assert!(missed.header("location").contains("signed=0&failed=1"), "the text changed after it was read");
    aide.post("/notes/approvals", &[("note", &stale)]).await.expect(403);
    let seen = format!("{note}:2.0.0.0");
    let done = doctor.post("/notes/approvals", &[("note", &seen), ("note", "nonsense")]).await.expect(303);
    assert!(done.header("location").contains("signed=1&failed=1"));
    assert!(doctor.get("/notes/pending").await.expect(200).body.contains("未確定の記録 0件"));
    assert!(doctor.get(&v.chart()).await.expect(200).body.contains("代行 髙橋 医師事務作業補助者"));
}

#[tokio::test]
async fn void_takes_a_doctor_and_an_administrator() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let (doctor, admin) = (c.client(h, Role::Doctor).await, c.client(h, Role::ClinicAdmin).await);
    v.save(&doctor, "O", 0, "別の患者の所見").await.expect(200);
    v.sign(&doctor, [0, 1, 0, 0]).await.expect(303);
    let (path, token) = (format!("/notes/{}/void", v.note(h).await), v.patient.to_string());
    let form = [("patient_token", token.as_str()), ("reason", "確認した")];
    admin.post(&path, &form).await.expect(422);
    v.amend(h, &doctor, "void_request", "", "誤患者").await.expect(303);
    doctor.post(&path, &form).await.expect(422);
    let list = admin.get("/notes/void-requests").await.expect(200).body;
    assert!(list.contains("誤患者") && !list.contains("別の患者の所見"), "an administrator sees the request, not the chart");
    admin.post(&path, &form).await.expect(303);
    admin.post(&path, &form).await.expect(422);
    let chart = doctor.get(&format!("/patients/{}/chart", v.patient)).await.expect(200).body;
    assert!(chart.contains("この記録は無効です") && chart.contains("別の患者の所見"));
    v.save(&doctor, "O", 0, "正しい所見").await.expect(200);
}

/// Acceptance scenario 11: as many statements for a thousand visits as for one.
#[tokio::test]
async fn a_thousand_visits_cost_as_many_statements_as_one() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    v.save(&doctor, "S", 0, "初めて").await.expect(200);
    let few = doctor.get(&v.chart()).await.expect(200);
    seed_past(h, &c, v.patient, 1_000).await;
    let many = doctor.get(&v.chart()).await.expect(200);
    assert_eq!(few.statements(), many.statements());
    assert!(many.statements() <= 10, "{} statements", many.statements());
    assert!(many.body.len() < 120_000, "{} bytes", many.body.len());

    let (mut url, mut seen, mut pages) = (format!("/patients/{}/chart", v.patient), 0, 0);
    loop {
        let page = doctor.get_fragment(&url).await.expect(200);
        assert!(!page.body.contains("<html"), "htmx gets the fragment");
        (seen, pages) = (seen + page.body.matches("class=\"visit\"").count(), pages + 1);
        match page.body.split("hx-get=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            Some(next) => url = next.replace("&amp;", "&"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (1_001, 51));
    doctor.get(&format!("/patients/{}/chart?before=nonsense", v.patient)).await.expect(200);
    doctor.get(&format!("/patients/{}/chart/print?from=2025-01-01&to=x", v.patient)).await.expect(200);
}

async fn seed_past(h: &Harness, c: &Clinic, patient: Uuid, visits: i32) {
    let mut db = h.superuser().await;
    sqlx::query(
        "WITH e AS (INSERT INTO encounter (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id,
                    class, reception_date, reception_number, arrived_at, doctor_id)
                    SELECT $1, gen_random_uuid(), 1, now(), $2, $2, 'paid', sha256('x'), $3, 'AMB', date '2026-11-19' - n, 1, now(), $2
                    FROM generate_series(1, $4) n RETURNING *),
              n AS (INSERT INTO note (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id,
                    encounter_id, noted_on, responsible_id, signed_at, signed_by_id)
                    SELECT tenant_id, gen_random_uuid(), 2, now(), $2, $2, 'signed', sha256('x'), patient_id, id, reception_date, $2, now(), $2
                    FROM e RETURNING *)
         INSERT INTO note_section (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, note_id, patient_id,
                section, body, frozen_at)
         SELECT tenant_id, gen_random_uuid(), 1, now(), $2, $2, 'signed', sha256('x'), id, patient_id, s, '変わりなし。' || s, now()
         FROM n, unnest(ARRAY['S', 'O', 'A', 'P']) s",
    )
    .bind(c.id.as_uuid())
    .bind(c.staff_of(Role::Doctor).as_uuid())
    .bind(patient)
    .bind(visits)
    .execute(&mut db)
    .await
    .unwrap();
}

/// A merge moves no row: the survivor's chart shows both, and a form of either page is accepted.
#[tokio::test]
async fn a_merged_patients_notes_are_on_the_survivors_chart() {
    let h = Harness::get();
    let c = clinic(h).await;
    let v = Visit::new(h, &c).await;
    let doctor = c.client(h, Role::Doctor).await;
    v.save(&doctor, "S", 0, "統合前の文").await.expect(200);
    let survivor = patient(h, &c, "000900").await;
    run(h, "UPDATE patient SET status = 'merged', merged_into_id = $1 WHERE id = $2", &[survivor, v.patient]).await;
    for shown in [survivor, v.patient] {
        assert!(doctor.get(&format!("/patients/{shown}/chart")).await.expect(200).body.contains("統合前の文"));
    }
    let chart = doctor.get(&v.chart()).await.expect(200).body;
    assert!(chart.contains("000900"), "the stripe names the survivor");
    let (token, key) = (survivor.to_string(), id());
    let form = [("body", "統合後の文"), ("version", "1"), ("idempotency_key", key.as_str()), ("patient_token", &token)];
    let saved: Value = doctor.post_json(&v.path("S"), &form).await.expect(200).json();
    assert_eq!(saved["version"], 2);
}

#[tokio::test]
async fn another_clinics_note_is_not_there() {
    let h = Harness::get();
    let (ours, theirs) = two_clinics(h).await;
    let v = Visit::new(h, &theirs).await;
    let (doctor, owner) = (ours.client(h, Role::Doctor).await, theirs.client(h, Role::Doctor).await);
    v.save(&owner, "O", 0, "隣の医院の文").await.expect(200);
    let note = v.note(h).await;
    for path in [
        v.chart(),
        format!("/patients/{}/chart", v.patient),
        format!("/patients/{}/chart/print", v.patient),
        format!("/notes/{note}/history"),
    ] {
        doctor.get(&path).await.expect(404);
    }
    v.save(&doctor, "O", 1, "x").await.expect(404);
    v.sign(&doctor, [0, 1, 0, 0]).await.expect(404);
    v.amend(h, &doctor, "addendum", "x", "").await.expect(404);
    let seen = format!("{note}:0.1.0.0");
    assert!(doctor.post("/notes/approvals", &[("note", &seen)]).await.expect(303).header("location").contains("signed=0"));
}
