//! 電子処方箋 over TLS against the simulated service, its faults, and a pharmacy. FN-EP-01, 06, 10, 12, 15; scenario 4 of the acceptance list.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::{TimeDelta, Utc};
use domain::Role;
use domain::outbox::Trouble;
use simulators::national::eps::state::{Held, Status};
use simulators::national::{EPS_FAULTS, Fault, National};
use sqlx::Row;
use tenancy::operator::Operator;
use tenancy::{Clock, TenantPool};
use tsumugi::eprescriptions::PrescriptionDriver;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::eligibility_query::{national, way};
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness, keyring, role_url};
use crate::prescriptions::text_of;
use crate::signers::{self, Card};

const DRUG: &str = "699800001";
const DUMMY: &str = "777770000";
/// Faults that answer at once; the slow one has a test of its own.
fn quick() -> Vec<Fault> {
    EPS_FAULTS.into_iter().filter(|fault| !matches!(fault, Fault::Timeout | Fault::Late)).collect()
}

async fn master(h: &Harness) {
    static LOADED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    LOADED
        .get_or_init(|| async {
            let (mut db, release) = (h.superuser().await, Uuid::now_v7());
            let sql = "INSERT INTO master_release VALUES ($1, 'drug', 'erx', 'erx.csv', sha256($1::text::bytea), '2020-04-01', now(), 2, true)";
            sqlx::query(sql).bind(release).execute(&mut db).await.unwrap();
            for (code, name) in [(DRUG, "見本電子処方錠"), (DUMMY, "見本ダミー錠")] {
                let sql = "INSERT INTO drug_master (release_id, code, name, search_key, valid_from, unit) VALUES ($1, $2, $3, $4, '2020-04-01', '錠')";
                let key = domain::search_key::search_key(name);
                sqlx::query(sql).bind(release).bind(code).bind(name).bind(key).execute(&mut db).await.unwrap();
            }
        })
        .await;
}

struct Desk {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    doctor: Client,
    clerk: Client,
    patient: String,
    services: National,
    url: String,
    ahead: Arc<Mutex<TimeDelta>>,
    postman: Postman,
}

async fn desk() -> Desk {
    desk_with(Card::Doctor).await
}

async fn desk_with(card: Card) -> Desk {
    let h = Harness::get();
    master(h).await;
    let (here, neighbour) = two_clinics(h).await;
    signers::give(here.id.as_uuid(), here.staff_of(Role::Doctor).as_uuid(), card);
    let (clerk, doctor) = (here.client(h, Role::Clerk).await, here.client(h, Role::Doctor).await);
    let form =
        [("name_ideographic", "髙﨑 𠮷太郎"), ("name_syllabic", "タカサキ ヨシタロウ"), ("sex", "male"), ("birth_date", "1975-04-01")];
    let patient = clerk.post("/patients", &form).await.expect(303).header("location").split('?').next().unwrap().replace("/patients/", "");
    let (services, url) = national();
    let ahead = Arc::new(Mutex::new(TimeDelta::zero()));
    let clock = Clock::from_fn({
        let ahead = ahead.clone();
        move || Utc::now() + *ahead.lock().unwrap()
    });
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &h.database), 4, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &h.database), tenants).unwrap();
    let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(PrescriptionDriver::new(way(&url), None))];
    let postman = Postman::new(operator, drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(here.id);
    Desk { h, here, neighbour, doctor, clerk, patient, services, url, ahead, postman }
}

/// One electronic prescription of one visit.
struct Rx<'a> {
    d: &'a Desk,
    visit: String,
    id: Uuid,
}

impl Desk {
    async fn deliver(&self) {
        while self.postman.round().await.unwrap() > 0 {}
    }

    fn pass(&self, time: TimeDelta) {
        *self.ahead.lock().unwrap() += time;
    }

    /// Worker and web agree on the time again; what is due later stays so.
    fn settle_clock(&self) {
        *self.ahead.lock().unwrap() = TimeDelta::zero();
    }

