//! 訪問診療等・オンライン診療等: consent on a device of the patient's own, eligibility and records without a reader, against the simulator. FN-OQ-09.

use std::sync::{Arc, Mutex};

use chrono::{Days, NaiveDate, TimeDelta, Utc};
use domain::Role;
use domain::clock::jst;
use simulators::national::{Fault, National};
use sqlx::Row;
use tenancy::operator::Operator;
use tenancy::{Clock, TenantPool};
use tsumugi::inquiries::EligibilityDriver;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::eligibility_query::{national, way};
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness, keyring, role_url};

const LIST: &str = "/reception/remote-consents";
const DRUGS: &str = "PharmacistsInfo";

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    doctor: Client,
    services: National,
    url: String,
    ahead: Arc<Mutex<TimeDelta>>,
    operator: Operator,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    let (services, url) = national();
    let ahead = Arc::new(Mutex::new(TimeDelta::zero()));
    let clock = Clock::from_fn({
        let ahead = ahead.clone();
        move || Utc::now() + *ahead.lock().unwrap()
    });
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &h.database), 4, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &h.database), tenants).unwrap();
    Desk { h, here, neighbour, clerk, doctor, services, url, ahead, operator }
}

fn today() -> NaiveDate {
    jst(Utc::now()).date_naive()
}

fn next_spring() -> Option<NaiveDate> {
    today().checked_add_days(Days::new(120))
}

impl Desk {
    async fn deliver(&self) {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(EligibilityDriver::new(way(&self.url), None))];
        let postman = Postman::new(self.operator.clone(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(self.here.id);
        while postman.round().await.unwrap() > 0 {}
    }

    async fn fetch(&self, setting: &str, key: &str) -> Answer {
        let day = today().to_string();
        let form = [("idempotency_key", key), ("setting", setting), ("from", day.as_str()), ("to", day.as_str())];
        self.clerk.post(LIST, &form).await
    }

    async fn fetched(&self, setting: &str) -> String {
        self.fetch(setting, &Uuid::now_v7().to_string()).await.expect(303);
        self.deliver().await;
        self.list().await
    }

    async fn list(&self) -> String {
        let page = self.clerk.get(LIST).await.expect(200);
        assert!(page.statements() <= 12, "{} statements", page.statements());
        page.body
    }

    /// Takes an answer over; gives where that led.
    async fn take(&self, result: &str, patient: &str, visit: &str) -> String {
        let token = if patient == "new" { "" } else { patient };
        let form = [("patient", patient), ("patient_token", token), ("choice", "0"), ("visit", visit)];
        self.clerk.post(&format!("/reception/reader-results/{result}/reflection"), &form).await.expect(303).header("location").to_owned()
    }

    async fn one(&self, sql: &'static str) -> String {
        let row = sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_one(&mut self.h.superuser().await).await.unwrap();
        row.try_get::<String, _>(0).unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query(sql).bind(self.here.id.as_uuid()).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0)
    }

    async fn patient(&self) -> String {
        self.one("SELECT id::text FROM patient WHERE tenant_id = $1").await
    }

    /// The person registered: id, version.
    async fn registered(&self) -> (String, String) {
        let id = self.one("SELECT id::text FROM remote_consent WHERE tenant_id = $1 AND status = 'active'").await;
        (id, self.one("SELECT version::text FROM remote_consent WHERE tenant_id = $1 AND status = 'active'").await)
    }

    /// Somebody registered for 訪問診療等, their id.
    async fn at_home(&self) -> String {
        self.services.remote.consent("taro", "2", &[DRUGS], next_spring());
        let page = self.fetched("home").await;
        self.take(&result_of(&page), "new", "none").await;
        self.patient().await
    }

    /// Asks before a visit and gives the answer's id.
    async fn ask(&self) -> String {
        let (id, _) = self.registered().await;
        let (patient, key) = (self.patient().await, Uuid::now_v7().to_string());
        let form = [("idempotency_key", key.as_str()), ("patient_token", patient.as_str())];
        let path = self.clerk.post(&format!("/remote-consents/{id}/inquiries"), &form).await.expect(303).header("location").to_owned();
        self.deliver().await;
        let page = self.clerk.get(&path).await.expect(200).body;
        assert!(page.contains("訪問診療等") && page.contains("?visit=today"), "{page}");
        result_of(&page)
    }
}

