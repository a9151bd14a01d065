//! 確定 takes along what was on the page and nothing else; a warning that stops needs a reason and a superior. R2, S10.

use domain::Role;
use sqlx::Row;
use uuid::Uuid;

use crate::harness::{Answer, Client};
use crate::prescriptions::{Consultation, consultation};

impl Consultation {
    fn panel_path(&self) -> String {
        format!("/encounters/{}/warnings", self.visit)
    }

    async fn panel(&self, by: &Client) -> Answer {
        by.get_fragment(&self.panel_path()).await.expect(200)
    }

    /// What the boxes beside the text say they show.
    async fn shown(&self, by: &Client) -> [(&'static str, String); 3] {
        let box_of = async |path: String, name: &'static str| {
            let body = by.get_fragment(&path).await.expect(200).body;
            let value = body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
            (name, value.to_owned())
        };
        let visit = &self.visit;
        [
            box_of(format!("/encounters/{visit}/prescription"), "seen_prescription").await,
            box_of(format!("/encounters/{visit}/orders"), "seen_orders").await,
            box_of(format!("/patients/{}/conditions?encounter={visit}", self.patient), "seen_conditions").await,
        ]
    }

    /// 確定 of a page that showed this, with a text that is not on the server yet.
    async fn finalize(&self, by: &Client, shown: &[(&'static str, String)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut form = vec![("patient_token", self.patient.as_str()), ("idempotency_key", key.as_str()), ("body_S", "変わりない。")];
        form.extend(["version_S", "version_O", "version_A", "version_P"].map(|name| (name, "0")));
        form.extend(shown.iter().map(|(name, value)| (*name, value.as_str())));
        by.post(&format!("/encounters/{}/note/finalization", self.visit), &form).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let visit: Uuid = self.visit.parse().unwrap();
        sqlx::query(sql).bind(visit).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }

    async fn signed(&self) -> (i64, i64) {
        let lines = self.count("SELECT count(*) FROM medication_request WHERE encounter_id = $1 AND status = 'signed'").await;
        (self.count("SELECT count(*) FROM note WHERE encounter_id = $1 AND signed_at IS NOT NULL").await, lines)
    }

    /// The 院長: a doctor in force who also administers the clinic.
    async fn director(&self) -> Client {
        let mut principal = self.here.principal(Role::Doctor);
        principal.roles = vec![Role::Doctor, Role::ClinicAdmin];
        principal.staff_id = self.here.staff_of(Role::ClinicAdmin);
        principal.staff_name = "紺野 修".into();
        self.here.client_as(self.h, principal).await
    }

    /// A drug against a registered allergy; gives the code of the warning.
    async fn forbidden_drug(&self) -> String {
        let key = Uuid::now_v7().to_string();
        let allergy = [
            ("patient_token", self.patient.as_str()),
            ("idempotency_key", key.as_str()),
            ("category", "medication"),
            ("substance", "ケンショウヤク01"),
            ("severity", "severe"),
            ("certainty", "confirmed"),
            ("source", "patient"),
        ];
        self.doctor.post(&format!("/patients/{}/allergies", self.patient), &allergy).await.expect(303);
        self.add(&self.doctor, &[]).await.expect(303);
        let panel = self.panel(&self.doctor).await.body;
        let code = panel.split("name=\"code\" value=\"").nth(1).unwrap_or_else(|| panic!("{panel}"));
        code.split('"').next().unwrap().to_owned()
    }

    async fn say(&self, by: &Client, act: &str, code: &str, reason: &str) -> Answer {
        let form = [("patient_token", self.patient.as_str()), ("code", code), ("reason", reason)];
        by.post(&format!("{}{act}", self.panel_path()), &form).await
    }
}

/// R2: a line that was added or changed after the page was drawn is told, nothing is signed and no word is lost; then it goes.
#[tokio::test]
async fn lines_the_page_did_not_show_are_not_signed() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let early = c.shown(&c.doctor).await;
    c.add(&c.doctor, &[("drug_code", "999000002"), ("count", "7")]).await.expect(303);
    let refused = c.finalize(&c.doctor, &early).await.expect(409);
    assert!(refused.body.contains("ケンショウヤク02錠") && refused.body.contains("7日分") && refused.body.contains("画面になかった"));
    assert!(!refused.body.contains("<strong>処方</strong> ケンショウヤク01錠"), "what was shown is no difference");
    assert!(refused.body.contains("変わりない。"), "the text of the form is on the answer");
    assert_eq!(c.signed().await, (0, 0));

    let before = c.shown(&c.doctor).await;
    let (id, _) = before[0].1.split(' ').next().unwrap().split_once(':').unwrap();
    let days = [("patient_token", c.patient.as_str()), ("version", "1"), ("count", "28")];
    c.doctor.post(&format!("/prescription-lines/{id}/days"), &days).await.expect(303);
    let changed = c.finalize(&c.doctor, &before).await.expect(409);
    assert!(changed.body.contains("28日分") && changed.body.contains("内容が変わった"), "{}", changed.body);
    assert_eq!(c.signed().await, (0, 0));
    c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(303);
    assert_eq!(c.signed().await, (1, 2));
}

/// R2: the same for orders and names of diseases, and for a line that is no longer there.
#[tokio::test]
async fn orders_and_lines_taken_away_are_told_too() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let early = c.shown(&c.doctor).await;
    let key = Uuid::now_v7().to_string();
    let order = [("patient_token", c.patient.as_str()), ("idempotency_key", key.as_str()), ("code", "SMP-URI"), ("quantity", "1")];
    c.doctor.post(&format!("/encounters/{}/orders", c.visit), &order).await.expect(303);
    let (id, _) = early[0].1.split_once(':').unwrap();
    let form = [("patient_token", c.patient.as_str()), ("version", "1")];
    c.doctor.post(&format!("/prescription-lines/{id}/withdrawal"), &form).await.expect(303);
    let refused = c.finalize(&c.doctor, &early).await.expect(409);
    assert!(refused.body.contains("見本尿検査") && refused.body.contains("外された"), "{}", refused.body);
    let issued = "SELECT count(*) FROM service_request WHERE encounter_id = $1 AND status <> 'draft'";
    assert_eq!(c.count(issued).await, 0);
    c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(303);
    assert_eq!((c.count(issued).await, c.signed().await), (1, (1, 0)));
}