    async fn visit(&self) -> String {
        let key = Uuid::now_v7().to_string();
        let form = [("patient_token", self.patient.as_str()), ("class", "AMB"), ("again", "yes"), ("idempotency_key", key.as_str())];
        let received = self.clerk.post("/encounters", &form).await.expect(303);
        received.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    async fn head(&self, visit: &str, fields: &[(&str, &str)]) -> Answer {
        let key = Uuid::now_v7().to_string();
        let mut form = vec![
            ("patient_token", self.patient.as_str()),
            ("idempotency_key", &key),
            ("version", ""),
            ("dispensed_at", "outside"),
            ("issue_form", "electronic"),
            ("refill", "0"),
            ("split", "0"),
            ("leftover", ""),
        ];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.doctor.post(&format!("/encounters/{visit}/prescription/head"), &form).await
    }

    async fn line(&self, visit: &str, drug: &str) {
        let key = Uuid::now_v7().to_string();
        let form = [
            ("patient_token", self.patient.as_str()),
            ("idempotency_key", key.as_str()),
            ("drug_code", drug),
            ("dose", "1"),
            ("usage", "1a"),
            ("supply", "days"),
            ("count", "14"),
            ("substitution", "allowed"),
        ];
        self.doctor.post(&format!("/encounters/{visit}/prescription-lines"), &form).await.expect(303);
    }

    async fn drafted(&self) -> String {
        let visit = self.visit().await;
        self.head(&visit, &[]).await.expect(303);
        self.line(&visit, DRUG).await;
        visit
    }

    /// The drafts as the page names them to the signing doctor.
    async fn seen(&self, visit: &str) -> String {
        let page = self.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body;
        page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    async fn sign(&self, by: &Client, visit: &str) -> Answer {
        let seen = self.seen(visit).await;
        by.post(&format!("/encounters/{visit}/prescription/signature"), &[("patient_token", self.patient.as_str()), ("seen", &seen)]).await
    }

    /// Signed and waiting to be sent.
    async fn rx(&self) -> Rx<'_> {
        let visit = self.drafted().await;
        self.sign(&self.doctor, &visit).await.expect(303);
        let encounter: Uuid = visit.parse().unwrap();
        let sql = "SELECT id FROM prescription_registration WHERE encounter_id = $1";
        let id = sqlx::query(sql).bind(encounter).fetch_one(&mut self.h.superuser().await).await.unwrap().get(0);
        Rx { d: self, visit, id }
    }
}

impl Rx<'_> {
    async fn row(&self) -> (String, i32, String) {
        let sql = "SELECT status, version, access_code FROM prescription_registration WHERE id = $1";
        let row = sqlx::query(sql).bind(self.id).fetch_one(&mut self.d.h.superuser().await).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    async fn status(&self) -> String {
        self.row().await.0
    }

    async fn head(&self) -> String {
        let sql = "SELECT status FROM prescription WHERE id = $1";
        sqlx::query(sql).bind(self.id).fetch_one(&mut self.d.h.superuser().await).await.unwrap().get(0)
    }

    /// The one message that carries the registration: id, version, state.
    async fn message(&self) -> (Uuid, i32, String) {
        let sql = "SELECT id, version, state FROM outbox_message WHERE lane = $1 AND errand = 'prescription_register'";
        let row = sqlx::query(sql).bind(self.id).fetch_one(&mut self.d.h.superuser().await).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    async fn press_on_outbox(&self, what: &str) -> Answer {
        let (id, version, _) = self.message().await;
        let (key, version) = (Uuid::now_v7().to_string(), version.to_string());
        let form = [("idempotency_key", key.as_str()), ("version", &version), ("patient_token", &self.d.patient)];
        self.d.clerk.post(&format!("/outbox/{id}/{what}"), &form).await
    }

    async fn act(&self, by: &Client, what: &str, fields: &[(&str, &str)]) -> Answer {
        let (version, key) = (self.row().await.1.to_string(), Uuid::now_v7().to_string());
        let mut form = vec![("patient_token", self.d.patient.as_str()), ("idempotency_key", &key), ("version", &version)];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        by.post(&format!("/prescriptions/{}/{what}", self.id), &form).await
    }

    async fn paper(&self) -> Answer {
        self.act(&self.d.doctor, "paper", &[]).await
    }

    async fn withdraw(&self) -> Answer {
        self.act(&self.d.doctor, "revocation", &[("reason", "用量の誤り")]).await
    }

    async fn page(&self) -> String {
        self.d.doctor.get(&format!("/encounters/{}/eprescription", self.visit)).await.expect(200).body
    }

    async fn pdf(&self, name: &str) -> Answer {
        let request = self.d.doctor.request("GET", &format!("/encounters/{}/{name}.pdf", self.visit));
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        Answer { status, headers, body }
    }

    /// What the service holds of it, taken back or not.
    fn shelf(&self) -> Vec<Held> {
        let name = format!("rx-{}", self.id);
        self.d.services.shelf.all().into_iter().filter(|held| held.identifier == name).collect()
    }

    fn standing(&self) -> usize {
        self.shelf().iter().filter(|held| held.status != Status::Withdrawn).count()
    }
}

/// FN-EP-01, FN-EP-10, FN-EP-12: signed, registered while nobody waits, handed out as 控え, taken in by a pharmacy, dispensed.
#[tokio::test]
async fn a_signature_becomes_a_registered_prescription_that_a_pharmacy_dispenses() {
    let d = desk().await;
    let visit = d.drafted().await;
    let started = Instant::now();
    d.sign(&d.doctor, &visit).await.expect(303);
    assert!(started.elapsed().as_millis() < 2000, "nobody waits for the service");
    let encounter: Uuid = visit.parse().unwrap();
    let sql = "SELECT id FROM prescription_registration WHERE encounter_id = $1";
    let id = sqlx::query(sql).bind(encounter).fetch_one(&mut d.h.superuser().await).await.unwrap().get(0);
    let rx = Rx { d: &d, visit, id };
    assert!(rx.page().await.contains("登録待ち"));
    assert!(rx.pdf("prescription").await.expect(422).body.contains("紙の処方箋は出せません"));
    assert!(rx.pdf("prescription-copy").await.expect(422).body.contains("控えはまだ出せません"));

    d.deliver().await;
    let [held] = &rx.shelf()[..] else { panic!("{:?}", rx.shelf()) };
    assert!(held.signer.contains("SIM-doctor") && held.summary.drugs == ["見本電子処方錠"]);
    let pane = d.doctor.get(&format!("/encounters/{}/prescription", rx.visit)).await.expect(200);
    assert!(pane.statements() <= 12, "{} statements", pane.statements());
    for words in ["登録済", &held.access_code, &held.id.to_string()] {
        assert!(pane.body.contains(words), "{words}: {}", pane.body);
    }
    assert!(!pane.body.contains("署名した処方箋("), "only the service takes it back");
    let fragment = d.doctor.get_fragment(&format!("/encounters/{}/eprescription", rx.visit)).await.expect(200);
    assert!(fragment.body.contains("登録済") && !fragment.body.contains("<html") && fragment.statements() <= 4);
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("registered", "registered"));
    assert!(rx.pdf("prescription-copy").await.expect(200).body.starts_with("%PDF-"));
    let copy = d.doctor.request("GET", &format!("/encounters/{}/prescription-copy.pdf", rx.visit)).send().await.unwrap();
    if let Some(text) = text_of(&copy.bytes().await.unwrap()) {
        let said = [format!("引換番号{}", held.access_code), format!("処方箋ID{}", held.id), "見本電子処方錠".to_owned()];
        assert!(said.iter().all(|words| text.contains(words)), "{text}");
    }
    rx.pdf("prescription").await.expect(422);
    let preview = d.clerk.get(&format!("/encounters/{}/prescription/print", rx.visit)).await.expect(200).body;
    assert!(preview.contains(&held.access_code) && !preview.contains("/prescription.pdf"), "the clerk can hand out the 控え only");

    d.services.shelf.receive(&held.access_code, "架空薬局").unwrap();
    d.pass(TimeDelta::minutes(2));
    d.deliver().await;
    assert_eq!(rx.status().await, "received");
    assert!(rx.page().await.contains("架空薬局"));
    let refused = rx.withdraw().await.expect(422).body;
    assert!(refused.contains("薬局が受け付けているため取り消せません"), "{refused}");

    d.services.shelf.move_on(held.id, Status::Dispensed, "残薬が<7>日分ありました").unwrap();
    rx.act(&d.clerk, "standing", &[]).await.expect(303);
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("dispensed", "dispensed"));
    let page = rx.page().await;
    assert!(page.contains("調剤済") && page.contains("残薬が&#60;7&#62;日分ありました"), "{page}");
    d.pass(TimeDelta::hours(1));
    d.deliver().await;
    let asked = d.services.eps_asked();
    d.pass(TimeDelta::hours(9));
    d.deliver().await;
    assert_eq!(d.services.eps_asked(), asked, "what is dispensed is not asked about any more");
    rx.act(&d.clerk, "standing", &[]).await.expect(422);
}

