//! オンライン資格確認 by number, over TLS with a client certificate, against the simulator and its faults. FN-OQ-02, FN-OQ-12.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, Utc};
use domain::Role;
use simulators::national::{self, Certificates, Fault, Latency, National};
use sqlx::Row;
use tenancy::operator::Operator;
use tenancy::{Clock, TenantPool};
use tsumugi::adapters::national::NationalClient;
use tsumugi::inquiries::EligibilityDriver;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness, env, keyring, role_url};

/// The service in a thread of its own.
pub fn national() -> (National, String) {
    let services = National::new(Latency(0, 5)).trusting(crate::signers::anchors());
    let (sender, receiver) = std::sync::mpsc::channel();
    let for_thread = services.clone();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let (authority, certificate, key) =
                (PathBuf::from(env("CA_FILE")), PathBuf::from(env("TLS_CERT_FILE")), PathBuf::from(env("TLS_KEY_FILE")));
            let certificates = Certificates { authority: &authority, certificate: &certificate, key: &key };
            let (address, server) = national::bind(for_thread, &certificates, 0).unwrap();
            sender.send(address).unwrap();
            server.await.unwrap();
        });
    });
    let address = receiver.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    (services, format!("https://localhost:{}", address.port()))
}

pub fn client_pem() -> PathBuf {
    Path::new(&env("CA_FILE")).with_file_name("client.pem")
}

pub fn way(url: &str) -> NationalClient {
    NationalClient::new(url, &client_pem(), Path::new(&env("CA_FILE"))).unwrap()
}

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    services: National,
    url: String,
    ahead: Arc<Mutex<TimeDelta>>,
    operator: Operator,
}

async fn desk() -> Desk {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let (services, url) = national();
    let ahead = Arc::new(Mutex::new(TimeDelta::zero()));
    let clock = Clock::from_fn({
        let ahead = ahead.clone();
        move || Utc::now() + *ahead.lock().unwrap()
    });
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &h.database), 4, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &h.database), tenants).unwrap();
    Desk { h, here, neighbour, clerk, services, url, ahead, operator }
}

