//! 重複投薬等チェック: asked while the doctor writes, in the way until a reason is given, opened by consent only. FN-EP-04, 05.

use chrono::DateTime;
use simulators::national::eps::check::Past;
use simulators::national::eps::draft::Item;

use super::*;

const INSURER: &str = "01139997";
const NUMBER: &str = "9000001";
const ELSEWHERE: &str = "架空総合病院";

impl Desk {
    /// The patient has a coverage the service knows them by.
    pub(super) async fn insure(&self) {
        let sql = "INSERT INTO coverage (tenant_id, id, version, recorded_at, author_id, entered_by_id, status, digest, patient_id, kind,
            insurer_number, insurer_name, insured_symbol, insured_number, branch_number, relation, copay_percent, verified_on, verification, eligibility)
            VALUES ($1, $2, 1, now(), $2, $2, 'active', decode(repeat('00', 32), 'hex'), $3, 'employees',
            $4, '見本健康保険', '12345678', $5, '00', 'self', 30, current_date, 'card', 'valid')";
        let (id, patient): (Uuid, Uuid) = (Uuid::now_v7(), self.patient.parse().unwrap());
        let query = sqlx::query(sql).bind(self.here.id.as_uuid()).bind(id).bind(patient).bind(INSURER).bind(NUMBER);
        query.execute(&mut self.h.superuser().await).await.unwrap();
    }

    /// Somebody else gave this drug today.
    fn given_elsewhere(&self, code: &str) {
        let item = Item {
            code_type: "2".into(),
            code: code.into(),
            name: "よその<薬>錠".into(),
            usage: "1日1回朝食後".into(),
            form: "1".into(),
            days: 28,
        };
        let day = domain::clock::today(Utc::now());
        let (insurer, number) = (INSURER.into(), NUMBER.into());
        self.services.history.add(Past { insurer, number, day, institution: ELSEWHERE.into(), pharmacy: "架空薬局".into(), item });
    }

    async fn written(&self, form: &str) -> String {
        let visit = self.visit().await;
        self.head(&visit, &[("issue_form", form)]).await.expect(303);
        self.line(&visit, DRUG).await;
        visit
    }

    async fn check_page(&self, visit: &str) -> String {
        self.doctor.get(&format!("/encounters/{visit}/duplicate-check")).await.expect(200).body
    }

    async fn agree(&self, by: &Client, visit: &str, token: &str) -> Answer {
        let key = Uuid::now_v7().to_string();
        by.post(&format!("/encounters/{visit}/oral-consent"), &[("patient_token", token), ("idempotency_key", &key)]).await
    }

    /// A reason for every warning of the visit that takes one.
    pub(super) async fn give_reasons(&self, visit: &str) {
        let panel = self.doctor.get(&format!("/encounters/{visit}/warnings")).await.expect(200).body;
        for code in panel.split("name=\"code\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let form = [("patient_token", self.patient.as_str()), ("code", code), ("reason", "患者に説明し同意")];
            self.doctor.post(&format!("/encounters/{visit}/warnings"), &form).await.expect(303);
        }
    }

    async fn outcome(&self, visit: &str) -> (String, String) {
        let sql = "SELECT i.outcome, i.why FROM issued_check i JOIN prescription p ON (p.tenant_id, p.id) = (i.tenant_id, i.prescription_id) WHERE p.encounter_id = $1";
        let id: Uuid = visit.parse().unwrap();
        let row = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn checks(&self, visit: &str) -> i64 {
        let id: Uuid = visit.parse().unwrap();
        let sql = "SELECT count(*) FROM duplicate_check WHERE encounter_id = $1";
        sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }
}