/// FN-EP-06: 確定 signs with the doctor's own key; an expired certificate stops it with a clear sentence, and paper goes on.
#[tokio::test]
async fn an_expired_certificate_stops_finalization_and_keeps_everything() {
    let d = desk_with(Card::Expired).await;
    let visit = d.drafted().await;
    let (token, key) = (d.patient.as_str(), Uuid::now_v7().to_string());
    let save = [("patient_token", token), ("idempotency_key", &key), ("version", "0"), ("body", "咳が続く")];
    d.doctor.post(&format!("/encounters/{visit}/note/sections/S"), &save).await;
    let finalize = async || {
        let (key, seen) = (Uuid::now_v7().to_string(), d.seen(&visit).await);
        let form = [
            ("patient_token", token),
            ("idempotency_key", &key),
            ("seen_prescription", &seen),
            ("version_S", "1"),
            ("version_O", "0"),
            ("version_A", "0"),
            ("version_P", "0"),
        ];
        d.doctor.post(&format!("/encounters/{visit}/note/finalization"), &form).await
    };
    let stopped = finalize().await.expect(422).body;
    assert!(stopped.contains("有効期限(2025年01月01日)が切れています") && stopped.contains("発行形態"), "{stopped}");
    let encounter: Uuid = visit.parse().unwrap();
    let sql = "SELECT (SELECT count(*) FROM prescription_registration WHERE encounter_id = $1), (SELECT count(*) FROM note WHERE encounter_id = $1 AND signed_at IS NOT NULL), \
               (SELECT count(*) FROM medication_request WHERE encounter_id = $1 AND status = 'signed')";
    let row = sqlx::query(sql).bind(encounter).fetch_one(&mut d.h.superuser().await).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2)), (0, 0, 0), "nothing of it is signed");
    let page = d.doctor.get(&format!("/encounters/{visit}/prescription")).await.expect(200).body;
    let form = page.split("/prescription/head").nth(2).unwrap();
    let version = form.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    d.head(&visit, &[("issue_form", "paper"), ("version", &version)]).await.expect(303);
    finalize().await.expect(303);
    d.deliver().await;
    assert_eq!(d.services.eps_asked(), 0);

    signers::give(d.here.id.as_uuid(), d.here.staff_of(Role::Doctor).as_uuid(), Card::Nurse);
    let visit = d.drafted().await;
    assert!(d.sign(&d.doctor, &visit).await.expect(422).body.contains("医師の資格がありません"));
    for role in [Role::Nurse, Role::DoctorAide, Role::Clerk] {
        d.sign(&d.here.client(d.h, role).await, &visit).await.expect(403);
    }
    signers::give(d.here.id.as_uuid(), d.here.staff_of(Role::Doctor).as_uuid(), Card::Doctor);
    d.sign(&d.doctor, &visit).await.expect(303);
    let other = desk_with(Card::Strange).await;
    let rx = other.rx().await;
    other.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.shelf().len()), ("refused", 0), "the service believes no stranger");
    assert!(rx.page().await.contains("信頼する認証局の証明書ではありません"));
}