/// The first answer a page leads to.
fn result_of(page: &str) -> String {
    let after = page.split("/reception/reader-results/").nth(1).unwrap_or_else(|| panic!("no answer: {page}"));
    after[..36].to_owned()
}

const VISITS: &str = "SELECT count(*) FROM encounter WHERE tenant_id = $1";
const ANSWERS: &str = "SELECT count(*) FROM reader_result WHERE tenant_id = $1";
const COVERAGES: &str = "SELECT count(*) FROM coverage WHERE tenant_id = $1";

/// FN-OQ-09: consent at home → fetched → registered ahead of the visit → asked again before it → visit with coverage and records, as a
/// reader's answer would have it.
#[tokio::test]
async fn a_visit_at_home_goes_from_consent_to_records_without_a_reader() {
    let d = desk().await;
    d.services.remote.consent("taro", "2", &[DRUGS], next_spring());
    let page = d.fetched("home").await;
    assert!(page.contains("1名の同意が届きました") && page.contains("だれの同意か確かめて反映する"), "{page}");
    let result = result_of(&page);
    let shown = d.clerk.get(&format!("/reception/reader-results/{result}")).await.expect(200).body;
    assert!(shown.contains("訪問診療等(本人の端末での同意)") && shown.contains("value=\"none\" checked"), "{shown}");
    let led = d.take(&result, "new", "none").await;
    let patient = d.patient().await;
    assert_eq!(led, format!("/patients/{patient}"), "no visit yet");
    assert_eq!((d.count(VISITS).await, d.count(COVERAGES).await), (0, 1));
    let page = d.list().await;
    assert!(page.contains("架空 太郎") && page.contains("資格を確かめる") && !page.contains("だれの同意か"), "{page}");
    d.doctor.get(&format!("/patients/{patient}/consents/medication")).await.expect(200);

    let answer = d.ask().await;
    let led = d.take(&answer, &patient, "today").await;
    assert!(led.starts_with("/board?moved="), "{led}");
    assert_eq!(d.one("SELECT class FROM encounter WHERE tenant_id = $1").await, "HH");
    assert_eq!(d.one("SELECT verification FROM coverage WHERE tenant_id = $1").await, "card");
    assert_eq!(d.count("SELECT count(*) FROM remote_consent WHERE tenant_id = $1").await, 1, "renewed, not doubled");
    d.deliver().await;
    let seen = d.doctor.get(&format!("/patients/{patient}/consents/medication")).await.expect(200).body;
    assert!(seen.contains("架空アムロ錠５ｍｇ"), "{seen}");
    assert_eq!(d.one("SELECT string_agg(DISTINCT channel, ',') FROM reader_result WHERE tenant_id = $1").await, "home");
}

/// FN-OQ-09: オンライン診療等 has a consent for the one visit: nothing is registered, and the records are seen as after a reader.
#[tokio::test]
async fn an_online_visit_has_its_own_consent_and_no_registration() {
    let d = desk().await;
    d.services.remote.consent("taro", "3", &[DRUGS], None);
    assert!(d.fetched("home").await.contains("0名の同意"), "a consent for online is none for at home");
    let result = result_of(&d.fetched("online").await);
    let led = d.take(&result, "new", "today").await;
    assert!(led.starts_with("/board?moved="));
    assert_eq!(d.one("SELECT class FROM encounter WHERE tenant_id = $1").await, "VR");
    assert_eq!(d.count("SELECT count(*) FROM remote_consent WHERE tenant_id = $1").await, 0);
    d.deliver().await;
    let seen = d.doctor.get(&format!("/patients/{}/consents/medication", d.patient().await)).await.expect(200).body;
    assert!(seen.contains("架空アムロ錠５ｍｇ"), "{seen}");
}

