//! レセコン送信 against a strict simulator over real sockets: once per version whatever goes wrong, priced back, said in plain words.
//! F-001(4), EMR-API-002

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use simulators::receipt::state::{PASSWORD, USER};
use simulators::receipt::{Fault, Receipt, Wish, routes};
use tenancy::operator::Operator;
use tenancy::{Clock, TenantPool};
use tsumugi::adapters::receipt::client::{Connection, Talk};
use tsumugi::adapters::receipt::content::{ActGroup, ActItem, ClaimContent, CoverageFacts, PatientFacts};
use tsumugi::claims::driver::ReceiptDriver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::outbox::{Driver, Exchange, Outcome};
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::billing::{Counter, counter};
use crate::harness::{Answer, keyring, role_url};

/// Shorter than the simulator's slowness, longer than an honest answer takes.
const PATIENCE: Duration = Duration::from_millis(1_500);

struct Engine {
    url: String,
    receipt: web::Data<Receipt>,
}

fn engine() -> Engine {
    let receipt = web::Data::new(Receipt::default());
    let served = receipt.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || App::new().app_data(served.clone()).configure(routes));
            let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
            sender.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    Engine { url: format!("http://{}/orca/api", receiver.recv_timeout(Duration::from_secs(10)).unwrap()), receipt }
}

impl Engine {
    fn breaks(&self, fault: Fault, at: &str) {
        self.receipt.faults.lock().unwrap().push(Wish { fault, at: at.into() });
    }

    /// How often 中途終了データ was registered, and how many stand there now.
    fn unfinished(&self) -> (usize, usize) {
        let state = self.receipt.state.lock().unwrap();
        (state.registered.len(), state.unfinished.len())
    }

    fn finish(&self) {
        let mut state = self.receipt.state.lock().unwrap();
        let uid = state.unfinished[0].uid.clone();
        state.finish(&uid).unwrap();
    }
}

struct Desk {
    c: Counter,
    engine: Engine,
    postman: Postman,
    now: Arc<Mutex<DateTime<Utc>>>,
}

async fn desk() -> Desk {
    let (c, engine) = (counter().await, engine());
    let now = Arc::new(Mutex::new(Utc::now()));
    let clock = Clock::from_fn({
        let now = now.clone();
        move || *now.lock().unwrap()
    });
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &c.h.database), 4, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &c.h.database), tenants).unwrap();
    let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(ReceiptDriver::patient_for(PATIENCE).unwrap())];
    let postman = Postman::new(operator, drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(c.here.id);
    Desk { c, engine, postman, now }
}

impl Desk {
    async fn settings(&self, fields: &[(&str, &str)]) -> Answer {
        let admin = self.c.here.client(self.c.h, Role::ClinicAdmin).await;
        let page = admin.get("/clinic/receipt-computer").await.expect(200);
        let version = page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut form = vec![
            ("version", version.as_str()),
            ("status", "on"),
            ("url", self.engine.url.as_str()),
            ("user_name", USER),
            ("password", PASSWORD),
            ("department_code", "01"),
            ("physicians", "doctor 10001"),
        ];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        admin.post("/clinic/receipt-computer", &form).await
    }

    /// A visit of our doctor with one coded line.
    async fn visit(&self) -> String {
        let (key, doctor) = (Uuid::now_v7().to_string(), self.c.here.staff_of(Role::Doctor).to_string());
        let form = [
            ("patient_token", self.c.patient.as_str()),
            ("class", "AMB"),
            ("again", "yes"),
            ("doctor_id", doctor.as_str()),
            ("idempotency_key", key.as_str()),
        ];
        let received = self.c.clerk.post("/encounters", &form).await.expect(303);
        let visit = received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        self.line(&visit).await;
        visit
    }

    async fn line(&self, visit: &str) {
        procedure(&self.c).await;
        self.c.add(visit, &[("q", "見本"), ("code", "112999011")]).await.expect(303);
    }

    async fn send(&self, visit: &str) -> Answer {
        let key = Uuid::now_v7().to_string();
        let form = [("patient_token", self.c.patient.as_str()), ("idempotency_key", key.as_str())];
        self.c.clerk.post(&format!("/encounters/{visit}/claims"), &form).await
    }

    /// Works the outbox off, with time passing in between.
    async fn work(&self) {
        for _ in 0..10 {
            self.postman.round().await.unwrap();
            *self.now.lock().unwrap() += TimeDelta::seconds(60);
        }
    }