impl Desk {
    fn postman(&self, url: &str) -> Postman {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(EligibilityDriver::new(way(url), None))];
        Postman::new(self.operator.clone(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(self.here.id)
    }

    async fn ask(&self, number: &str, patient: &str) -> Answer {
        self.ask_keyed(number, patient, &Uuid::now_v7().to_string()).await
    }

    async fn ask_keyed(&self, number: &str, patient: &str, key: &str) -> Answer {
        let form = [
            ("idempotency_key", key),
            ("patient_token", patient),
            ("insurer_number", "０１１３９９９７"),
            ("insured_symbol", "12345678"),
            ("insured_number", number),
            ("branch_number", ""),
            ("birth_date", "S50.4.1"),
        ];
        self.clerk.post("/reception/inquiries", &form).await
    }

    /// Asks and gives the inquiry's page.
    async fn asked(&self) -> String {
        self.ask("9000001", "").await.expect(303).header("location").to_owned()
    }

    async fn deliver(&self) {
        while self.postman(&self.url).round().await.unwrap() > 0 {}
    }

    fn pass(&self, time: TimeDelta) {
        *self.ahead.lock().unwrap() += time;
    }

    async fn see(&self, path: &str) -> String {
        self.clerk.get(path).await.expect(200).body
    }

    async fn version(&self, path: &str) -> String {
        let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
        let sql = "SELECT version FROM eligibility_inquiry WHERE id = $1";
        sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap().get::<i32, _>(0).to_string()
    }
}

fn result_in(page: &str) -> String {
    let at = page.find("/reception/reader-results/").expect("the page shows no answer");
    page[at..].split('"').next().unwrap().to_owned()
}

/// FN-OQ-02: the page never waits; the answer arrives, is compared and taken over with one key; the same form is asked once.
#[tokio::test]
async fn a_question_by_number_becomes_a_patient_with_coverage() {
    let d = desk().await;
    let key = Uuid::now_v7().to_string();
    let started = std::time::Instant::now();
    let first = d.ask_keyed("9000001", "", &key).await.expect(303);
    let again = d.ask_keyed("9000001", "", &key).await.expect(303);
    assert!(started.elapsed().as_millis() < 2000, "nobody waits for the service");
    assert_eq!(first.header("location"), again.header("location"));
    let path = first.header("location").to_owned();
    assert!(d.see(&path).await.contains("照会中"));
    d.deliver().await;
    assert_eq!(d.services.asked(), 1);
    let page = d.see(&path).await;
    assert!(page.contains("回答が届きました"));
    let fragment = d.clerk.get_fragment(&path).await.expect(200);
    assert!(fragment.body.contains("回答が届きました") && !fragment.body.contains("<html"));
    assert!(d.clerk.get("/reception/inquiries").await.expect(200).statements() <= 4);
    let result = result_in(&page);
    assert!(d.see(&result).await.contains("架空　太郎"));
    let taken = d.clerk.post(&format!("{result}/reflection"), &[("patient", "new"), ("choice", "0")]).await.expect(303);
    assert!(taken.header("location").starts_with("/board"));
    let sql = "SELECT verification, eligibility FROM coverage WHERE tenant_id = $1";
    let row = sqlx::query(sql).bind(d.here.id.as_uuid()).fetch_one(&mut d.h.superuser().await).await.unwrap();
    assert_eq!((row.get::<String, _>(0), row.get::<String, _>(1)), ("certificate".into(), "valid".into()));
    d.neighbour.client(d.h, Role::Clerk).await.get(&path).await.expect(404);
}

/// FN-OQ-02: every 資格有効性 the service knows is said for what it is, and several people are never chosen from.
#[tokio::test]
async fn every_answer_is_said_for_what_it_is() {
    let d = desk().await;
    for (fault, words) in [
        (Fault::Invalid, "資格を失っています"),
        (Fault::Superseded, "新しい資格があります"),
        (Fault::NotFound, "該当する資格がありません"),
        (Fault::Multiple, "候補が複数あります"),
        (Fault::Cp932, "架空　太郎"),
    ] {
        d.services.faults.next(fault, 1);
        let path = d.asked().await;
        d.deliver().await;
        let page = d.see(&path).await;
        let result = result_in(&page);
        let shown = d.see(&result).await;
        assert!(shown.contains(words), "{}: {shown}", fault.key());
        if fault == Fault::Multiple {
            let refused = d.clerk.post(&format!("{result}/reflection"), &[("patient", "new")]).await.expect(422);
            assert!(refused.body.contains("どの資格を使うかを選んで"), "{}", refused.body);
        }
    }
}

/// §10-5, FN-OQ-12: a morning on which the service is away. Reception goes on by sight, nothing is lost, the answers come later.
#[tokio::test]
async fn scenario_05_a_morning_without_the_service_ends_with_every_answer() {
    let d = desk().await;
    let mut paths = Vec::new();
    for fault in
        [Fault::Closed, Fault::Failing, Fault::RateLimited, Fault::Malformed, Fault::OtherQuestion, Fault::OtherFacility, Fault::Pending]
    {
        d.services.faults.next(fault, 1);
        let path = d.asked().await;
        d.deliver().await;
        let page = d.see(&path).await;
        assert!(page.contains("いまは照会できません") && page.contains("目視で確認して受付を続ける"), "{}: {page}", fault.key());
        let version = d.version(&path).await;
        let moved = [("version", version.as_str()), ("patient_token", "")];
        d.clerk.post(&format!("{path}/sighting"), &[("version", "77"), ("patient_token", "")]).await.expect(409);
        d.clerk.post(&format!("{path}/sighting"), &moved).await.expect(303);
        d.clerk.post(&format!("{path}/sighting"), &moved).await.expect(409);
        paths.push(path);
    }
    assert!(d.see("/reception/inquiries").await.contains("目視・回答待ち"));
    d.services.faults.clear();
    for _ in 0..6 {
        d.pass(TimeDelta::minutes(2));
        d.deliver().await;
    }
    for path in &paths {
        assert!(d.see(path).await.contains("回答が届きました"), "{path}");
    }
    let list = d.see("/reception/inquiries").await;
    assert!(list.contains("待っている照会はありません"), "{list}");
}

/// What is given up stands on the list and can be asked anew; nobody without the certificate is let in.
#[tokio::test]
async fn what_was_given_up_can_be_asked_again() {
    let d = desk().await;
    let path = d.asked().await;
    let nowhere = d.postman("https://localhost:9");
    for _ in 0..80 {
        nowhere.round().await.unwrap();
        d.pass(TimeDelta::minutes(3));
    }
    let page = d.see(&path).await;
    assert!(page.contains("つながりませんでした") && page.contains("再照会</button>"), "{page}");
    let version = d.version(&path).await;
    let form = [("version", version.as_str()), ("patient_token", "")];
    d.clerk.post(&format!("{path}/repetition"), &form).await.expect(303);
    d.clerk.post(&format!("{path}/repetition"), &form).await.expect(409);
    d.deliver().await;
    assert!(d.see(&path).await.contains("回答が届きました"));

    // Taken back on 後処理: the page says so and offers to ask anew.
    let path = d.asked().await;
    let sql = "UPDATE outbox_message SET state = 'withdrawn' WHERE id = (SELECT message_id FROM eligibility_inquiry WHERE id = $1)";
    let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    sqlx::query(sql).bind(id).execute(&mut d.h.superuser().await).await.unwrap();
    assert!(d.see(&path).await.contains("再照会</button>"));
    let version = d.version(&path).await;
    d.clerk.post(&format!("{path}/repetition"), &[("version", version.as_str()), ("patient_token", "")]).await.expect(303);
    d.deliver().await;
    assert!(d.see(&path).await.contains("回答が届きました"));

    let stranger = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(env("CA_FILE")).unwrap()).unwrap()])
        .build()
        .unwrap();
    assert!(stranger.post(format!("{}/oqs/v1/login", d.url)).send().await.is_err(), "no certificate, no answer");
}