/// FN-OQ-09: at the end of a consent what it opened closes at once, the service is told once, and nobody can ask under it any more.
#[tokio::test]
async fn a_consent_that_is_given_up_closes_everything_and_is_told_once() {
    let d = desk().await;
    let patient = d.at_home().await;
    let answer = d.ask().await;
    d.take(&answer, &patient, "today").await;
    d.deliver().await;
    let door = format!("/patients/{patient}/consents/medication");
    d.doctor.get(&door).await.expect(200);
    let (id, version) = d.registered().await;
    let path = format!("/remote-consents/{id}/ending");
    let end = |version: &str, token: &str, why: &str| {
        let form = [("version", version.to_owned()), ("patient_token", token.to_owned()), ("ending", why.to_owned())];
        let form: Vec<(String, String)> = form.map(|(name, value)| (name.to_owned(), value)).to_vec();
        (path.clone(), form)
    };
    for (version, token, why, status) in [
        ("1", patient.as_str(), "withdrawn", 409),
        (version.as_str(), "0190a2b4-7c3e-7d11-8a55-0123456789ab", "withdrawn", 422),
        (version.as_str(), patient.as_str(), "tired", 422),
        (version.as_str(), patient.as_str(), "withdrawn", 303),
    ] {
        let (path, form) = end(version, token, why);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        d.clerk.post(&path, &form).await.expect(status);
    }
    d.doctor.get(&door).await.expect(403);
    assert!(d.services.remote.is_continuing("taro"), "not told yet");
    d.deliver().await;
    assert!(!d.services.remote.is_continuing("taro"));
    let key = Uuid::now_v7().to_string();
    let form = [("idempotency_key", key.as_str()), ("patient_token", patient.as_str())];
    let refused = d.clerk.post(&format!("/remote-consents/{id}/inquiries"), &form).await;
    assert!(refused.status >= 400 && refused.body.contains("もう終わっています"), "{}", refused.body);
    let (ended, path_again) = ((version.parse::<i32>().unwrap() + 1).to_string(), path.clone());
    let form = [("version", ended.as_str()), ("patient_token", patient.as_str()), ("ending", "finished")];
    assert!(d.clerk.post(&path_again, &form).await.expect(422).body.contains("もう終わっています"), "an end is an end");
    assert!(d.list().await.contains("患者が同意を取り消した"));
    assert_eq!(d.count("SELECT count(*) FROM outbox_message WHERE tenant_id = $1 AND errand = 'consent_cancel'").await, 1);
    d.neighbour.client(d.h, Role::Clerk).await.post(&path, &[]).await.expect(404);
}

/// FN-OQ-09: on its last day a consent still asks, the day after it asks nothing more.
#[tokio::test]
async fn a_consent_past_its_last_day_asks_nothing() {
    let d = desk().await;
    d.services.remote.consent("taro", "2", &[DRUGS], Some(today()));
    let page = d.fetched("home").await;
    d.take(&result_of(&page), "new", "none").await;
    let (patient, (id, _)) = (d.patient().await, d.registered().await);
    let ask = async || {
        let key = Uuid::now_v7().to_string();
        let form = [("idempotency_key", key.as_str()), ("patient_token", patient.as_str())];
        d.clerk.post(&format!("/remote-consents/{id}/inquiries"), &form).await
    };
    ask().await.expect(303);
    let sql = "UPDATE remote_consent SET until = until - 1 WHERE tenant_id = $1";
    sqlx::query(sql).bind(d.here.id.as_uuid()).execute(&mut d.h.superuser().await).await.unwrap();
    assert!(ask().await.expect(422).body.contains("もう終わっています"));
    let asked = "SELECT count(*) FROM outbox_message WHERE tenant_id = $1 AND errand = 'qualification_confirm'";
    assert_eq!(d.count(asked).await, 1);
    assert!(d.list().await.contains("期限が過ぎました"));
}

/// A consent at the reader of the clinic is another one: giving up the one at home leaves it.
#[tokio::test]
async fn what_was_allowed_at_the_reader_stays_when_the_consent_at_home_ends() {
    let d = desk().await;
    let patient = d.at_home().await;
    let (given, until) = (jst(Utc::now()), jst(Utc::now() + TimeDelta::hours(20)));
    let consent = format!(
        "<DiagnosisInfoConsFlg>1</DiagnosisInfoConsFlg><DiagnosisInfoConsTime>{}</DiagnosisInfoConsTime><DiagnosisInfoAvailableTime>{}</DiagnosisInfoAvailableTime>",
        given.format("%Y%m%d%H%M%S"),
        until.format("%Y%m%d%H%M%S")
    );
    let file = format!(
        "<XmlMsg><MessageHeader><ReferenceClassification>1</ReferenceClassification><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody>\
         <ProcessingResultStatus>1</ProcessingResultStatus><QualificationValidity>1</QualificationValidity><ResultList><ResultOfQualificationConfirmation>\
         <InsurerNumber>01139997</InsurerNumber><InsuredIdentificationNumber>9000001</InsuredIdentificationNumber><Name>架空　太郎</Name><NameKana>ｶｸｳ ﾀﾛｳ</NameKana>\
         <Sex1>1</Sex1><Birthdate>19750401</Birthdate>{consent}</ResultOfQualificationConfirmation></ResultList></MessageBody></XmlMsg>"
    );
    let part = reqwest::multipart::Part::bytes(file.into_bytes()).file_name("OQSsiquc01res_face_1.xml");
    let request = d.clerk.request("POST", "/reception/reader-results").multipart(reqwest::multipart::Form::new().part("file", part));
    let result = result_of(d.clerk.send(request).await.expect(303).header("location"));
    d.take(&result, &patient, "").await;
    let (id, version) = d.registered().await;
    let form = [("version", version.as_str()), ("patient_token", patient.as_str()), ("ending", "finished")];
    d.clerk.post(&format!("/remote-consents/{id}/ending"), &form).await.expect(303);
    d.doctor.get(&format!("/patients/{patient}/consents/care")).await.expect(200);
    d.doctor.get(&format!("/patients/{patient}/consents/medication")).await.expect(403);
}