/// FN-EP-15: whatever goes wrong on the way, one prescription stands there in the end, and exactly one.
#[tokio::test]
async fn each_fault_and_each_pair_of_faults_ends_with_one_prescription() {
    let d = desk().await;
    for first in quick() {
        for second in quick().into_iter().map(Some).chain([None]) {
            d.settle_clock();
            let rx = d.rx().await;
            d.services.eps_faults.next(first, 1);
            if let Some(second) = second {
                d.services.eps_faults.next(second, 1);
            }
            for _ in 0..4 {
                d.deliver().await;
                d.pass(TimeDelta::minutes(3));
                if rx.message().await.2 == "refused" {
                    rx.press_on_outbox("dispatch").await.expect(303);
                }
            }
            d.services.eps_faults.clear();
            d.deliver().await;
            let case = format!("{first:?} then {second:?}");
            assert_eq!((rx.status().await.as_str(), rx.shelf().len()), ("registered", 1), "{case}");
            assert_eq!(rx.row().await.2, rx.shelf()[0].access_code, "{case}");
        }
    }
}

/// FN-EP-15: no answer in the time of an exchange, though the service went on; nothing is sent twice.
#[tokio::test]
async fn an_answer_that_comes_too_late_is_looked_for() {
    let d = desk().await;
    let rx = d.rx().await;
    d.services.eps_faults.next(Fault::Late, 1);
    d.deliver().await;
    assert!(rx.page().await.contains("届いたか確かめています"));
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    d.pass(TimeDelta::minutes(1));
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.shelf().len()), ("registered", 1));
}