/// FN-EP-04, FN-EP-05: a duplicate elsewhere bars the issue until a reason is given; who gave it is seen only under 口頭同意, and only
/// until the visit ends.
#[tokio::test]
async fn a_duplicate_elsewhere_wants_a_reason_and_its_details_want_consent() {
    let d = desk().await;
    d.insure().await;
    d.given_elsewhere(DRUG);
    let visit = d.written("electronic").await;
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("まだ照会していません"));
    let started = Instant::now();
    d.ask(&d.doctor, &visit).await.expect(303);
    assert!(started.elapsed().as_millis() < 1000, "nobody waits for the service");
    assert!(d.check_page(&visit).await.contains("照会中"));
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("結果を待っています"));

    d.deliver().await;
    let page = d.check_page(&visit).await;
    assert!(page.contains("指摘 1件") && page.contains("重複投薬") && page.contains("口頭で同意を得た"), "{page}");
    assert!(!page.contains(ELSEWHERE) && !page.contains("よその"), "not without consent");
    let fragment = d.doctor.get_fragment(&format!("/encounters/{visit}/duplicate-check")).await.expect(200);
    assert!(fragment.statements() <= 12 && fragment.header("hx-trigger").contains("chart-changed"), "{}", fragment.statements());
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("同じ成分の薬がほかで出ています"));

    d.agree(&d.here.client(d.h, Role::Nurse).await, &visit, &d.patient).await.expect(403);
    d.agree(&d.neighbour.client(d.h, Role::Doctor).await, &visit, &d.patient).await.expect(404);
    d.agree(&d.doctor, &visit, &Uuid::max().to_string()).await.expect(422);
    d.agree(&d.doctor, &visit, &d.patient).await.expect(303);
    d.agree(&d.doctor, &visit, &d.patient).await.expect(303);
    d.deliver().await;
    let page = d.check_page(&visit).await;
    assert!(page.contains(ELSEWHERE) && page.contains("よその&#60;薬&#62;錠") && page.contains("口頭同意"), "{page}");
    assert!(page.contains("every 30s"), "what ends must be asked about again");
    let sql = "SELECT count(*) FROM audit_event WHERE tenant_id = $1 AND detail->>'national_history' = 'true'";
    let seen: i64 = sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    assert_eq!(seen, 1, "seeing what others gave is in the log");
    assert!(
        !d.here
            .client(d.h, Role::Doctor)
            .await
            .get(&format!("/encounters/{visit}/prescription"))
            .await
            .expect(200)
            .body
            .contains(ELSEWHERE)
    );

    d.give_reasons(&visit).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    d.deliver().await;
    assert_eq!(d.outcome(&visit).await, ("1".into(), String::new()));
    assert_eq!(d.services.shelf.all().len(), 1);
    let encounter: Uuid = visit.parse().unwrap();
    sqlx::query("UPDATE encounter SET status = 'paid' WHERE id = $1").bind(encounter).execute(&mut d.h.superuser().await).await.unwrap();
    assert!(!d.check_page(&visit).await.contains(ELSEWHERE), "口頭同意 ends with the visit");
}

/// FN-EP-04: a change of the drugs leaves the result behind; the same content is asked about once.
#[tokio::test]
async fn a_changed_drug_wants_a_new_answer() {
    let d = desk().await;
    d.insure().await;
    let visit = d.written("electronic").await;
    let (one, other) = tokio::join!(d.ask(&d.doctor, &visit), d.ask(&d.doctor, &visit));
    one.expect(303);
    other.expect(303);
    d.deliver().await;
    assert_eq!((d.checks(&visit).await, d.services.history.asked()), (1, 1));
    assert!(d.check_page(&visit).await.contains("重複・禁忌なし"));
    let page = d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body;
    let line = page.split("/prescription-lines/").nth(2).unwrap().split('/').next().unwrap().to_owned();
    let form = [("patient_token", d.patient.as_str()), ("version", "1"), ("count", "28")];
    d.doctor.post(&format!("/prescription-lines/{line}/days"), &form).await.expect(303);
    assert!(d.check_page(&visit).await.contains("未照会"));
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("まだ照会していません"));
    d.check(&visit).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    assert_eq!((d.outcome(&visit).await.0.as_str(), d.checks(&visit).await), ("2", 2));
    let mut db = d.h.superuser().await;
    let sealed: Vec<u8> =
        sqlx::query("SELECT result FROM duplicate_check WHERE result IS NOT NULL LIMIT 1").fetch_one(&mut db).await.unwrap().get(0);
    assert!(!String::from_utf8_lossy(&sealed).contains("重複"), "kept sealed");
}