    async fn claim(&self, visit: &str) -> (String, String, String) {
        let id: Uuid = visit.parse().unwrap();
        let row = sqlx::query("SELECT status, engine_code, engine_said FROM claim WHERE id = $1")
            .bind(id)
            .fetch_one(&mut self.c.h.superuser().await)
            .await
            .unwrap();
        use sqlx::Row;
        (row.get(0), row.get(1), row.get(2))
    }
}

/// One procedure of the master with a code of the receipt computers' block for 再診.
async fn procedure(c: &Counter) {
    static LOADED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    LOADED
        .get_or_init(|| async {
            let (mut db, release) = (c.h.superuser().await, Uuid::now_v7());
            let sql =
                "INSERT INTO master_release VALUES ($1, 'procedure', 'it', 'it-s.csv', sha256($1::text::bytea), '2020-04-01', now(), 1, true)";
            sqlx::query(sql).bind(release).execute(&mut db).await.unwrap();
            let sql = "INSERT INTO procedure_master (release_id, code, name, search_key, valid_from, points_hundredths) VALUES ($1, '112999011', '見本再診料', 'ミホン', '2020-04-01', 7500)";
            sqlx::query(sql).bind(release).execute(&mut db).await.unwrap();
        })
        .await;
}

#[tokio::test]
async fn a_visit_is_sent_once_finished_there_and_comes_back_priced() {
    let d = desk().await;
    let unset = d.visit().await;
    assert!(d.send(&unset).await.expect(422).body.contains("接続が設定されていません"));
    d.settings(&[]).await.expect(303);
    let visit = d.visit().await;
    d.send(&visit).await.expect(303);
    assert!(d.c.page(&visit).await.body.contains("レセコンへ送信中"));
    d.work().await;
    assert_eq!(d.engine.unfinished(), (1, 1));
    assert_eq!(d.claim(&visit).await.0, "sent");
    d.send(&visit).await.expect(303);
    d.work().await;
    assert_eq!(d.engine.unfinished(), (1, 1), "what did not change is not sent again");
    d.engine.finish();
    d.work().await;
    assert_eq!(d.claim(&visit).await.0, "priced");
    let page = d.c.page(&visit).await;
    assert!(page.body.contains("計算済") && page.body.contains("レセコンの計算は"), "the page shows where they differ: {}", page.body);
    assert!(page.statements() <= 12, "{} statements", page.statements());
}

#[tokio::test]
async fn the_price_becomes_the_lines_when_nobody_entered_any() {
    let d = desk().await;
    d.settings(&[]).await.expect(303);
    let visit = d.visit().await;
    d.send(&visit).await.expect(303);
    d.work().await;
    let page = d.c.page(&visit).await;
    let line = page.body.split("/charge-items/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    d.c.act(&format!("/charge-items/{line}/withdrawal"), &visit, &[]).await.expect(303);
    d.engine.finish();
    d.work().await;
    let page = d.c.page(&visit).await;
    assert!(page.body.contains("初・再診料") && page.body.contains("105点"), "{}", page.body);
}

#[tokio::test]
async fn refusals_are_said_in_plain_words_and_mended() {
    let d = desk().await;
    d.settings(&[("physicians", "doctor 77777")]).await.expect(303);
    let visit = d.visit().await;
    d.send(&visit).await.expect(303);
    d.work().await;
    let (status, code, said) = d.claim(&visit).await;
    assert_eq!((status.as_str(), code.as_str()), ("open", "14"));
    assert!(said.contains("医師コードがレセコンにありません") && said.contains("ドクターが存在しません"), "{said}");
    assert!(d.c.page(&visit).await.body.contains("送信エラー"));
    assert!(d.c.clerk.get("/outbox").await.expect(200).body.contains("医師コードがレセコンにありません"));
    d.settings(&[]).await.expect(303);
    d.send(&visit).await.expect(303);
    d.work().await;
    assert_eq!(d.claim(&visit).await.0, "sent");
    d.settings(&[("password", "chigau")]).await.expect(303);
    d.line(&visit).await;
    d.send(&visit).await.expect(303);
    d.work().await;
    let (_, code, said) = d.claim(&visit).await;
    assert!(code == "401" && said.contains("パスワードが違います"), "{code} {said}");
    assert_eq!(d.engine.unfinished(), (1, 1));
}

/// What is known wrong is not sent at all.
#[tokio::test]
async fn a_visit_that_says_nothing_is_not_sent() {
    let d = desk().await;
    d.settings(&[]).await.expect(303);
    let visit = d.c.receive().await;
    d.send(&visit).await.expect(303);
    d.work().await;
    assert_eq!(d.claim(&visit).await.1, "14", "no doctor is in charge");
    assert_eq!(d.engine.unfinished(), (0, 0));
}

#[tokio::test]
async fn an_unfinished_record_of_somebody_else_is_left_alone() {
    let d = desk().await;
    d.settings(&[]).await.expect(303);
    let (first, second) = (d.visit().await, d.visit().await);
    d.send(&first).await.expect(303);
    d.work().await;
    d.send(&second).await.expect(303);
    d.work().await;
    let (_, code, said) = d.claim(&second).await;
    assert!(code == "80" && said.contains("同じ日の中途終了データ"), "{code} {said}");
    assert_eq!(d.engine.unfinished(), (1, 1));
    d.engine.finish();
    d.line(&first).await;
    d.send(&first).await.expect(303);
    d.work().await;
    assert_eq!(d.claim(&first).await.1, "local:billed", "what is billed there is mended there");
}

/// SplitMix64: the same faults in every run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as usize
}