/// splitmix64 as a stream.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// Scenario 4 under seeded faults, deaths of workers and people pressing at any moment: never paper and an electronic one at once,
/// never two, never stuck.
#[tokio::test]
async fn no_order_of_faults_and_acts_makes_two_prescriptions() {
    let d = desk().await;
    for seed in 0..24_u64 {
        d.settle_clock();
        let (mut dice, rx) = (Dice(seed.wrapping_mul(0x1234_5677)), d.rx().await);
        let mut story = Vec::new();
        for _ in 0..6 {
            let act = dice.roll(9);
            story.push(act);
            match act {
                0..=2 => d.services.eps_faults.next(quick()[dice.roll(quick().len() as u64) as usize], 1),
                3 => drop(rx.paper().await),
                4 => drop(rx.withdraw().await),
                5 => drop(rx.press_on_outbox("dispatch").await),
                6 => drop(rx.press_on_outbox("withdrawal").await),
                7 => die_while_sending(&rx).await,
                _ => {
                    for held in rx.shelf() {
                        let _ = d.services.shelf.receive(&held.access_code, "架空薬局");
                    }
                }
            }
            if dice.roll(3) > 0 {
                d.postman.round().await.unwrap();
                d.pass(TimeDelta::seconds(20 + dice.roll(60) as i64));
            }
            check(&rx, seed, &story).await;
        }
        d.services.eps_faults.clear();
        for round in 0..8 {
            d.pass(TimeDelta::minutes(11));
            d.deliver().await;
            check(&rx, seed, &story).await;
            // What is still open needs a hand, and the page says so.
            if round > 3 && matches!(rx.status().await.as_str(), "pending" | "refused" | "to_paper" | "withdrawing") {
                rx.paper().await;
            }
        }
        let status = rx.status().await;
        let ended = matches!(status.as_str(), "registered" | "received" | "paper" | "withdrawn");
        assert!(ended, "seed {seed}: {story:?} ended in {status}");
        assert_eq!(rx.standing(), usize::from(matches!(status.as_str(), "registered" | "received")), "seed {seed}: {story:?} {status}");
    }
}

/// A worker that died with the message in its hands, after it had sent it or before.
async fn die_while_sending(rx: &Rx<'_>) {
    let sql = "UPDATE outbox_message SET state = 'sending', holder = $2, attempts = attempts + 1, next_attempt_at = $3 WHERE id = $1 AND state = 'waiting'";
    let until = Utc::now() + *rx.d.ahead.lock().unwrap() + TimeDelta::seconds(25);
    sqlx::query(sql).bind(rx.message().await.0).bind(Uuid::from_u128(9)).bind(until).execute(&mut rx.d.h.superuser().await).await.unwrap();
}

async fn check(rx: &Rx<'_>, seed: u64, story: &[u64]) {
    let (status, standing) = (rx.status().await, rx.standing());
    assert!(standing <= 1, "seed {seed}: {story:?} made {standing}");
    let paper = rx.pdf("prescription").await.status == 200;
    assert!(!(paper && standing > 0), "seed {seed}: {story:?} is on paper and registered ({status})");
    assert_eq!(paper, status == "paper", "seed {seed}: {story:?}: {status}");
}