/// FN-EP-04: paper is checked too, and a finding wants its reason; without an answer paper goes on, and that is kept.
#[tokio::test]
async fn paper_is_checked_too_and_never_waits() {
    let d = desk().await;
    d.insure().await;
    d.given_elsewhere(DRUG);
    let visit = d.written("paper").await;
    d.check(&visit).await;
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("同じ成分"));
    d.give_reasons(&visit).await;
    d.sign(&d.doctor, &visit).await.expect(303);
    assert_eq!(d.outcome(&visit).await.0, "1");
    let visit = d.written("paper").await;
    d.sign(&d.doctor, &visit).await.expect(303);
    assert_eq!(d.outcome(&visit).await, ("none".into(), "照会していません。".into()));
}

/// FN-EP-04: while the service is away the doctor goes on, the page says so and it is kept; every fault ends with an answer.
#[tokio::test]
async fn a_service_that_is_away_stops_nobody_and_it_is_kept() {
    let d = desk().await;
    d.insure().await;
    let visit = d.written("electronic").await;
    d.deliver().await;
    d.services.eps_faults.next(Fault::Closed, 1000);
    d.check(&visit).await;
    let page = d.check_page(&visit).await;
    assert!(page.contains("照会できません") && page.contains("先方の受付時間外です"), "{page}");
    let panel = d.doctor.get(&format!("/encounters/{visit}/warnings")).await.expect(200).body;
    assert!(panel.contains("チェックをしないで発行したことを記録します"), "{panel}");
    d.sign(&d.doctor, &visit).await.expect(303);
    let (outcome, why) = d.outcome(&visit).await;
    assert!(outcome == "none" && why.contains("受付時間外"), "{outcome} {why}");
    d.services.eps_faults.clear();
    d.pass(TimeDelta::minutes(10));
    d.deliver().await;
    assert!(d.check_page(&visit).await.contains("重複・禁忌なし"), "the answer that comes later is shown");
    for fault in quick() {
        d.settle_clock();
        let visit = d.written("electronic").await;
        d.deliver().await;
        d.services.eps_faults.next(fault, 1);
        d.check(&visit).await;
        for _ in 0..3 {
            d.pass(TimeDelta::minutes(3));
            d.deliver().await;
        }
        if fault == Fault::Refused {
            assert!(d.check_page(&visit).await.contains("SIME001E"));
            d.check(&visit).await;
        }
        assert!(d.check_page(&visit).await.contains("重複・禁忌なし"), "{fault:?}");
    }
}

/// FN-EP-04: reception tells the service who came, once, and waits for nothing.
#[tokio::test]
async fn reception_tells_the_service_who_came() {
    let d = desk().await;
    d.insure().await;
    d.check(&d.written("electronic").await).await;
    assert!(!d.services.history.is_prepared(INSURER, "other"));
    let visit = d.visit().await;
    let started = Instant::now();
    d.deliver().await;
    assert!(d.services.history.is_prepared(INSURER, NUMBER), "after {:?}", started.elapsed());
    let id: Uuid = visit.parse().unwrap();
    let sql = "SELECT count(*) FROM outbox_message WHERE encounter_id = $1 AND errand = 'check_prefetch'";
    let told: i64 = sqlx::query(sql).bind(id).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    assert_eq!(told, 1);
    assert!(!d.clerk.get("/outbox").await.expect(200).body.contains("事前処理"), "nobody's work");
}