/// Worst input: each field says what is wrong, and what was typed is kept.
#[tokio::test]
async fn numbers_that_cannot_be_right_are_said_at_the_field() {
    let d = desk().await;
    let key = Uuid::now_v7().to_string();
    let form = [
        ("idempotency_key", key.as_str()),
        ("insurer_number", "01139998"),
        ("insured_number", "<script>"),
        ("branch_number", "123"),
        ("birth_date", "R99.1.1"),
    ];
    let page = d.clerk.post("/reception/inquiries", &form).await.expect(422).body;
    for words in ["検証番号)が合いません", "枝番は2桁", "生年月日を", "value=\"01139998\"", "&#60;script&#62;"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    d.ask("9000001", &Uuid::max().to_string()).await.expect(404);
}

/// 反映 accepts only somebody the result speaks about.
#[tokio::test]
async fn a_result_is_never_put_on_a_patient_it_does_not_speak_about() {
    let d = desk().await;
    let form = [("name_ideographic", "髙﨑 ひろ"), ("name_syllabic", "タカサキ ヒロ"), ("sex", "female"), ("birth_date", "1959-02-11")];
    let other = d.clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "");
    let path = d.asked().await;
    d.deliver().await;
    let result = result_in(&d.see(&path).await);
    let form = [("patient", other.as_str()), ("patient_token", &other), ("choice", "0")];
    let refused = d.clerk.post(&format!("{result}/reflection"), &form).await.expect(422);
    assert!(refused.body.contains("候補ではありません"), "{}", refused.body);
}
