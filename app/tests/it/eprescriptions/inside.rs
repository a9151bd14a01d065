//! 院内処方の登録: at once for outpatients and people going home, when the clinic chose for inpatients; changed, taken back, and never
//! in the way of care. FN-EP-11.

use simulators::national::eps::inside::{Given, Status as Stands};

use super::*;

impl Desk {
    pub(super) async fn setting(&self, timing: &str, closing_day: &str, version: &str) -> Answer {
        let admin = self.here.client(self.h, Role::ClinicAdmin).await;
        let form = [("is_on", "yes"), ("timing", timing), ("closing_day", closing_day), ("version", version)];
        admin.post("/eprescriptions/inside", &form).await
    }

    /// The clinic is a hospital that registers what inpatients get at this time.
    async fn hospital(&self, timing: &str, closing_day: &str) {
        let sql = "UPDATE tenant SET kind = 'hospital' WHERE id = $1";
        sqlx::query(sql).bind(self.here.id.as_uuid()).execute(&mut self.h.superuser().await).await.unwrap();
        self.setting(timing, closing_day, "0").await.expect(303);
    }

    /// Something handed out here was signed; its visit and its id.
    pub(super) async fn handed_out(&self, class: &str, place: &str) -> (String, Uuid) {
        let visit = self.visit().await;
        let sql = "UPDATE encounter SET class = $2 WHERE id = $1";
        sqlx::query(sql).bind(visit.parse::<Uuid>().unwrap()).bind(class).execute(&mut self.h.superuser().await).await.unwrap();
        self.head(&visit, &[("dispensed_at", place)]).await.expect(303);
        self.line(&visit, DRUG).await;
        self.sign(&self.doctor, &visit).await.expect(303);
        let id = self.newest(&visit).await;
        (visit, id)
    }

    async fn newest(&self, visit: &str) -> Uuid {
        let sql = "SELECT id FROM prescription WHERE encounter_id = $1 ORDER BY id DESC LIMIT 1";
        sqlx::query(sql).bind(visit.parse::<Uuid>().unwrap()).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }

    pub(super) async fn inside(&self, id: Uuid) -> (String, i32) {
        let sql = "SELECT status, version FROM inside_registration WHERE id = $1";
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut self.h.superuser().await).await.unwrap();
        row.map_or_else(|| ("none".into(), 0), |row| (row.get(0), row.get(1)))
    }

    fn given(&self) -> Vec<Given> {
        self.services.cabinet.all().into_iter().filter(|given| given.status == Stands::Registered).collect()
    }

    async fn inside_act(&self, id: Uuid, what: &str, fields: &[(&str, &str)]) -> Answer {
        let (version, key) = (self.inside(id).await.1.to_string(), Uuid::now_v7().to_string());
        let mut form = vec![("patient_token", self.patient.as_str()), ("idempotency_key", &key), ("version", &version)];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.doctor.post(&format!("/prescriptions/{id}/{what}"), &form).await
    }

    async fn inside_box(&self, visit: &str) -> Answer {
        self.doctor.get_fragment(&format!("/encounters/{visit}/inside-registrations")).await.expect(200)
    }

    pub(super) async fn take_back(&self, id: Uuid) -> Answer {
        let sql = "SELECT version FROM prescription WHERE id = $1";
        let version: i32 = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0);
        let form = [("patient_token", self.patient.as_str()), ("version", &version.to_string()), ("reason", "渡し間違い")];
        self.doctor.post(&format!("/prescriptions/{id}/withdrawal"), &form).await
    }
}

