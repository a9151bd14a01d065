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

pub struct Consultation {
    pub h: &'static Harness,
    pub here: Clinic,
    pub neighbour: Clinic,
    pub doctor: Client,
    pub clerk: Client,
    pub patient: String,
    pub visit: String,
}

pub async fn consultation() -> Consultation {
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
    pub async fn add(&self, client: &Client, changes: &[(&str, &str)]) -> Answer {
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
    assert!(
        page.body.contains("ケンショウヤク01錠")
            && page.body.contains("1錠 1日1回朝食後")
            && page.body.contains("name=\"count\" value=\"14\"")
    );
    assert!(
        c.clerk.get(&format!("/encounters/{}/prescription.pdf", c.visit)).await.expect(422).body.contains("署名された処方がありません")
    );
    let signed = c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let preview = c.doctor.get(signed.header("location")).await.expect(200);
    assert!(preview.body.contains("U+20BB7を吉で印字") && preview.body.contains("使用できる日"), "{}", preview.body);
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
pub fn text_of(pdf: &[u8]) -> Option<String> {
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
        ("usage", "", "用法を入れてください"),
        ("drug_code", "111111111", "マスターにありません"),
        ("drug_code", "999000091", "2021-03-31に終わっています"),
        ("drug_code", "", "3文字以上入れて"),
        ("unit", "とても長い単位です", "6文字まで"),
        ("leftover_days", "91", "残薬は90日分まで"),
        ("preparation", "cooked", "調製を選んで"),
        ("substitution", "maybe", "可否を選んで"),
    ] {
        let page = c.add(&c.doctor, &[(field, value), ("comment", "残しておく言葉")]).await.expect(422);
        assert!(page.body.contains(says), "{field} {value}: {}", page.body);
        assert!(page.body.contains("残しておく言葉") && page.body.contains("か所 直してください"));
    }
    assert!(c.page().await.body.contains("まだ処方はありません"));
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
    assert_eq!(page.body.matches("/withdrawal\"").count(), 2, "the form's address with and without scripts, of one line");
    let line = page.body.split("/prescription-lines/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let path = format!("/prescription-lines/{line}/withdrawal");
    c.doctor.post(&path, &[("patient_token", c.patient.as_str()), ("version", "7")]).await.expect(409);
    c.doctor.post(&path, &[("patient_token", "x"), ("version", "1")]).await.expect(422);
    c.doctor.post(&path, &[("patient_token", c.patient.as_str()), ("version", "1")]).await.expect(303);
    assert!(c.page().await.body.contains("まだ処方はありません"));
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
    assert!(withdrawn.expect(422).body.contains("署名した処方は変えられません"));
    let mut app = c.h.role("APP_DATABASE_URL").await;
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)").bind(c.here.id.to_string()).execute(&mut app).await.unwrap();
    let changed = sqlx::query("UPDATE medication_request SET dose_value = '9' WHERE tenant_id = $1")
        .bind(c.here.id.as_uuid())
        .execute(&mut app)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 0);
}

/// The chart fetches the box; who may not read prescriptions gets none.
#[tokio::test]
async fn the_chart_shows_the_prescription_to_those_who_may_read_it() {
    let c = consultation().await;
    c.add(&c.doctor, &[("usage", "疼痛時"), ("supply", "times"), ("count", "10")]).await.expect(303);
    let (chart, pane) = (format!("/encounters/{}", c.visit), format!("/encounters/{}/prescription", c.visit));
    assert!(c.doctor.get(&chart).await.expect(200).body.contains(&format!("hx-get=\"{pane}\"")));
    let own = c.doctor.get_fragment(&pane).await.expect(200);
    assert!(own.statements() <= 12, "{} statements", own.statements());
    assert!(!own.body.contains("<html") && own.body.contains("1回1錠 疼痛時") && own.body.contains("処方だけ先に署名する"), "{}", own.body);
    let nurse = c.here.client(c.h, Role::Nurse).await.get_fragment(&pane).await.expect(200);
    assert!(nurse.body.contains("ケンショウヤク01錠") && !nurse.body.contains("処方だけ先に署名する") && !nurse.body.contains("薬を足す"));
    let lab = c.here.client(c.h, Role::LabTech).await;
    assert!(!lab.get(&chart).await.expect(200).body.contains("id=\"prescription\""));
    lab.get_fragment(&pane).await.expect(403);
    c.neighbour.client(c.h, Role::Doctor).await.get_fragment(&pane).await.expect(404);
}