/// R2: one pressing is one list; the same consent fetched again is the same answer; wrong words are said at the field and kept.
#[tokio::test]
async fn a_list_is_asked_for_once_and_the_same_consent_is_one_answer() {
    let d = desk().await;
    d.services.remote.consent("taro", "2", &[DRUGS], next_spring());
    let key = Uuid::now_v7().to_string();
    let (a, b) = tokio::join!(d.fetch("home", &key), d.fetch("home", &key));
    assert_eq!((a.status, b.status), (303, 303));
    assert_eq!(d.count("SELECT count(*) FROM consented_listing WHERE tenant_id = $1").await, 1);
    d.deliver().await;
    for (from, to, says) in
        [("<script>", "2026-11-20", "2026-11-20 の形"), ("2020-01-01", "2020-03-01", "31日分"), ("9999-01-01", "", "今日までの")]
    {
        let form = [("idempotency_key", key.as_str()), ("setting", "home"), ("from", from), ("to", to)];
        let page = d.clerk.post(LIST, &form).await.expect(422).body;
        assert!(page.contains(says) && !page.contains("<script>2"), "{says}: {page}");
    }
    d.doctor.get(LIST).await.expect(403);
    d.services.faults.next(Fault::RateLimited, 1);
    d.fetch("home", &Uuid::now_v7().to_string()).await.expect(303);
    d.deliver().await;
    assert!(d.list().await.contains("申し込んでいます"), "tried again later by itself");
    *d.ahead.lock().unwrap() += TimeDelta::minutes(20);
    d.deliver().await;
    let page = d.list().await;
    assert!(page.matches("1名の同意が届きました").count() >= 2, "{page}");
    assert!(d.count(ANSWERS).await <= 2, "one person; the consent's day may turn while the test runs");
}

/// FN-OQ-09: without a consent there is no answer, and an answer for a visit to the clinic is none for one at home.
#[tokio::test]
async fn without_a_consent_nothing_is_told_and_another_settings_answer_is_refused() {
    let d = desk().await;
    let ask = |setting: &'static str| {
        let key = Uuid::now_v7().to_string();
        [
            ("idempotency_key", key),
            ("setting", setting.to_owned()),
            ("insurer_number", "01139997".to_owned()),
            ("insured_symbol", "12345678".to_owned()),
            ("insured_number", "9000001".to_owned()),
            ("birth_date", "S50.4.1".to_owned()),
        ]
    };
    let post = async |setting: &'static str| {
        let form = ask(setting);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        d.clerk.post("/reception/inquiries", &form).await
    };
    let path = post("home").await.expect(303).header("location").to_owned();
    d.deliver().await;
    let page = d.clerk.get(&path).await.expect(200).body;
    assert!(page.contains("在宅受付での同意がない"), "{page}");
    assert_eq!(d.count(ANSWERS).await, 0);
    assert!(post("moon").await.expect(422).body.contains("診療の場を選んでください"));

    d.services.remote.consent("taro", "2", &[DRUGS], None);
    d.services.faults.next(Fault::OtherQuestion, 1);
    let path = post("home").await.expect(303).header("location").to_owned();
    d.deliver().await;
    assert_eq!(d.count(ANSWERS).await, 0, "an answer with the wrong 診療区分 is not kept");
    *d.ahead.lock().unwrap() += TimeDelta::minutes(1);
    d.deliver().await;
    assert!(d.clerk.get(&path).await.expect(200).body.contains("回答が届きました"));
    assert_eq!(d.count(ANSWERS).await, 1);
}