/// Without scripts no box stands beside the text: the first 確定 shows what it would take along, the second one takes it.
#[tokio::test]
async fn a_browser_without_scripts_is_shown_the_lines_first() {
    let c = consultation().await;
    c.add(&c.doctor, &[]).await.expect(303);
    let refused = c.finalize(&c.doctor, &[]).await.expect(409).body;
    let fields = refused.split("<noscript>").nth(1).and_then(|rest| rest.split("</noscript>").next()).unwrap();
    let of = |name: &'static str| {
        let value = fields.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
        (name, value.to_owned())
    };
    let shown = [of("seen_prescription"), of("seen_orders"), of("seen_conditions")];
    c.finalize(&c.doctor, &shown).await.expect(303);
    assert_eq!(c.signed().await, (1, 1));
    let again = consultation().await;
    again.finalize(&again.doctor, &[("seen_prescription", "x".into())]).await.expect(422);
}

/// No page takes more than twelve statements: the panel costs the same whatever there is to check.
#[tokio::test]
async fn the_panel_takes_at_most_twelve_statements() {
    let c = consultation().await;
    c.forbidden_drug().await;
    c.add(&c.doctor, &[("drug_code", "999000002")]).await.expect(303);
    let panel = c.panel(&c.doctor).await;
    assert!(panel.statements() <= 12, "{}", panel.statements());
    let page = c.doctor.get(&c.panel_path()).await.expect(200);
    assert!(page.statements() <= 12, "{}", page.statements());
}

/// A draft is looked at however much was signed at other visits since it was written.
#[tokio::test]
async fn no_number_of_later_lines_hides_a_draft_from_the_panel() {
    let c = consultation().await;
    let code = c.forbidden_drug().await;
    let later = "WITH other AS (INSERT INTO encounter SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(),
        'reception_date', '2020-01-06'))).* FROM encounter e WHERE id = $1 RETURNING id)
        INSERT INTO medication_request SELECT (jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid(), 'status', 'signed',
        'encounter_id', other.id, 'prescription_id', NULL, 'recorded_at', now() + interval '1 second'))).*
        FROM medication_request m, other, generate_series(1, 250) WHERE m.encounter_id = $1";
    let visit: Uuid = c.visit.parse().unwrap();
    let done = sqlx::query(later).bind(visit).execute(&mut c.h.superuser().await).await.unwrap();
    assert_eq!(done.rows_affected(), 250);
    assert!(c.panel(&c.doctor).await.body.contains(&code));
}

/// S10: a warning that stops is passed with a reason and a superior's agreement, both kept; nobody agrees to a reason of one's own.
#[tokio::test]
async fn a_stop_is_passed_with_a_reason_and_a_superior() {
    let c = consultation().await;
    let (code, director) = (c.forbidden_drug().await, c.director().await);
    assert!(c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(422).body.contains("止めるもの・理由の要るもの"));
    assert!(c.say(&director, "/approval", &code, "").await.expect(422).body.contains("承認を待っている理由がありません"));
    c.say(&c.doctor, "", &code, "").await.expect(422);
    c.say(&c.doctor, "", &code, "ほかに手段がない").await.expect(303);
    assert!(c.panel(&c.doctor).await.body.contains("承認を待っています"));
    c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(422);
    assert!(c.say(&c.doctor, "/approval", &code, "").await.expect(422).body.contains("院長か、医師免許のある管理者"));
    assert!(c.panel(&director).await.body.contains("上位者として承認する"));
    let wrong = [("patient_token", c.visit.as_str()), ("code", code.as_str())];
    director.post(&format!("{}/approval", c.panel_path()), &wrong).await.expect(422);
    for _ in 0..2 {
        c.say(&director, "/approval", &code, "").await.expect(303);
    }
    let panel = c.panel(&c.doctor).await.body;
    assert!(panel.contains("承認済") && panel.contains("ほかに手段がない") && panel.contains("確定できます"), "{panel}");
    let kept = "SELECT count(*) FROM warning_approval p JOIN warning_answer a ON a.id = p.answer_id WHERE a.encounter_id = $1 AND p.approved_by <> a.answered_by";
    assert_eq!(c.count(kept).await, 1);
    c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(303);
    assert_eq!(c.signed().await, (1, 1));
}