/// FN-EP-11: an outpatient's medicine is registered as soon as it is signed, once, without a number or a paper to hand over; off
/// until the clinic wants it.
#[tokio::test]
async fn what_an_outpatient_gets_here_is_registered_at_once() {
    let d = desk().await;
    let (early, off) = d.handed_out("AMB", "inside").await;
    d.deliver().await;
    assert_eq!((d.inside(off).await.0.as_str(), d.given().len()), ("none", 0), "nobody chose to register");
    d.setting("daily", "31", "0").await.expect(303);
    let (visit, id) = d.handed_out("AMB", "inside").await;
    assert_eq!(d.inside(id).await.0, "pending");
    for fault in [Fault::LostReply, Fault::Cut] {
        d.services.eps_faults.next(fault, 1);
    }
    for _ in 0..4 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(3));
    }
    d.settle_clock();
    assert_eq!(d.inside(id).await.0, "registered");
    let [given] = &d.given()[..] else { panic!("{:?}", d.given()) };
    assert_eq!((given.care.as_str(), given.summary.drugs.as_slice()), ("1", &["見本電子処方錠".to_owned()][..]));
    assert!(d.services.shelf.all().is_empty(), "it is no 処方箋");
    let page = d.inside_box(&visit).await;
    assert!(page.body.contains("登録済") && !page.body.contains("引換番号") && page.statements() <= 12, "{}", page.body);
    let pane = d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200);
    assert!(pane.body.contains("/inside-registrations") && pane.statements() <= 12, "{}", pane.statements());

    // What was handed out before the clinic chose is registered when somebody asks.
    assert!(d.inside_box(&early).await.body.contains("未登録"));
    let version: i32 =
        sqlx::query("SELECT version FROM prescription WHERE id = $1").bind(off).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    d.inside_act(off, "inside-registration", &[("version", &version.to_string())]).await.expect(303);
    d.deliver().await;
    assert_eq!((d.inside(off).await.0.as_str(), d.given().len()), ("registered", 2));
}

/// FN-EP-11: the three timings of a hospital, and 退院時 at once under each.
#[tokio::test]
async fn what_an_inpatient_gets_is_registered_when_the_hospital_chose() {
    let d = desk().await;
    d.hospital("daily", "31").await;
    let (_, daily) = d.handed_out("IMP", "inside").await;
    let (_, home) = d.handed_out("IMP", "discharge").await;
    d.deliver().await;
    assert_eq!((d.inside(daily).await.0.as_str(), d.inside(home).await.0.as_str()), ("pending", "registered"));
    assert_eq!(d.given()[0].care, "3");
    d.pass(TimeDelta::hours(24));
    d.deliver().await;
    assert_eq!((d.inside(daily).await.0.as_str(), d.given()[1].care.as_str()), ("registered", "2"));
    d.settle_clock();

    d.setting("closing", "31", "1").await.expect(303);
    let (visit, closing) = d.handed_out("IMP", "inside").await;
    d.deliver().await;
    assert_eq!(d.inside(closing).await.0, "pending");
    assert!(d.inside_box(&visit).await.body.contains(" に登録します"));
    d.pass(TimeDelta::days(32));
    d.deliver().await;
    assert_eq!(d.inside(closing).await.0, "registered", "the last day of the month is over");
    d.settle_clock();

    d.setting("discharge", "31", "2").await.expect(303);
    let (visit, held) = d.handed_out("IMP", "inside").await;
    d.pass(TimeDelta::days(40));
    d.deliver().await;
    d.settle_clock();
    assert_eq!(d.inside(held).await.0, "held");
    assert!(d.inside_box(&visit).await.body.contains("退院(会計)のときに登録します"));
    let (_, other) = d.handed_out("AMB", "inside").await;
    d.deliver().await;
    assert_eq!(d.inside(other).await.0, "registered", "an outpatient never waits");
    d.go_home(&visit).await;
    d.deliver().await;
    assert_eq!(d.inside(held).await.0, "registered");
    assert_eq!(d.given().len(), 5);
}

impl Desk {
    /// The patient leaves and pays later.
    async fn go_home(&self, visit: &str) {
        let id: Uuid = visit.parse().unwrap();
        let sql = "UPDATE encounter SET status = 'billing_wait' WHERE id = $1";
        sqlx::query(sql).bind(id).execute(&mut self.h.superuser().await).await.unwrap();
        for (path, fields) in [
            ("charge-items", [("q", "見本初診料"), ("points", "291"), ("section", "110")]),
            ("billing-terms", [("copay", "30"), ("public_yen", "0"), ("note", "")]),
            ("payments", [("method", "later"), ("unpaid_reason", "later"), ("note", "")]),
        ] {
            let sql = "SELECT coalesce((SELECT version FROM account WHERE id = $1), 0)::bigint";
            let version: i64 = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0);
            let (version, key) = (version.to_string(), Uuid::now_v7().to_string());
            let mut form = vec![("patient_token", self.patient.as_str()), ("version", &version), ("idempotency_key", &key)];
            form.extend(fields);
            self.clerk.post(&format!("/encounters/{visit}/{path}"), &form).await.expect(303);
        }
    }
}

