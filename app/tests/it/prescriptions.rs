//! 処方 through the real application: a drug from the master to signed paper.

use std::process::{Command, Stdio};

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

/// Drugs every test may prescribe; loaded once, beside whatever sample the run has.
async fn master(h: &Harness) {
    static LOADED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    LOADED
        .get_or_init(|| async {
            let mut db = h.superuser().await;
            let release = Uuid::now_v7();
            sqlx::query(
                "INSERT INTO master_release VALUES ($1, 'drug', 'it', 'it.csv', sha256($1::text::bytea), '2020-04-01', now(), 3, true)",
            )
            .bind(release)
            .execute(&mut db)
            .await
            .unwrap();
            for n in 0..25 {
                insert(&mut db, release, &format!("9990000{n:02}"), &format!("ケンショウヤク{n:02}"), None).await;
            }
            insert(&mut db, release, "999000090", "オワルヤク", None).await;
            insert(&mut db, release, "999000091", "オワッタヤク", Some("2021-03-31")).await;
        })
        .await;
}

async fn insert(db: &mut sqlx::PgConnection, release: Uuid, code: &str, name: &str, valid_to: Option<&str>) {
    sqlx::query("INSERT INTO drug_master (release_id, code, name, search_key, valid_from, valid_to, unit) VALUES ($1, $2, $3, $4, '2020-04-01', $5::text::date, '錠')")
        .bind(release)
        .bind(code)
        .bind(format!("{name}錠"))
        .bind(domain::search_key::search_key(name))
        .bind(valid_to)
        .execute(db)
        .await
        .unwrap();
}

struct Consultation {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    doctor: Client,
    clerk: Client,
    patient: String,
    visit: String,
}

async fn consultation() -> Consultation {
    let h = Harness::get();
    master(h).await;
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    let form =
        [("name_ideographic", "髙﨑 𠮷太郎"), ("name_syllabic", "タカサキ ヨシタロウ"), ("sex", "male"), ("birth_date", "1975-04-01")];
    let patient = clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "");
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("idempotency_key", key.as_str())];
    let received = clerk.post("/encounters", &form).await.expect(303);
    let visit = received.header("location").split("moved=").nth(1).unwrap().to_owned();
    Consultation { h, here, neighbour, doctor, clerk, patient, visit }
}