/// S10: the 院長 treats patients too, and still needs somebody else.
#[tokio::test]
async fn nobody_agrees_to_a_reason_of_ones_own() {
    let c = consultation().await;
    let (code, director) = (c.forbidden_drug().await, c.director().await);
    c.say(&director, "", &code, "医学的に必要").await.expect(303);
    assert!(c.say(&director, "/approval", &code, "").await.expect(422).body.contains("自分が書いた理由は"));
    let neighbour = c.neighbour.client(c.h, Role::Doctor).await;
    c.say(&neighbour, "/approval", &code, "").await.expect(404);
    assert_eq!(c.count("SELECT count(*) FROM warning_approval WHERE encounter_id = $1").await, 0);
}

/// A drug that ends in the master between order and 確定 is said before 確定, and no superior passes it.
#[tokio::test]
async fn a_drug_that_ended_meanwhile_is_said_before_signing() {
    let c = consultation().await;
    c.add(&c.doctor, &[("drug_code", "999000024")]).await.expect(303);
    assert!(c.panel(&c.doctor).await.body.contains("確定できます"));
    let end = "UPDATE drug_master SET valid_to = current_date - 2 WHERE code = '999000024'";
    sqlx::query(end).execute(&mut c.h.superuser().await).await.unwrap();
    let panel = c.panel(&c.doctor).await.body;
    assert!(panel.contains("ケンショウヤク24錠") && panel.contains("に終わっています") && !panel.contains("確定できます"), "{panel}");
    assert!(!panel.contains("name=\"code\""), "no reason is asked for");
    c.say(&c.doctor, "", "rx.ended:999000024", "急ぎ").await.expect(422);
    c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(422);
    assert_eq!(c.signed().await, (0, 0));
}

/// S10: days and doses no prescription can have are refused at their fields.
#[tokio::test]
async fn days_0_and_91_and_an_eleven_digit_dose_are_refused_at_the_field() {
    let c = consultation().await;
    for (changes, field) in [([("count", "0")], "count"), ([("count", "91")], "count"), ([("dose", "12345678901")], "dose")] {
        let refused = c.add(&c.doctor, &changes).await.expect(422).body;
        assert!(refused.contains(&format!("id=\"{field}-error\"")), "{changes:?}: {refused}");
        assert!(refused.contains(&format!("value=\"{}\"", changes[0].1)), "what was typed is kept");
    }
    assert_eq!(c.count("SELECT count(*) FROM medication_request WHERE encounter_id = $1").await, 0);
}

/// Fired, accepted, overridden, open of one rule on the page of this month.
async fn numbers(c: &Consultation, rule: &str) -> Vec<String> {
    let page = c.here.client(c.h, Role::ClinicAdmin).await.get("/warnings/budget").await.expect(200);
    assert!(page.statements() <= 4);
    let Some(row) = page.body.split("<tr><th scope=\"row\">").find(|row| row.starts_with(rule)) else { return vec![] };
    row.split("<td class=\"num\">").skip(1).map(|cell| cell.split('<').next().unwrap().to_owned()).collect()
}

/// 警告予算: each finding is counted once, and by what became of it.
#[tokio::test]
async fn what_the_rules_say_is_counted_by_what_became_of_it() {
    let c = consultation().await;
    assert!(numbers(&c, "allergy").await.is_empty());
    c.forbidden_drug().await;
    c.panel(&c.doctor).await;
    assert_eq!(numbers(&c, "allergy").await, ["1", "0", "0", "1"]);
    let shown = c.shown(&c.doctor).await;
    let (id, _) = shown[0].1.split(' ').next().unwrap().split_once(':').unwrap();
    c.doctor
        .post(&format!("/prescription-lines/{id}/withdrawal"), &[("patient_token", c.patient.as_str()), ("version", "1")])
        .await
        .expect(303);
    c.finalize(&c.doctor, &c.shown(&c.doctor).await).await.expect(303);
    assert_eq!(numbers(&c, "allergy").await, ["1", "1", "0", "0"], "the drug was taken away: the warning was heard");

    let c = consultation().await;
    let code = c.forbidden_drug().await;
    c.say(&c.doctor, "", &code, "効果と危険を比べて必要").await.expect(303);
    assert_eq!(numbers(&c, "allergy").await, ["1", "0", "1", "0"]);
    let last_month = c.here.client(c.h, Role::ClinicAdmin).await.get("/warnings/budget?month=2020-01").await.expect(200).body;
    assert!(last_month.contains("この月に出た警告はありません"));
    c.clerk.get("/warnings/budget").await.expect(403);
}