/// FN-EP-11: a change takes its place in one go; a withdrawal goes out, and what was never sent ends without a word.
#[tokio::test]
async fn a_change_and_a_withdrawal_reach_the_service() {
    let d = desk().await;
    d.setting("daily", "31", "0").await.expect(303);
    let (visit, old) = d.handed_out("AMB", "inside").await;
    d.deliver().await;
    d.inside_act(old, "inside-change", &[]).await.expect(303);
    assert!(d.inside_box(&visit).await.body.contains("変更の下書きがあります"));
    d.inside_act(old, "inside-change", &[]).await.expect(422);
    d.inside_act(old, "inside-change", &[("undo", "yes")]).await.expect(303);
    d.inside_act(old, "inside-change", &[("undo", "yes")]).await.expect(422);
    d.inside_act(old, "inside-change", &[]).await.expect(303);
    d.sign(&d.doctor, &visit).await.expect(303);
    let new = d.newest(&visit).await;
    assert_eq!((d.inside(old).await.0.as_str(), d.inside(new).await.0.as_str()), ("changing", "pending"));
    d.deliver().await;
    assert_eq!((d.inside(old).await.0.as_str(), d.inside(new).await.0.as_str()), ("changed", "registered"));
    assert_eq!(d.given().len(), 1, "one for the other");
    let lines = d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body;
    assert_eq!(lines.matches("class=\"rx-row\"").count(), 1, "the old lines are history");

    d.take_back(new).await.expect(303);
    assert_eq!(d.inside(new).await.0, "withdrawing");
    d.deliver().await;
    assert_eq!((d.inside(new).await.0.as_str(), d.given().len()), ("withdrawn", 0));

    // A change that is turned down leaves the old one at the service; it is sent again, or both are taken back.
    for is_sent_again in [true, false] {
        let (visit, old) = d.handed_out("AMB", "inside").await;
        d.deliver().await;
        d.inside_act(old, "inside-change", &[]).await.expect(303);
        d.sign(&d.doctor, &visit).await.expect(303);
        let new = d.newest(&visit).await;
        d.services.eps_faults.next(Fault::Refused, 1);
        d.deliver().await;
        assert_eq!((d.inside(old).await.0.as_str(), d.inside(new).await.0.as_str()), ("registered", "refused"));
        if is_sent_again {
            d.inside_act(new, "inside-registration", &[]).await.expect(303);
            d.deliver().await;
            assert_eq!((d.inside(old).await.0.as_str(), d.inside(new).await.0.as_str()), ("changed", "registered"));
            assert_eq!(d.given().len(), 1);
        }
        d.take_back(new).await.expect(303);
        d.deliver().await;
        assert!(d.given().is_empty(), "{is_sent_again}");
    }

    // Never sent.
    let (_, third) = d.handed_out("AMB", "inside").await;
    d.take_back(third).await.expect(303);
    assert_eq!(d.inside(third).await.0, "withdrawn");
    d.deliver().await;
    assert!(d.given().is_empty());

    // Sent, and the answer lost: it is looked for and taken back.
    let (_, fourth) = d.handed_out("AMB", "inside").await;
    d.services.eps_faults.next(Fault::LostReply, 1);
    d.deliver().await;
    assert_eq!((d.inside(fourth).await.0.as_str(), d.given().len()), ("pending", 1));
    d.take_back(fourth).await.expect(303);
    for _ in 0..4 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(3));
    }
    assert_eq!((d.inside(fourth).await.0.as_str(), d.given().len()), ("withdrawn", 0));
}