impl Consultation {
    async fn add(&self, client: &Client, changes: &[(&str, &str)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut form = vec![
            ("patient_token", self.patient.as_str()),
            ("idempotency_key", key.as_str()),
            ("drug_code", "999000001"),
            ("dose", "1"),
            ("usage", "1a"),
            ("supply", "days"),
            ("count", "14"),
            ("substitution", "allowed"),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        client.post(&format!("/encounters/{}/prescription-lines", self.visit), &form).await
    }

    async fn page(&self) -> Answer {
        self.doctor.get(&format!("/encounters/{}/prescription", self.visit)).await.expect(200)
    }

    /// The drafts as the page names them to the signing doctor.
    async fn seen(&self) -> String {
        let page = self.page().await;
        page.body.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    async fn sign(&self, client: &Client, seen: &str) -> Answer {
        client
            .post(
                &format!("/encounters/{}/prescription/signature", self.visit),
                &[("patient_token", self.patient.as_str()), ("seen", seen)],
            )
            .await
    }
}

#[tokio::test]
async fn one_drug_from_the_master_to_signed_paper() {
    let c = consultation().await;
    let options = c.doctor.post("/drugs", &[("q", "けんしょうやく")]).await.expect(200);
    assert_eq!(options.body.matches("type=\"radio\"").count(), 20, "never more than twenty");
    assert!(options.body.contains("ケンショウヤク00錠"));
    c.add(&c.doctor, &[]).await.expect(303);
    let page = c.page().await;
    assert!(page.body.contains("ケンショウヤク01錠") && page.body.contains("1日1回朝食後 14日分") && page.body.contains("署名待ち"));
    assert!(
        c.clerk.get(&format!("/encounters/{}/prescription.pdf", c.visit)).await.expect(422).body.contains("署名された処方がありません")
    );
    let signed = c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let preview = c.doctor.get(signed.header("location")).await.expect(200);
    assert!(preview.body.contains("U+20BB7を吉で印字") && preview.body.contains("交付の日を含めて4日"), "{}", preview.body);
    let board = c.clerk.get("/board").await.expect(200);
    assert!(board.body.contains("/prescription/print"), "the clerk finds the paper from the list");
    let (kind, store, bytes) = pdf(&c.clerk, &c.visit).await;
    assert_eq!((kind.as_str(), store.as_str()), ("application/pdf", "no-store"));
    assert!(bytes.starts_with(b"%PDF-"));
    if let Some(text) = text_of(&bytes) {
        for expected in ["処方箋", "ケンショウヤク01錠", "1日1回朝食後14日分", "髙﨑吉太郎", "昭和50年4月1日", "以下余白"]
        {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
    let prints: i64 =
        sqlx::query("SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND act = 'print' AND cardinality(subject_ids) = 1")
            .bind(c.here.id.as_uuid())
            .fetch_one(&mut c.h.superuser().await)
            .await
            .unwrap()
            .get(0);
    assert_eq!(prints, 1);
}

async fn pdf(client: &Client, visit: &str) -> (String, String, Vec<u8>) {
    let response = client.request("GET", &format!("/encounters/{visit}/prescription.pdf")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    (header("content-type"), header("cache-control"), response.bytes().await.unwrap().to_vec())
}

/// The text of the paper without its spaces, when poppler is installed.
fn text_of(pdf: &[u8]) -> Option<String> {
    let path = std::env::temp_dir().join(format!("tsumugi-it-{}.pdf", Uuid::now_v7()));
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").stderr(Stdio::null()).output();
    std::fs::remove_file(&path).unwrap();
    Some(String::from_utf8_lossy(&output.ok()?.stdout).split_whitespace().collect())
}

#[tokio::test]
async fn wrong_fields_are_told_and_kept() {
    let c = consultation().await;
    for (field, value, says) in [
        ("count", "0", "日数は1日から90日まで"),
        ("count", "91", "日数は1日から90日まで"),
        ("count", "七", "数字で入れてください"),
        ("dose", "12345678901", "整数6桁"),
        ("dose", "0", "用量が0です"),
        ("dose", "", "用量を入れてください"),
        ("usage", "", "用法を入れてください"),
        ("drug_code", "111111111", "マスターにありません"),
        ("drug_code", "999000091", "2021-03-31に終わっています"),
        ("drug_code", "", "2文字以上入れて"),
        ("unit", "とても長い単位です", "6文字まで"),
        ("substitution", "maybe", "可否を選んで"),
    ] {
        let page = c.add(&c.doctor, &[(field, value), ("comment", "残しておく言葉")]).await.expect(422);
        assert!(page.body.contains(says), "{field} {value}: {}", page.body);
        assert!(page.body.contains("残しておく言葉") && page.body.contains("か所 直してください"));
    }
    assert!(c.page().await.body.contains("この受診の処方はまだありません"));
}

#[tokio::test]
async fn a_name_that_means_one_drug_needs_no_choice_and_two_need_one() {
    let c = consultation().await;
    c.add(&c.doctor, &[("drug_code", ""), ("q", "けんしょうやく07")]).await.expect(303);
    let page = c.add(&c.doctor, &[("drug_code", ""), ("q", "けんしょうやく1")]).await.expect(422);
    assert!(page.body.contains("候補がいくつかあります") && page.body.contains("ケンショウヤク15錠"));
    let plain = c.doctor.post(&format!("/encounters/{}/prescription", c.visit), &[("q", "けんしょうやく07")]).await.expect(200);
    assert!(plain.body.contains("value=\"999000007\" checked"), "works without scripts");
}

#[tokio::test]
async fn posting_twice_adds_once_and_a_draft_can_be_withdrawn() {
    let c = consultation().await;
    let key = Uuid::now_v7().to_string();
    for _ in 0..2 {
        c.add(&c.doctor, &[("idempotency_key", key.as_str())]).await.expect(303);
    }
    let page = c.page().await;
    assert_eq!(page.body.matches("署名待ち").count(), 1);
    let line = page.body.split("/prescription-lines/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let path = format!("/prescription-lines/{line}/withdrawal");
    c.doctor.post(&path, &[("patient_token", c.patient.as_str()), ("version", "7")]).await.expect(409);
    c.doctor.post(&path, &[("patient_token", "x"), ("version", "1")]).await.expect(422);
    c.doctor.post(&path, &[("patient_token", c.patient.as_str()), ("version", "1")]).await.expect(303);
    assert!(c.page().await.body.contains("この受診の処方はまだありません"));
}

#[tokio::test]
async fn only_a_doctor_signs_and_only_what_was_seen() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let seen = c.seen().await;
    for role in [Role::Nurse, Role::Clerk, Role::Pharmacist, Role::ClinicAdmin] {
        c.sign(&c.here.client(c.h, role).await, &seen).await.expect(403);
    }
    c.add(&c.here.client(c.h, Role::Nurse).await, &[]).await.expect(403);
    c.add(&c.doctor, &[("drug_code", "999000002")]).await.expect(303);
    assert!(c.sign(&c.doctor, &seen).await.expect(422).body.contains("処方が変わりました"));
    c.sign(&c.neighbour.client(c.h, Role::Doctor).await, &seen).await.expect(404);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    assert!(c.sign(&c.doctor, &seen).await.expect(422).body.contains("署名を待っている処方がありません"));
}

#[tokio::test]
async fn a_drug_that_ended_meanwhile_is_refused_at_signing() {
    let c = consultation().await;
    c.add(&c.doctor, &[("drug_code", "999000090")]).await.expect(303);
    let seen = c.seen().await;
    sqlx::query("UPDATE drug_master SET valid_to = '2026-01-31' WHERE code = '999000090'")
        .execute(&mut c.h.superuser().await)
        .await
        .unwrap();
    let refused = c.sign(&c.doctor, &seen).await.expect(422);
    assert!(refused.body.contains("「オワルヤク錠」は医薬品マスターで2026-01-31に終わっています"));
}

/// GL-11: the table itself refuses to change what was signed.
#[tokio::test]
async fn a_signed_line_is_locked() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let id: Uuid = sqlx::query("SELECT id FROM medication_request WHERE tenant_id = $1")
        .bind(c.here.id.as_uuid())
        .fetch_one(&mut c.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    let withdrawn =
        c.doctor.post(&format!("/prescription-lines/{id}/withdrawal"), &[("patient_token", c.patient.as_str()), ("version", "2")]).await;
    assert!(withdrawn.expect(422).body.contains("署名した処方は取り消せません"));
    let mut app = c.h.role("APP_DATABASE_URL").await;
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)").bind(c.here.id.to_string()).execute(&mut app).await.unwrap();
    let changed = sqlx::query("UPDATE medication_request SET dose_value = '9' WHERE tenant_id = $1")
        .bind(c.here.id.as_uuid())
        .execute(&mut app)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 0);
}

#[tokio::test]
async fn the_chart_shows_the_prescription_to_those_who_may_read_it() {
    let c = consultation().await;
    c.add(&c.doctor, &[("usage", "疼痛時"), ("supply", "times"), ("count", "10")]).await.expect(303);
    let chart = c.doctor.get(&format!("/encounters/{}", c.visit)).await.expect(200);
    assert!(
        chart.body.contains("ケンショウヤク01錠")
            && chart.body.contains("1回1錠")
            && chart.body.contains("10回分")
            && chart.body.contains("処方に署名する")
    );
    let nurse = c.here.client(c.h, Role::Nurse).await.get(&format!("/encounters/{}", c.visit)).await.expect(200);
    assert!(nurse.body.contains("ケンショウヤク01錠") && !nurse.body.contains("処方に署名する") && !nurse.body.contains("薬を足す"));
    let lab = c.here.client(c.h, Role::LabTech).await.get(&format!("/encounters/{}", c.visit)).await.expect(200);
    assert!(!lab.body.contains("ケンショウヤク01錠"));
}
