//! 検査・処置 through the real application: ordered, issued, done, billed, resulted, reviewed.

use domain::{EncounterId, Role};
use sqlx::Row;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness};

struct Visit {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    doctor: Client,
    nurse: Client,
    patient: String,
    visit: String,
}

async fn visit() -> Visit {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor, nurse) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await, here.client(h, Role::Nurse).await);
    let form = [("name_ideographic", "髙﨑 検査"), ("name_syllabic", "タカサキ ケンサ"), ("sex", "male"), ("birth_date", "1955-04-01")];
    let patient = clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "");
    let key = Uuid::now_v7().to_string();
    let form = [("patient_token", patient.as_str()), ("class", "AMB"), ("idempotency_key", key.as_str())];
    let received = clerk.post("/encounters", &form).await.expect(303);
    let visit = received.header("location").split("moved=").nth(1).unwrap().to_owned();
    Visit { h, here, neighbour, doctor, nurse, patient, visit }
}

impl Visit {
    async fn act(&self, client: &Client, path: &str, form: &[(&str, &str)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut whole = vec![("patient_token", self.patient.as_str()), ("idempotency_key", key.as_str())];
        for (name, value) in form {
            whole.retain(|(known, _)| known != name);
            whole.push((name, value));
        }
        client.post(path, &whole).await
    }

    fn pane(&self) -> String {
        format!("/encounters/{}/orders", self.visit)
    }

    async fn add(&self, form: &[(&str, &str)]) -> Answer {
        self.act(&self.doctor, &self.pane(), form).await
    }

    async fn order(&self, code: &str) -> (String, String, String) {
        let row = sqlx::query(
            "SELECT id::text, version::text, status FROM service_request WHERE tenant_id = $1 AND encounter_id = $2::uuid AND code = $3 ORDER BY id DESC",
        )
        .bind(self.here.id.as_uuid())
        .bind(&self.visit)
        .bind(code)
        .fetch_one(&mut self.h.superuser().await)
        .await
        .unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    async fn step(&self, client: &Client, code: &str, act: &str) -> Answer {
        let (id, version, _) = self.order(code).await;
        self.act(client, &format!("/orders/{id}/step"), &[("version", &version), ("act", act)]).await
    }

    async fn results(&self, code: &str, values: &[(&str, &str)]) -> Answer {
        let (id, version, _) = self.order(code).await;
        let mut form = vec![("version", version.as_str())];
        form.extend(values);
        self.act(&self.nurse, &format!("/orders/{id}/results"), &form).await
    }

    /// Issued and done.
    async fn done(&self, code: &str) {
        self.add(&[("code", code)]).await.expect(303);
        self.act(&self.doctor, &format!("{}/issue", self.pane()), &[]).await.expect(303);
        self.step(&self.nurse, code, "acknowledge").await.expect(303);
        self.step(&self.nurse, code, "finish").await.expect(303);
    }
}

#[tokio::test]
async fn a_set_is_ordered_once_issued_taken_and_done() {
    let v = visit().await;
    let items = v.doctor.post("/order-items", &[("order_q", "えいちびー")]).await.expect(200);
    assert!(items.body.contains("見本HbA1c"), "{}", items.body);
    for _ in 0..2 {
        v.act(&v.doctor, &format!("{}/set", v.pane()), &[("set", "SMP-SET-DM")]).await.expect(303);
    }
    let page = v.doctor.get_fragment(&v.pane()).await.expect(200);
    assert_eq!(page.body.matches("class=\"rx-row\"").count(), 3, "{}", page.body);
    assert!(page.statements() <= 12 && page.body.contains("今すぐ発行する"));
    assert!(v.step(&v.nurse, "SMP-A1C", "acknowledge").await.expect(422).body.contains("まだ発行されていません"));
    v.act(&v.doctor, &format!("{}/issue", v.pane()), &[]).await.expect(303);
    let list = v.nurse.get("/orders").await.expect(200);
    assert!(list.body.contains("タカサキ ケンサ") && list.body.contains("指示受け") && list.statements() <= 12);
    assert!(v.step(&v.doctor, "SMP-A1C", "acknowledge").await.expect(422).body.contains("看護師か検査技師"));
    v.step(&v.nurse, "SMP-A1C", "acknowledge").await.expect(303);
    v.step(&v.nurse, "SMP-A1C", "finish").await.expect(303);
    assert!(v.step(&v.nurse, "SMP-A1C", "finish").await.expect(422).body.contains("すでに実施済み"));
    let tx = v.h.operator().begin(v.here.id).await.unwrap();
    let lines = tsumugi::orders::store::done_lines(&tx, v.visit.parse::<EncounterId>().unwrap()).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].name.as_str(), lines[0].procedure_code.as_str(), lines[0].quantity), ("見本HbA1c", "199999004", 1));
}