/// Scenario 4: the service is away, the doctor turns to paper, and nothing can send the electronic one any more.
#[tokio::test]
async fn what_was_never_sent_is_paper_at_once() {
    let d = desk().await;
    let rx = d.rx().await;
    d.services.eps_faults.next(Fault::Closed, 3);
    d.deliver().await;
    assert!(rx.page().await.contains("受付時間外") && rx.page().await.contains("Alt+X"));
    rx.act(&d.here.client(d.h, Role::Nurse).await, "paper", &[]).await.expect(403);
    rx.act(&d.neighbour.client(d.h, Role::Doctor).await, "paper", &[]).await.expect(404);
    rx.act(&d.doctor, "paper", &[("patient_token", &Uuid::max().to_string())]).await.expect(422);
    rx.act(&d.doctor, "paper", &[("version", "77")]).await.expect(409);
    rx.act(&d.doctor, "paper", &[("version", "")]).await.expect(422);
    rx.act(&d.doctor, "paper", &[("idempotency_key", "x")]).await.expect(422);
    let key = Uuid::now_v7().to_string();
    rx.act(&d.doctor, "paper", &[("idempotency_key", &key)]).await.expect(303);
    let version = rx.row().await.1;
    rx.act(&d.doctor, "paper", &[("idempotency_key", &key)]).await.expect(303);
    assert_eq!(rx.row().await.1, version, "pressed twice it is done once");
    assert!(rx.paper().await.expect(422).body.contains("もう紙に切り替えたか"));
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("paper", "issued_paper"));
    rx.pdf("prescription").await.expect(200);

    rx.press_on_outbox("dispatch").await.expect(303);
    d.services.eps_faults.clear();
    d.pass(TimeDelta::minutes(5));
    d.deliver().await;
    assert_eq!(rx.shelf().len(), 0, "再送 sends nothing that is on paper");
    let outbox = d.clerk.get("/outbox").await.expect(200).body;
    assert!(outbox.contains("紙へ切り替えたか取り消したため、送りませんでした"), "{outbox}");
}

/// Scenario 4: the answer was lost. No paper leaves before the service has been asked and what stood there is taken back.
#[tokio::test]
async fn what_may_have_arrived_is_taken_back_before_paper_leaves() {
    for fault in [Fault::LostReply, Fault::Cut, Fault::Malformed, Fault::Failing] {
        let d = desk().await;
        let rx = d.rx().await;
        d.services.eps_faults.next(fault, 1);
        d.deliver().await;
        rx.paper().await.expect(303);
        assert_eq!(rx.status().await, "to_paper", "{fault:?}");
        assert!(rx.page().await.contains("確かめ終わると紙の処方箋を印刷できます"));
        rx.pdf("prescription").await.expect(422);
        assert!(rx.withdraw().await.expect(422).body.contains("いま電子処方箋管理サービスに確かめています"));
        d.deliver().await;
        assert_eq!(rx.status().await, "to_paper", "{fault:?}: not before a request on its way has arrived or died");
        d.pass(TimeDelta::minutes(1));
        d.deliver().await;
        assert_eq!((rx.status().await.as_str(), rx.standing()), ("paper", 0), "{fault:?}");
        rx.pdf("prescription").await.expect(200);
    }
    let d = desk().await;
    // A pharmacy was quicker: it stays electronic, and the page says why.
    let rx = d.rx().await;
    d.services.eps_faults.next(Fault::LostReply, 1);
    d.deliver().await;
    rx.paper().await.expect(303);
    d.services.shelf.receive(&rx.shelf()[0].access_code, "架空薬局").unwrap();
    d.pass(TimeDelta::minutes(1));
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str()), ("received", "registered"));
    assert!(rx.page().await.contains("紙への切替はできませんでした"));
    rx.pdf("prescription").await.expect(422);
    rx.pdf("prescription-copy").await.expect(200);
}