const PLACES: [&str; 6] =
    ["patientgetv2", "patientmodv2", "tmedicalgetv2", "medicalmodv2?class=01", "medicalmodv2?class=02", "incomeinfv2"];

/// Exactly one 中途終了データ ever per version of a visit, whatever single thing goes wrong on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_single_fault_leaves_exactly_one_record_per_version() {
    let d = desk().await;
    d.settings(&[]).await.expect(303);
    let mut seed = 20_261_120;
    let faults: Vec<Fault> = Fault::ALL.iter().map(|(fault, _, _)| *fault).filter(|fault| *fault != Fault::WrongCredentials).collect();
    for round in 0..faults.len() {
        // Each fault once at the registration itself, then anywhere.
        let (fault, place) = (faults[round], if round % 2 == 0 { "medicalmodv2?class=01" } else { PLACES[next(&mut seed) % 4] });
        let (again, place_again) = (faults[next(&mut seed) % faults.len()], PLACES[2 + next(&mut seed) % 4]);
        let case = format!("{fault:?} at {place}, then {again:?} at {place_again}");
        *d.engine.receipt.state.lock().unwrap() = Default::default();
        let visit = d.visit().await;
        d.engine.breaks(fault, place);
        d.send(&visit).await.expect(303);
        d.settle(fault).await;
        assert_eq!(d.engine.unfinished(), (1, 1), "first version: {case}");
        assert_eq!(d.claim(&visit).await.0, "sent", "{case}");
        d.engine.receipt.faults.lock().unwrap().clear();
        d.line(&visit).await;
        d.engine.breaks(again, place_again);
        d.send(&visit).await.expect(303);
        d.settle(again).await;
        assert_eq!(d.engine.unfinished(), (2, 1), "second version replaces the first: {case}");
        assert_eq!(d.claim(&visit).await.0, "sent", "{case}");
        d.engine.receipt.faults.lock().unwrap().clear();
    }
}

impl Desk {
    /// A slow partner does in its own time what we gave up waiting for: the quiet time of the outbox is real here.
    async fn settle(&self, fault: Fault) {
        self.postman.round().await.unwrap();
        if fault == Fault::Slow {
            tokio::time::sleep(Duration::from_millis(3_500)).await;
        }
        *self.now.lock().unwrap() += TimeDelta::seconds(60);
        self.work().await;
    }
}

fn content(number: &str, coverage: Option<CoverageFacts>) -> ClaimContent {
    ClaimContent {
        version: 1,
        patient: PatientFacts {
            number: number.into(),
            name: "架空 <太郎> & 子".into(),
            kana: "カクウ タロウ".into(),
            birth: "1975-04-01".into(),
            sex: "1".into(),
            postal_code: "100-0000".into(),
            address: "東京都架空区1-2-3".into(),
            phone: String::new(),
        },
        coverage,
        performed_on: "2026-11-20".into(),
        performed_at: "10:10:00".into(),
        department: "01".into(),
        physician: "10001".into(),
        acts: vec![ActGroup {
            class: "120".into(),
            times: 1,
            items: vec![ActItem { code: "112007410".into(), name: "再診料".into(), amount: "1".into() }],
        }],
        diseases: vec![],
    }
}