/// FN-EP-11: what the records or the service refuse stops no signature; it is said, mended and registered again.
#[tokio::test]
async fn a_refusal_is_said_and_never_stops_care() {
    let d = desk().await;
    d.setting("daily", "31", "0").await.expect(303);
    let visit = d.visit().await;
    d.head(&visit, &[("dispensed_at", "inside")]).await.expect(303);
    d.line(&visit, DUMMY).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    let id = d.newest(&visit).await;
    assert_eq!(d.inside(id).await.0, "refused");
    assert!(d.inside_box(&visit).await.body.contains("ダミーコード"));

    let (visit, id) = d.handed_out("AMB", "inside").await;
    d.services.eps_faults.next(Fault::Refused, 1);
    d.deliver().await;
    assert_eq!(d.inside(id).await.0, "refused");
    assert!(d.inside_box(&visit).await.body.contains("登録し直す"));
    let again = async |fields: &[(&str, &str)]| d.inside_act(id, "inside-registration", fields).await;
    again(&[("version", "1")]).await.expect(409);
    again(&[("patient_token", "x")]).await.expect(422);
    let neighbour = d.neighbour.client(d.h, Role::Doctor).await;
    neighbour.post(&format!("/prescriptions/{id}/inside-registration"), &[("patient_token", d.patient.as_str())]).await.expect(404);
    let key = Uuid::now_v7().to_string();
    again(&[("idempotency_key", &key)]).await.expect(303);
    again(&[("idempotency_key", &key)]).await.expect(303);
    d.deliver().await;
    assert_eq!((d.inside(id).await.0.as_str(), d.given().len()), ("registered", 1));
    again(&[]).await.expect(422);
}

/// FN-EP-11: the setting is a version, its worst input is said at the field, and a clinic is not asked what only a hospital has.
#[tokio::test]
async fn the_setting_is_the_administrators_and_keeps_what_was_typed() {
    let d = desk().await;
    let admin = d.here.client(d.h, Role::ClinicAdmin).await;
    let page = admin.get("/eprescriptions/inside").await.expect(200);
    assert!(page.body.contains("登録しない") && !page.body.contains("締め日") && page.statements() <= 12);
    d.doctor.get("/eprescriptions/inside").await.expect(403);
    d.hospital("closing", "25").await;
    for bad in ["0", "29", "32", "末日", "999999999999"] {
        let refused = d.setting("closing", bad, "1").await.expect(422);
        assert!(refused.body.contains("締め日は1から28") && refused.body.contains(bad), "{bad}");
    }
    d.setting("weekly", "1", "1").await.expect(422);
    d.setting("closing", "20", "0").await.expect(409);
    d.setting("closing", "20", "1").await.expect(303);
    d.setting("closing", "20", "1").await.expect(303);
    assert!(admin.get("/eprescriptions/inside").await.body.contains("value=\"20\""));
    let visit = d.visit().await;
    d.line(&visit, DRUG).await;
    let refused = d.head(&visit, &[("dispensed_at", "discharge"), ("version", "1")]).await.expect(422);
    assert!(refused.body.contains("入院の受診だけで選べます"));
}

/// FN-EP-11: what is handed out here is no 処方箋; the patient gets a page for the お薬手帳, and each 薬袋 its label.
#[tokio::test]
async fn what_is_handed_out_here_has_a_page_and_labels_and_no_prescription_paper() {
    let d = desk().await;
    let (visit, _) = d.handed_out("AMB", "inside").await;
    let pdf = async |by: &Client, name: &str| {
        let answer = by.request("GET", &format!("/encounters/{visit}/{name}.pdf")).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    };
    let preview = d.clerk.get(&format!("/encounters/{visit}/prescription/print")).await.expect(200);
    assert!(
        preview.body.contains("薬袋のラベル") && !preview.body.contains("PDFを開いて印刷") && preview.statements() <= 12,
        "{}",
        preview.body
    );
    assert_eq!(pdf(&d.clerk, "prescription").await.0, 422);
    for name in ["medication-notebook", "medication-labels"] {
        let (status, bytes) = pdf(&d.clerk, name).await;
        assert_eq!(status, 200, "{name}");
        if let Some(text) = text_of(&bytes) {
            assert!(text.contains("見本電子処方錠") && text.contains("14日分"), "{name}: {text}");
        }
        assert_eq!(pdf(&d.neighbour.client(d.h, Role::Clerk).await, name).await.0, 404);
    }
    let outside = d.visit().await;
    d.line(&outside, DRUG).await;
    d.sign(&d.doctor, &outside).await.expect(303);
    let labels = d.clerk.get(&format!("/encounters/{outside}/medication-labels.pdf")).await.expect(422);
    assert!(labels.body.contains("院内で渡す薬がありません"));
}