/// One line of text: drug, shorthand, days; the dose follows from the shorthand.
#[tokio::test]
async fn three_letters_a_shorthand_and_days_are_one_drug() {
    let c = consultation().await;
    let typed = [("drug_code", ""), ("dose", ""), ("usage", ""), ("count", ""), ("supply", ""), ("q", "けんしょうやく07 3t 5")];
    c.add(&c.doctor, &typed).await.expect(303);
    let page = c.page().await;
    assert!(page.body.contains("3錠 1日3回毎食後") && page.body.contains("name=\"count\" value=\"5\""), "{}", page.body);
    let other = [("drug_code", "999000003"), ("q", "おわる 3t 5"), ("dose", ""), ("usage", ""), ("count", ""), ("supply", "")];
    let refused = c.add(&c.doctor, &other).await.expect(422);
    assert!(refused.body.contains("入れた名前と選んだ薬が違います"), "a choice made for another text does not count");
}

/// The clinic's own drugs come first once it has prescribed them.
#[tokio::test]
async fn what_the_clinic_prescribes_comes_first() {
    let c = consultation().await;
    let first = |body: &str| body.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let search = async || c.doctor.post("/drugs", &[("q", "けんしょうやく")]).await.expect(200).body;
    assert_eq!(first(&search().await), "999000000");
    c.add(&c.doctor, &[("drug_code", "999000017")]).await.expect(303);
    assert_eq!(first(&search().await), "999000000", "a draft is not yet a habit");
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    assert_eq!(first(&search().await), "999000017");
    let neighbour = c.neighbour.client(c.h, Role::Doctor).await;
    assert_eq!(
        first(&neighbour.post("/drugs", &[("q", "けんしょうやく")]).await.expect(200).body),
        "999000000",
        "the habit stays in its clinic"
    );
}

impl Consultation {
    /// An act as the chart posts it: the answer is the pane.
    async fn act(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut whole = vec![("patient_token", self.patient.as_str()), ("idempotency_key", key.as_str())];
        for (name, value) in form {
            whole.retain(|(known, _)| known != name);
            whole.push((name, value));
        }
        self.doctor.send(self.doctor.request("POST", path).header("hx-request", "true").form(&whole)).await
    }

    async fn act_here(&self, act: &str, form: &[(&str, &str)]) -> Answer {
        self.act(&format!("/encounters/{}/prescription/{act}", self.visit), form).await
    }

    /// The same patient once more today.
    async fn again(&mut self) -> String {
        let key = Uuid::now_v7().to_string();
        let form = [("patient_token", self.patient.as_str()), ("class", "AMB"), ("idempotency_key", key.as_str()), ("again", "yes")];
        let received = self.clerk.post("/encounters", &form).await.expect(303);
        let next = received.header("location").split("moved=").nth(1).unwrap().to_owned();
        std::mem::replace(&mut self.visit, next)
    }

    /// Id and version of the only line.
    async fn line(&self) -> (Uuid, i32) {
        let row = sqlx::query(
            "SELECT id, version FROM medication_request WHERE tenant_id = $1 AND encounter_id = $2::uuid AND status <> 'withdrawn'",
        )
        .bind(self.here.id.as_uuid())
        .bind(&self.visit)
        .fetch_one(&mut self.h.superuser().await)
        .await
        .unwrap();
        (row.get(0), row.get(1))
    }
}

fn undo_rows(body: &str) -> String {
    body.split("name=\"rows\" value=\"").nth(1).expect("an undo").split('"').next().unwrap().to_owned()
}