/// FN-EP-12: taken back before a pharmacy has it, with a reason; a stuck withdrawal is tried again.
#[tokio::test]
async fn a_registered_prescription_is_taken_back_until_a_pharmacy_has_it() {
    let d = desk().await;
    let rx = d.rx().await;
    d.deliver().await;
    assert!(rx.paper().await.expect(422).body.contains("電子処方箋として登録されました"));
    assert!(rx.act(&d.doctor, "revocation", &[]).await.expect(422).body.contains("取り消す理由"));
    rx.act(&d.doctor, "revocation", &[("reason", "x"), ("version", "1")]).await.expect(409);
    let take_back = format!("/prescriptions/{}/withdrawal", rx.id);
    let head: i32 = sqlx::query("SELECT version FROM prescription WHERE id = $1")
        .bind(rx.id)
        .fetch_one(&mut d.h.superuser().await)
        .await
        .unwrap()
        .get(0);
    let version = head.to_string();
    let form = [("patient_token", d.patient.as_str()), ("version", &version), ("reason", "x")];
    assert!(
        d.doctor.post(&take_back, &form).await.expect(422).body.contains("電子処方箋を取り消す"),
        "the paper's way does not take it back"
    );
    d.services.eps_faults.next(Fault::Duplicate, 1);
    rx.withdraw().await.expect(303);
    assert_eq!(rx.status().await, "withdrawing");
    for _ in 0..4 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(2));
    }
    assert_eq!((rx.status().await.as_str(), rx.head().await.as_str(), rx.standing()), ("withdrawn", "withdrawn", 0));
    assert!(rx.page().await.contains("用量の誤り"));
    let pane = d.doctor.get(&format!("/encounters/{}/prescription", rx.visit)).await.expect(200).body;
    assert!(pane.contains("まだ処方はありません"), "its lines no longer stand");

    // The service is away for longer than anybody tries: the doctor pushes on when it is back.
    let rx = d.rx().await;
    d.deliver().await;
    d.services.eps_faults.next(Fault::Closed, 1000);
    rx.withdraw().await.expect(303);
    for _ in 0..60 {
        d.deliver().await;
        d.pass(TimeDelta::minutes(11));
    }
    assert!(rx.page().await.contains("もう一度確かめる"), "{}", rx.page().await);
    d.services.eps_faults.clear();
    rx.paper().await.expect(303);
    d.pass(TimeDelta::minutes(1));
    d.deliver().await;
    assert_eq!((rx.status().await.as_str(), rx.standing()), ("withdrawn", 0));
}

/// S13: what is neither registered nor on paper stands on the list of the day's end; the service is asked whether it is there.
#[tokio::test]
async fn the_days_end_names_what_is_not_registered() {
    let d = desk().await;
    let rx = d.rx().await;
    let list = d.clerk.get("/day-close").await.expect(200).body;
    assert!(list.contains("未登録の電子処方箋") && list.contains(&format!("/encounters/{}/eprescription", rx.visit)), "{list}");
    let probe = PrescriptionDriver::new(way(&d.url), None);
    d.services.eps_faults.next(Fault::Failing, 1);
    assert_eq!(probe.probe().await, Some(Err(Trouble::Closed)), "the chip learns of it without a prescription");
    d.services.eps_faults.clear();
    assert_eq!(probe.probe().await, Some(Ok(())));
    d.deliver().await;
    let list = d.clerk.get("/day-close").await.expect(200).body;
    assert!(!list.contains(&format!("/encounters/{}/eprescription", rx.visit)), "{list}");
}

/// FN-EP-14 and worst input: said at the field, or before anything is signed.
#[tokio::test]
async fn what_the_service_would_refuse_is_said_before_it_is_signed() {
    let d = desk().await;
    let visit = d.visit().await;
    d.line(&visit, DUMMY).await;
    assert!(d.head(&visit, &[("dispensed_at", "inside")]).await.expect(422).body.contains("院内の処方は電子処方箋にできません"));
    assert!(d.head(&visit, &[("split", "2")]).await.expect(422).body.contains("分割指示のある処方は電子処方箋にできません"));
    assert!(d.head(&visit, &[("issue_form", "<fax>")]).await.expect(422).body.contains("電子か紙を選んでください"));
    d.head(&visit, &[("version", "1")]).await.expect(303);
    let refused = d.sign(&d.doctor, &visit).await.expect(422).body;
    assert!(refused.contains("「見本ダミー錠」はダミーコードの薬です"), "{refused}");
    d.deliver().await;
    assert_eq!(d.services.eps_asked(), 0, "nothing was sent");
    let empty = d.doctor.get(&format!("/encounters/{visit}/eprescription")).await.expect(200).body;
    assert!(empty.contains("この受診に電子処方箋はありません"));
    d.neighbour.client(d.h, Role::Doctor).await.get(&format!("/encounters/{visit}/eprescription")).await.expect(404);
}
