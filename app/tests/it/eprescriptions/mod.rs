//! 電子処方箋 over TLS against the simulated service, its faults, and a pharmacy. FN-EP-01, 06, 10, 12, 15; scenario 4 of the acceptance list.

mod cards;
mod changes;
mod checks;
mod ending;
mod faults;
mod figures;
mod folders;
mod forged;
mod inside;
mod numbered;
mod registering;
mod results;
mod split;
mod wishes;

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
use tsumugi::adapters::national_way::NationalWay;
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
const NARCOTIC: &str = "699800003";
const PLASTER: &str = "699800004";
/// Faults that answer at once; the slow one has a test of its own.
fn quick() -> Vec<Fault> {
    EPS_FAULTS.into_iter().filter(|fault| !matches!(fault, Fault::Timeout | Fault::Late)).collect()
}

async fn master(h: &Harness) {
    static LOADED: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    LOADED
        .get_or_init(|| async {
            // Before ours: the samples end every drug they do not know.
            tsumugi::masters::import::load_samples(&h.operator()).await.unwrap();
            let (mut db, release) = (h.superuser().await, Uuid::now_v7());
            let sql = "INSERT INTO master_release VALUES ($1, 'drug', 'erx', 'erx.csv', sha256($1::text::bytea), '2020-04-01', now(), 2, true)";
            sqlx::query(sql).bind(release).execute(&mut db).await.unwrap();
            for (code, name, unit, form, class) in [
                (DRUG, "見本電子処方錠", "錠", "1", "0"),
                (DUMMY, "見本ダミー錠", "錠", "1", "0"),
                (NARCOTIC, "見本麻薬錠", "錠", "1", "1"),
                (PLASTER, "見本貼付剤", "枚", "6", "0"),
            ] {
                let sql = "INSERT INTO drug_master (release_id, code, name, search_key, valid_from, unit, dosage_form, entry) VALUES ($1, $2, $3, $4, '2020-04-01', $5, $6, $7)";
                let key = domain::search_key::search_key(name);
                let entry = serde_json::json!({
                    "code": code, "name": name, "name_kana": "", "unit": unit, "valid_from": null, "valid_to": null, "withdrawn": false,
                    "attributes": { "controlled_class": class },
                });
                let query = sqlx::query(sql).bind(release).bind(code).bind(name).bind(key).bind(unit).bind(form).bind(entry);
                query.execute(&mut db).await.unwrap();
            }
        })
        .await;
}

pub struct Desk {
    pub h: &'static Harness,
    pub here: Clinic,
    neighbour: Clinic,
    doctor: Client,
    pub clerk: Client,
    patient: String,
    services: National,
    pub url: String,
    ahead: Arc<Mutex<TimeDelta>>,
    operator: Operator,
    postman: Postman,
}

pub async fn desk() -> Desk {
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
    let postman = Postman::new(operator.clone(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(here.id);
    Desk { h, here, neighbour, doctor, clerk, patient, services, url, ahead, operator, postman }
}

/// One electronic prescription of one visit.
pub struct Rx<'a> {
    d: &'a Desk,
    visit: String,
    id: Uuid,
}

impl Desk {
    /// The same desk over another line.
    pub fn use_way(&mut self, way: NationalWay) {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(PrescriptionDriver::new(way, None))];
        self.postman = Postman::new(self.operator.clone(), drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(self.here.id);
    }

    pub async fn deliver(&self) {
        while self.postman.round().await.unwrap() > 0 {}
    }

    pub fn pass(&self, time: TimeDelta) {
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
        self.line_of(visit, drug, "14").await;
    }

    async fn line_of(&self, visit: &str, drug: &str, days: &str) {
        let key = Uuid::now_v7().to_string();
        let form = [
            ("patient_token", self.patient.as_str()),
            ("idempotency_key", key.as_str()),
            ("drug_code", drug),
            ("dose", "1"),
            ("usage", "1a"),
            ("supply", "days"),
            ("count", days),
            ("substitution", "allowed"),
        ];
        self.doctor.post(&format!("/encounters/{visit}/prescription-lines"), &form).await.expect(303);
    }

    /// An electronic prescription of one drug that has been checked.
    async fn drafted(&self) -> String {
        let visit = self.visit().await;
        self.head(&visit, &[]).await.expect(303);
        self.line(&visit, DRUG).await;
        self.check(&visit).await;
        visit
    }

    async fn ask(&self, by: &Client, visit: &str) -> Answer {
        let key = Uuid::now_v7().to_string();
        by.post(&format!("/encounters/{visit}/duplicate-check"), &[("patient_token", self.patient.as_str()), ("idempotency_key", &key)])
            .await
    }

    /// Asks and lets the answer arrive.
    async fn check(&self, visit: &str) {
        self.ask(&self.doctor, visit).await.expect(303);
        self.deliver().await;
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
    pub async fn rx(&self) -> Rx<'_> {
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

    pub async fn status(&self) -> String {
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
    pub fn shelf(&self) -> Vec<Held> {
        let name = format!("rx-{}", self.id);
        self.d.services.shelf.all().into_iter().filter(|held| held.identifier == name).collect()
    }

    pub fn standing(&self) -> usize {
        self.shelf().iter().filter(|held| held.stands()).count()
    }
}