/// Do: the earlier prescription comes again once, without what has ended, and goes back as one act.
#[tokio::test]
async fn an_earlier_prescription_is_repeated_and_taken_back() {
    let mut c = consultation().await;
    c.add(&c.doctor, &[("drug_code", "999000004")]).await.expect(303);
    c.add(&c.doctor, &[("drug_code", "999000005"), ("count", "28")]).await.expect(303);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let earlier = c.again().await;
    let pane = c.page().await;
    assert!(pane.body.contains("どの処方を繰り返しますか") && pane.body.contains("ケンショウヤク04錠 14日分、ケンショウヤク05錠 28日分"));
    let key = Uuid::now_v7().to_string();
    for _ in 0..2 {
        let done = c.act_here("repetition", &[("from", &earlier), ("idempotency_key", &key)]).await.expect(200);
        assert_eq!(done.header("hx-trigger"), "chart-changed");
        assert_eq!(done.body.matches("name=\"count\"").count(), 2 + 1, "two lines and the form below them");
    }
    let done = c.act_here("repetition", &[("from", &earlier)]).await.expect(200);
    assert!(done.body.contains("足す薬はありませんでした"));
    c.act_here("repetition", &[("from", &Uuid::now_v7().to_string())]).await.expect(404);
    let (h, here) = (c.h, c.here.id.as_uuid());
    sqlx::query("UPDATE medication_request SET recorded_at = now() WHERE tenant_id = $1 AND status = 'draft'")
        .bind(here)
        .execute(&mut h.superuser().await)
        .await
        .unwrap();
    let rows: Vec<String> =
        sqlx::query("SELECT id::text || ':' || version FROM medication_request WHERE tenant_id = $1 AND status = 'draft'")
            .bind(here)
            .fetch_all(&mut h.superuser().await)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
    let undone = c.act_here("undo", &[("rows", &rows.join(" "))]).await.expect(200);
    assert!(undone.body.contains("まだ処方はありません"));
    assert!(c.act_here("undo", &[("rows", &rows.join(" "))]).await.expect(422).body.contains("元に戻せる時間"));
}

/// R4: a change and a removal go back to what was there before.
#[tokio::test]
async fn a_change_of_days_goes_back_and_wrong_days_are_said_beside_the_line() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let (id, _) = c.line().await;
    let days = format!("/prescription-lines/{id}/days");
    let changed = c.act(&days, &[("version", "1"), ("count", "28")]).await.expect(200);
    assert!(changed.body.contains("name=\"count\" value=\"28\""));
    assert_eq!(c.act(&days, &[("version", "1"), ("count", "7")]).await.status, 409, "made from an old version");
    for (count, says) in [("0", "1日から90日まで"), ("91", "1日から90日まで"), ("九", "数字で")] {
        let refused = c.act(&days, &[("version", "2"), ("count", count)]).await.expect(422);
        assert!(refused.body.contains(says) && refused.body.contains(&format!("value=\"{count}\"")), "{count}");
    }
    let undone = c.act_here("undo", &[("rows", &undo_rows(&changed.body))]).await.expect(200);
    assert!(undone.body.contains("name=\"count\" value=\"14\""), "{}", undone.body);
    let removed = c.act(&format!("/prescription-lines/{id}/withdrawal"), &[("version", "3")]).await.expect(200);
    assert!(removed.body.contains("まだ処方はありません"));
    c.act(&format!("/prescription-lines/{id}/withdrawal"), &[("version", "4")]).await.expect(409);
    let back = c.act_here("undo", &[("rows", &undo_rows(&removed.body))]).await.expect(200);
    assert!(back.body.contains("ケンショウヤク01錠"));
    c.act(&days, &[("version", "5"), ("count", "7"), ("patient_token", "x")]).await.expect(422);
}

#[tokio::test]
async fn a_line_is_edited_and_its_form_keeps_what_is_wrong() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let (id, _) = c.line().await;
    let open = c.doctor.get_fragment(&format!("/encounters/{}/prescription?edit={id}", c.visit)).await.expect(200);
    assert!(open.body.contains("この内容にする"));
    let form = [
        ("version", "1"),
        ("dose", "2"),
        ("unit", "錠"),
        ("usage", "2t"),
        ("supply", "days"),
        ("count", "7"),
        ("substitution", "medically_barred"),
        ("preparation", "one_dose"),
        ("leftover_days", "3"),
        ("comment", "朝は粉で"),
    ];
    let path = format!("/prescription-lines/{id}");
    let wrong: Vec<_> = form.iter().copied().map(|(k, v)| if k == "dose" { (k, "0") } else { (k, v) }).collect();
    let refused = c.act(&path, &wrong).await.expect(422);
    assert!(refused.body.contains("用量が0です") && refused.body.contains("朝は粉で"));
    let changed = c.act(&path, &form).await.expect(200);
    for expected in ["2錠 1日2回朝夕食後", "変更不可(医療上必要)", "一包化", "朝は粉で"] {
        assert!(changed.body.contains(expected), "{expected}");
    }
    c.act(&path, &form).await.expect(409);
}