fn insured(insurer: &str) -> CoverageFacts {
    CoverageFacts {
        provider_class: "009".into(),
        insurer_number: insurer.into(),
        insurer_name: "全国健康保険協会".into(),
        symbol: "12345678".into(),
        number: "9000001".into(),
        branch: "00".into(),
        relation: "1".into(),
        valid_from: "2020-04-01".into(),
        valid_to: String::new(),
        checked_on: "2026-11-20".into(),
        public: vec![],
    }
}

#[tokio::test]
async fn patient_and_insurance_are_registered_checked_and_never_mixed_up() {
    let engine = engine();
    let http = reqwest::Client::new();
    let connection = Connection {
        url: engine.url.clone(),
        user: USER.into(),
        password: PASSWORD.into(),
        earlier_uid: String::new(),
        other_uids: vec![],
    };
    let send = async |content: &ClaimContent| -> Exchange { Talk::new(&http, &connection, PATIENCE).send(content).await };
    let refused = |exchange: &Exchange| match &exchange.outcome {
        Outcome::Refused { code, said } => format!("{code} {said}"),
        other => format!("{other:?}"),
    };
    let first = content("000042", Some(insured("01139997")));
    let exchange = send(&first).await;
    assert!(matches!(exchange.outcome, Outcome::Done(_)), "{}", refused(&exchange));
    assert!(!String::from_utf8_lossy(&exchange.sent).contains(PASSWORD), "the password is not kept with the exchange");
    assert_eq!(engine.receipt.state.lock().unwrap().patients[0].number, "000042");
    let mut stranger = first.clone();
    stranger.patient.birth = "1980-01-01".into();
    assert!(refused(&send(&stranger).await).contains("別の人が登録されています"));
    let mut elsewhere = first.clone();
    elsewhere.coverage = Some(insured("06139992"));
    assert!(refused(&send(&elsewhere).await).contains("レセコンの保険が受付の保険と違います"));
    assert!(refused(&send(&content("000043", Some(insured("01139998")))).await).starts_with("H1 保険者番号の検証番号"));
    assert!(refused(&send(&content("1234567", None)).await).starts_with("P1 患者番号の桁数"));
    assert_eq!(engine.unfinished(), (1, 1));
}

#[tokio::test]
async fn settings_refuse_what_cannot_be_and_keep_the_password_to_themselves() {
    let d = desk().await;
    for (field, value, says) in [
        ("url", "nonsense", "接続先を読めません"),
        ("url", "http://receipt.example.jp", "https で始まるもの"),
        ("url", "https://10.0.0.1", "この接続先には送れません"),
        ("password", "", "パスワードを入れてください"),
        ("department_code", "内科", "2桁の数字"),
        ("physicians", "doctor", "1行に「利用者ID 医師コード」"),
        ("physicians", "", "医師を1人以上"),
    ] {
        let page = d.settings(&[(field, value)]).await.expect(422);
        assert!(page.body.contains(says), "{field} {value}: {}", page.body);
    }
    d.settings(&[]).await.expect(303);
    d.settings(&[("password", "")]).await.expect(303);
    let admin = d.c.here.client(d.c.h, Role::ClinicAdmin).await;
    assert!(!admin.get("/clinic/receipt-computer").await.expect(200).body.contains(PASSWORD));
    let stale = d.settings(&[("version", "1")]).await.expect(409);
    assert!(stale.body.contains("ほかの人が先に保存しました"));
    d.c.clerk.get("/clinic/receipt-computer").await.expect(403);
    use sqlx::Row;
    let sql = "SELECT count(*) FROM row_version WHERE kind = 'receipt_engine' AND tenant_id = $1 AND content::text LIKE '%password%'";
    let row = sqlx::query(sql).bind(d.c.here.id.as_uuid()).fetch_one(&mut d.c.h.superuser().await).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 0, "the history holds no password");
}

/// S12: a visit signed before the clinic was connected has nothing on its way and can be sent all the same.
#[tokio::test]
async fn a_visit_from_before_the_connection_has_a_button() {
    let d = desk().await;
    let visit = d.c.seen().await;
    assert!(!d.c.page(&visit).await.body.contains("レセコン未送信"), "no connection, no chip");
    d.settings(&[]).await.expect(303);
    let page = d.c.page(&visit).await;
    assert!(page.body.contains("レセコン未送信") && page.body.contains("送信</button>") && page.statements() <= 12, "{}", page.body);
    d.send(&visit).await.expect(303);
    assert!(d.c.page(&visit).await.body.contains("修正して再送"), "it was tried: what is missing is said");
}