/// FN-EP-05: what the patient agreed to on the reader opens the details until the time it says.
#[tokio::test]
async fn the_consent_of_the_card_opens_the_details_until_it_ends() {
    let d = desk().await;
    d.insure().await;
    d.given_elsewhere(DRUG);
    let day = |at: DateTime<Utc>| domain::clock::jst(at).format("%Y%m%d%H%M%S").to_string();
    let (given, until) = (day(Utc::now()), day(Utc::now() + TimeDelta::hours(24)));
    let card = format!(
        "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>c</ArbitraryFileIdentifier><ReferenceClassification>1</ReferenceClassification><SegmentOfResult>1</SegmentOfResult>\
         <CharacterCodeIdentifier>0</CharacterCodeIdentifier></MessageHeader><MessageBody><ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity>\
         <ResultList><ResultOfQualificationConfirmation><InsuredCardClassification>01</InsuredCardClassification><InsurerNumber>{INSURER}</InsurerNumber>\
         <InsuredCardSymbol>12345678</InsuredCardSymbol><InsuredIdentificationNumber>{NUMBER}</InsuredIdentificationNumber><InsuredBranchNumber>00</InsuredBranchNumber>\
         <PersonalFamilyClassification>1</PersonalFamilyClassification><Name>髙﨑　𠮷太郎</Name><NameKana>ﾀｶｻｷ ﾖｼﾀﾛｳ</NameKana><Sex1>1</Sex1><Birthdate>19750401</Birthdate>\
         <QualificationDate>20200401</QualificationDate><InsuredPartialContributionRatio>030</InsuredPartialContributionRatio><PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>\
         <PharmacistsInfoConsTime>{given}</PharmacistsInfoConsTime><PharmacistsInfoAvailableTime>{until}</PharmacistsInfoAvailableTime></ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    );
    let part = reqwest::multipart::Part::bytes(card.into_bytes()).file_name("OQSsiquc01res_face_1_20261120090103.xml");
    let upload = d.clerk.request("POST", "/reception/reader-results").multipart(reqwest::multipart::Form::new().part("file", part));
    let path = d.clerk.send(upload).await.expect(303).header("location").to_owned();
    let form = [("patient", d.patient.as_str()), ("patient_token", &d.patient), ("choice", "0")];
    let taken = d.clerk.post(&format!("{path}/reflection"), &form).await.expect(303);
    let visit = taken.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    d.line(&visit, DRUG).await;
    d.check(&visit).await;
    let page = d.check_page(&visit).await;
    assert!(page.contains(ELSEWHERE) && page.contains("カードリーダーでの同意") && !page.contains("口頭で同意を得た"), "{page}");
    let encounter: Uuid = visit.parse().unwrap();
    let sql = "UPDATE duplicate_check SET consent_until = now() - interval '1 second' WHERE encounter_id = $1";
    sqlx::query(sql).bind(encounter).execute(&mut d.h.superuser().await).await.unwrap();
    assert!(!d.check_page(&visit).await.contains(ELSEWHERE), "the time has come");
}

/// Worst input: nothing to ask about is no question, and a reply of another question is none.
#[tokio::test]
async fn nothing_is_asked_about_what_cannot_be_asked() {
    let d = desk().await;
    let visit = d.visit().await;
    d.ask(&d.doctor, &visit).await.expect(303);
    d.line(&visit, DUMMY).await;
    d.ask(&d.doctor, &visit).await.expect(303);
    d.ask(&d.here.client(d.h, Role::Clerk).await, &visit).await.expect(403);
    assert_eq!(d.checks(&visit).await, 0);
    let uninsured = d.written("electronic").await;
    d.check(&uninsured).await;
    assert!(d.check_page(&uninsured).await.contains("保険・公費の資格がないため照会できません"));
    assert_eq!(d.services.history.asked(), 0);
    d.sign(&d.doctor, &uninsured).await.expect(303);
    assert_eq!(d.outcome(&uninsured).await.0, "none");
}