#[tokio::test]
async fn the_head_is_kept_and_refill_excludes_split() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let head = [
        ("version", "1"),
        ("dispensed_at", "outside"),
        ("issue_form", "paper"),
        ("refill", "3"),
        ("split", "0"),
        ("split_days", "14+14"),
        ("valid_to", ""),
        ("leftover", "query"),
        ("remark", "夜間の連絡先を渡した"),
    ];
    let both: Vec<_> = head.iter().copied().map(|(k, v)| if k == "split" { (k, "2") } else { (k, v) }).collect();
    assert!(c.act_here("head", &both).await.expect(422).body.contains("リフィルと分割は一緒に使えません"));
    let kept = c.act_here("head", &head).await.expect(200);
    assert!(kept.body.contains("院外・紙") && kept.body.contains("リフィル 3回"), "{}", kept.body);
    c.act_here("head", &head).await.expect(409);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let (_, _, bytes) = pdf(&c.clerk, &c.visit).await;
    if let Some(text) = text_of(&bytes) {
        assert!(text.contains("夜間の連絡先を渡した") && text.contains("(3回)"), "{text}");
    }
    let copy = c.clerk.request("GET", &format!("/encounters/{}/prescription-copy.pdf", c.visit)).send().await.unwrap();
    if let Some(text) = text_of(&copy.bytes().await.unwrap()) {
        assert!(text.contains("処方内容(控え)") || text.contains("処方内容（控え）"), "{text}");
    }
}

/// A signed prescription is taken back as a whole: the lines stay in the history and no longer stand.
#[tokio::test]
async fn a_signed_prescription_is_taken_back_with_a_reason() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let (id, version): (Uuid, i32) = {
        let row = sqlx::query("SELECT id, version FROM prescription WHERE tenant_id = $1 AND status = 'signed'")
            .bind(c.here.id.as_uuid())
            .fetch_one(&mut c.h.superuser().await)
            .await
            .unwrap();
        (row.get(0), row.get(1))
    };
    let (path, version) = (format!("/prescriptions/{id}/withdrawal"), version.to_string());
    assert!(c.act(&path, &[("version", &version), ("reason", " ")]).await.expect(422).body.contains("取り消す理由"));
    let pane = c.act(&path, &[("version", &version), ("reason", "薬を間違えた")]).await.expect(200);
    assert!(pane.body.contains("まだ処方はありません"));
    c.act(&path, &[("version", &version), ("reason", "薬を間違えた")]).await.expect(409);
    assert!(
        c.clerk.get(&format!("/encounters/{}/prescription.pdf", c.visit)).await.expect(422).body.contains("署名された処方がありません")
    );
    c.add(&c.doctor, &[("drug_code", "999000002")]).await.expect(303);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
}

/// Rules: an allergy stops, a second drug of the same ingredient asks for a reason, and neither is signed past.
#[tokio::test]
async fn what_the_rules_find_stands_at_the_line_and_in_the_way_of_signing() {
    let c = consultation().await;
    let h = c.h;
    sqlx::query("UPDATE drug_master SET yj_code = '9999777X10' || right(code, 2) WHERE code IN ('999000020', '999000021')")
        .execute(&mut h.superuser().await)
        .await
        .unwrap();
    c.add(&c.doctor, &[("drug_code", "999000020")]).await.expect(303);
    c.add(&c.doctor, &[("drug_code", "999000021")]).await.expect(303);
    let page = c.page().await;
    assert!(page.body.contains("data-level=\"reason\"") && page.body.contains("成分が重なります"), "{}", page.body);
    let key = Uuid::now_v7().to_string();
    let allergy = [
        ("patient_token", c.patient.as_str()),
        ("idempotency_key", &key),
        ("category", "medication"),
        ("substance_code", "999000020"),
        ("certainty", "confirmed"),
        ("source", "patient"),
        ("severity", "severe"),
    ];
    c.doctor.post(&format!("/patients/{}/allergies", c.patient), &allergy).await.expect(303);
    let page = c.page().await;
    assert!(page.body.contains("data-level=\"block\"") && page.body.contains("ケンショウヤク20錠(重症)"), "the stripe and the line say so");
    let refused = c.sign(&c.doctor, &c.seen().await).await.expect(422);
    assert!(refused.body.contains("アレルギー「ケンショウヤク20錠」の登録があります"), "{}", refused.body);
}