/// 確定 issues what was only noted down.
#[tokio::test]
async fn signing_the_note_issues_the_drafts() {
    let v = visit().await;
    v.add(&[("code", "SMP-URI"), ("quantity", "2"), ("is_stat", "yes")]).await.expect(303);
    assert_eq!(v.order("SMP-URI").await.2, "draft");
    let key = Uuid::now_v7().to_string();
    let mut sign = vec![("patient_token", v.patient.as_str()), ("idempotency_key", key.as_str())];
    for (version, body, text) in [
        ("version_S", "body_S", "変わりない。"),
        ("version_O", "body_O", ""),
        ("version_A", "body_A", ""),
        ("version_P", "body_P", "尿検査を出す。"),
    ] {
        sign.extend([(version, "0"), (body, text)]);
    }
    let pane = v.doctor.get_fragment(&v.pane()).await.expect(200).body;
    let seen = pane.split("name=\"seen_orders\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    sign.push(("seen_orders", seen));
    v.doctor.post(&format!("/encounters/{}/note/finalization", v.visit), &sign).await.expect(303);
    assert_eq!(v.order("SMP-URI").await.2, "issued");
    let list = v.nurse.get("/orders").await.expect(200);
    assert!(list.body.contains("見本尿検査") && list.body.contains("至急"));
}

#[tokio::test]
async fn results_are_entered_flagged_read_and_taken_back() {
    let v = visit().await;
    v.done("SMP-A1C").await;
    let (id, _, _) = v.order("SMP-A1C").await;
    assert!(v.nurse.get(&format!("/orders/{id}/results")).await.expect(200).body.contains("4.9–6.0"));
    assert!(v.results("SMP-A1C", &[]).await.expect(422).body.contains("一つ以上"));
    let long = "9".repeat(61);
    assert!(v.results("SMP-A1C", &[("value_SMP-A1C", &long)]).await.expect(422).body.contains(&long), "what was typed is kept");
    v.results("SMP-A1C", &[("value_SMP-A1C", "７.９")]).await.expect(303);
    let list = v.doctor.get("/results").await.expect(200);
    assert!(
        list.body.contains("7.9") && list.body.contains("H(高)") && list.body.contains("異常") && list.statements() <= 12,
        "{}",
        list.body
    );
    let (_, version, status) = v.order("SMP-A1C").await;
    assert_eq!(status, "resulted");
    let review = format!("/orders/{id}/review");
    v.act(&v.nurse, &review, &[("version", &version)]).await.expect(403);
    v.act(&v.doctor, &review, &[("version", "1")]).await.expect(409);
    let reviewed = v.act(&v.doctor, &review, &[("version", &version)]).await.expect(303);
    let after = v.doctor.get(reviewed.header("location")).await.expect(200);
    assert!(after.body.contains("未確認の結果 0件") && after.body.contains("を確認しました"));
    let (_, version, status) = v.order("SMP-A1C").await;
    assert_eq!(status, "reviewed");
    v.act(&v.doctor, &format!("{review}/undo"), &[("version", &version)]).await.expect(303);
    assert!(v.doctor.get("/results").await.expect(200).body.contains("7.9"));
    v.results("SMP-A1C", &[("value_SMP-A1C", "5.8")]).await.expect(303);
    let corrected = v.doctor.get("/results").await.expect(200);
    assert!(corrected.body.contains("5.8") && !corrected.body.contains("H(高)"));
    v.neighbour.client(v.h, Role::Doctor).await.get(&format!("/orders/{id}/results")).await.expect(404);
}

#[tokio::test]
async fn wrong_input_is_kept_and_stale_or_foreign_forms_are_refused() {
    let v = visit().await;
    for (form, says) in [
        (&[("order_q", "見本")][..], "候補がいくつかあります"),
        (&[("order_q", "ぬ")][..], "2文字以上"),
        (&[("order_q", "存在しない検査")][..], "項目がありません"),
        (&[("code", "NOWHERE")][..], "一覧にありません"),
        (&[("code", "SMP-A1C"), ("quantity", "100")][..], "1から99まで"),
        (&[("code", "SMP-A1C"), ("quantity", "七")][..], "1から99まで"),
    ] {
        let refused = v.add(&[form, &[("note", "残しておく言葉")]].concat()).await.expect(422);
        assert!(refused.body.contains(says) && refused.body.contains("残しておく言葉"), "{form:?}: {}", refused.body);
    }
    v.add(&[("code", "SMP-A1C"), ("patient_token", "x")]).await.expect(422);
    let key = Uuid::now_v7().to_string();
    for _ in 0..2 {
        v.add(&[("code", "SMP-ECG"), ("idempotency_key", &key)]).await.expect(303);
    }
    assert_eq!(v.doctor.get_fragment(&v.pane()).await.body.matches("class=\"rx-row\"").count(), 1);
    let (id, version, _) = v.order("SMP-ECG").await;
    let path = format!("/orders/{id}/cancellation");
    v.act(&v.doctor, &path, &[("version", "9")]).await.expect(409);
    v.act(&v.nurse, &path, &[("version", &version)]).await.expect(403);
    v.act(&v.doctor, &path, &[("version", &version)]).await.expect(303);
    assert!(v.doctor.get_fragment(&v.pane()).await.body.contains("まだオーダーはありません"));
    v.done("SMP-LIP").await;
    let (id, version, _) = v.order("SMP-LIP").await;
    let refused = v.act(&v.doctor, &format!("/orders/{id}/cancellation"), &[("version", &version)]).await.expect(422);
    assert!(refused.body.contains("実施が始まっているため取り消せません"));
}