/// A booking `days` from today, as the book keeps it.
async fn book(c: &Consultation, days: i64) {
    let mut db = c.h.superuser().await;
    let schedule = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO schedule (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, name, is_exclusive)
         VALUES ($1, $2, 1, now(), $2, $2, 'active', '', $2::text, false)",
    )
    .bind(c.here.id.as_uuid())
    .bind(schedule)
    .execute(&mut db)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO appointment (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, schedule_id, patient_id, day,
            starts_at, ends_at, seat_no, is_exclusive, route)
         SELECT $1, $2, 1, now(), $2, $2, 'booked', '', $3, $4::uuid, at::date, at, at + interval '15 min', 1, false, 'chart'
         FROM (SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date + $5::int + time '09:00' AT TIME ZONE 'Asia/Tokyo' AS at) t",
    )
    .bind(c.here.id.as_uuid())
    .bind(Uuid::now_v7())
    .bind(schedule)
    .bind(&c.patient)
    .bind(i32::try_from(days).unwrap())
    .execute(&mut db)
    .await
    .unwrap();
}

/// 日数合わせ: one act for every line, less what is left at home; Do is fitted by itself.
#[tokio::test]
async fn days_follow_the_next_booking() {
    let mut c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    assert!(c.act_here("fitting", &[]).await.expect(422).body.contains("次回の予約がありません"));
    book(&c, 28).await;
    c.add(&c.doctor, &[("drug_code", "999000002"), ("leftover_days", "7")]).await.expect(303);
    let page = c.page().await;
    assert!(page.body.contains("予約の14日前") && page.statements() <= 12, "{}", page.body);
    let fitted = c.act_here("fitting", &[]).await.expect(200);
    assert!(fitted.body.contains("value=\"28\"") && fitted.body.contains("value=\"21\""), "{}", fitted.body);
    assert_eq!(fitted.body.matches("予約に一致").count(), 2);
    let back = c.act_here("undo", &[("rows", &undo_rows(&fitted.body))]).await.expect(200);
    assert_eq!(back.body.matches("name=\"count\" value=\"14\"").count(), 2, "{}", back.body);
    c.sign(&c.doctor, &c.seen().await).await.expect(303);
    let earlier = c.again().await;
    let done = c.act_here("repetition", &[("from", &earlier)]).await.expect(200);
    assert_eq!(done.body.matches("name=\"count\" value=\"28\"").count(), 2, "{}", done.body);
}

/// Sets: kept from a prescription, put into another, edited, and one's own are nobody else's.
#[tokio::test]
async fn a_set_is_kept_applied_and_edited() {
    let mut c = consultation().await;
    c.add(&c.doctor, &[("drug_code", "999000008"), ("count", "5")]).await.expect(303);
    c.add(&c.doctor, &[("drug_code", "999000009")]).await.expect(303);
    let keep = [("name", "かぜ"), ("scope", "personal")];
    c.act_here("set", &[("name", " "), ("scope", "personal")]).await.expect(422);
    c.act_here("set", &[("name", "かぜ"), ("scope", "department")]).await.expect(422);
    assert!(c.act_here("set", &keep).await.expect(200).body.contains("セット「かぜ」を作りました"));
    let page = c.doctor.get("/order-sets").await.expect(200);
    let id = page.body.split("/order-sets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let other = c.here.client_as(c.h, c.here.principal(Role::Doctor)).await;
    other.get(&format!("/order-sets/{id}")).await.expect(200);
    let path = format!("/order-sets/{id}");
    let edit = [
        ("version", "1"),
        ("name", "かぜ(短期)"),
        ("scope", "personal"),
        ("dose_0", "2"),
        ("usage_0", "3t"),
        ("count_0", "3"),
        ("remove_1", "yes"),
    ];
    let wrong: Vec<_> = edit.iter().copied().map(|(k, v)| if k == "count_0" { (k, "91") } else { (k, v) }).collect();
    assert!(c.doctor.post(&path, &wrong).await.expect(422).body.contains("日数は1日から90日まで"));
    c.doctor.post(&path, &edit).await.expect(303);
    c.doctor.post(&path, &edit).await.expect(409);
    c.again().await;
    let applied = c.act_here("set-application", &[("set", &id)]).await.expect(200);
    assert!(
        applied.body.contains("セット「かぜ(短期)」の1剤を入れました") && applied.body.contains("2錠 1日3回毎食後"),
        "{}",
        applied.body
    );
    c.act_here("set-application", &[("set", &Uuid::now_v7().to_string())]).await.expect(404);
    c.neighbour.client(c.h, Role::Doctor).await.get(&path).await.expect(404);
    c.doctor.post(&format!("{path}/withdrawal"), &[("version", "2")]).await.expect(303);
    assert!(c.doctor.get("/order-sets").await.expect(200).body.contains("セットはまだありません"));
}
