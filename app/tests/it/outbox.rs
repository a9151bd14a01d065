//! The outbox over real Postgres: put with the act, delivered once, survived by deaths, worked off by people.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::outbox::{Errand, Service, Trouble};
use domain::{MessageId, PatientId, Role};
use sqlx::Row;
use tenancy::operator::Operator;
use tenancy::{Act, Audit, Clock, Error, InfoClass, TenantPool, TenantTx};
use tsumugi::outbox::deliver::Postman;
use tsumugi::outbox::{Driver, Ending, Exchange, Message, Outcome, Posting, put};
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Answer, Client, Harness, keyring, role_url};

/// A partner whose next answers are written down beforehand; what is not written down is accepted.
#[derive(Default)]
struct Partner {
    next: Mutex<VecDeque<Outcome>>,
    accepted: Mutex<Vec<String>>,
    looks: Mutex<u32>,
    settled: Mutex<Vec<String>>,
    unusable: Mutex<bool>,
}

struct Fake(Arc<Partner>);

#[async_trait]
impl Driver for Fake {
    fn service(&self) -> Service {
        Service::Receipt
    }

    async fn send(&self, message: &Message) -> Exchange {
        let outcome = self.0.next.lock().unwrap().pop_front().unwrap_or(Outcome::Done(b"ok".to_vec()));
        // An unknown outcome is the worst case here: it did arrive.
        if matches!(outcome, Outcome::Done(_) | Outcome::Unknown(_)) {
            self.0.accepted.lock().unwrap().push(message.key.clone());
        }
        Exchange { outcome, sent: message.payload.clone(), received: b"received".to_vec() }
    }

    async fn look(&self, message: &Message) -> Exchange {
        *self.0.looks.lock().unwrap() += 1;
        let found = self.0.accepted.lock().unwrap().contains(&message.key);
        if found { Outcome::Done(b"ok".to_vec()).into() } else { Outcome::Absent.into() }
    }

    async fn settled(&self, _: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
        if std::mem::take(&mut *self.0.unusable.lock().unwrap()) {
            return Err(Error::internal("not what was expected"));
        }
        let word = match ending {
            Ending::Done(_) => "done".to_owned(),
            Ending::Refused { code, .. } => code.to_owned(),
            Ending::GivenUp => "given up".to_owned(),
        };
        self.0.settled.lock().unwrap().push(format!("{} {word}", message.key));
        Ok(())
    }
}

struct Office {
    h: &'static Harness,
    here: Clinic,
    neighbour: Clinic,
    clerk: Client,
    patient: String,
    partner: Arc<Partner>,
    now: Arc<Mutex<DateTime<Utc>>>,
    operator: Operator,
}

async fn office() -> Office {
    let h = Harness::get();
    let (here, neighbour) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let form = [("name_ideographic", "髙﨑 ひろ"), ("name_syllabic", "タカサキ ヒロ"), ("sex", "female"), ("birth_date", "1959-02-11")];
    let answer = clerk.post("/patients", &form).await.expect(303);
    let patient = answer.header("location").split('?').next().unwrap().replace("/patients/", "");
    let now = Arc::new(Mutex::new(Utc::now()));
    let clock = {
        Clock::from_fn({
            let now = now.clone();
            move || *now.lock().unwrap()
        })
    };
    let tenants = TenantPool::new(&role_url("APP_DATABASE_URL", &h.database), 6, clock).unwrap().with_keyring(keyring());
    let operator = Operator::new(&role_url("OPERATOR_DATABASE_URL", &h.database), tenants).unwrap();
    Office { h, here, neighbour, clerk, patient, partner: Arc::default(), now, operator }
}

impl Office {
    async fn put(&self, key: &str) -> MessageId {
        self.put_in(key, Uuid::now_v7(), true).await
    }

    async fn put_in(&self, key: &str, lane: Uuid, commit: bool) -> MessageId {
        let tx = self.operator.begin(self.here.id).await.unwrap();
        let posting = Posting {
            errand: Errand::Claim,
            key: key.into(),
            lane,
            patient_id: Some(self.patient.parse::<PatientId>().unwrap()),
            encounter_id: None,
            payload: "髙﨑 ひろ アムロジピン".as_bytes(),
            not_before: None,
        };
        let id = put(&tx, posting).await.unwrap();
        if commit {
            tx.commit(Audit::of(Act::Update, InfoClass::Encounter)).await.unwrap();
        }
        id
    }

    fn postman(&self, n: u128) -> Postman {
        let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(Fake(self.partner.clone()))];
        Postman::new(self.operator.clone(), drivers, Metrics::new().unwrap(), Uuid::from_u128(n)).only(self.here.id)
    }

    fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap() += time;
    }

    fn answers(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.partner.next.lock().unwrap().extend(outcomes);
    }

    fn accepted(&self) -> Vec<String> {
        self.partner.accepted.lock().unwrap().clone()
    }

    async fn row(&self, id: MessageId) -> (String, i32, bool) {
        let sql = "SELECT state, version, may_have_arrived FROM outbox_message WHERE id = $1";
        let row = sqlx::query(sql).bind(id.as_uuid()).fetch_one(&mut self.h.superuser().await).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    async fn press(&self, client: &Client, id: MessageId, what: &str, key: Uuid, version: i32, token: &str) -> Answer {
        let (key, version) = (key.to_string(), version.to_string());
        let form = [("idempotency_key", key.as_str()), ("version", &version), ("patient_token", token)];
        client.post(&format!("/outbox/{id}/{what}"), &form).await
    }
}

/// What the act does not commit is not sent; the same key is one message; the payload is unreadable in the table.
#[tokio::test]
async fn a_message_is_sent_exactly_if_its_act_is_committed() {
    let o = office().await;
    o.put_in("never", Uuid::now_v7(), false).await;
    let (first, again) = (o.put("once").await, o.put("once").await);
    assert_eq!(first, again);
    assert_eq!(o.postman(1).round().await.unwrap(), 1);
    assert_eq!(o.postman(2).round().await.unwrap(), 0);
    assert_eq!(o.accepted(), ["once"]);
    assert_eq!(*o.partner.settled.lock().unwrap(), ["once done"]);
    assert_eq!(o.row(first).await.0, "done");
    let sql =
        "SELECT payload, (SELECT sent || received FROM outbox_exchange x WHERE x.message_id = m.id) FROM outbox_message m WHERE id = $1";
    let row = sqlx::query(sql).bind(first.as_uuid()).fetch_one(&mut o.h.superuser().await).await.unwrap();
    for column in 0..2 {
        let bytes: Vec<u8> = row.get(column);
        assert!(!bytes.windows(3).any(|w| w == "髙".as_bytes()) && bytes.len() > 30, "sealed");
    }
}

/// Kill -9 between sending and noting. The next worker looks first and finds it: one delivery.
#[tokio::test]
async fn a_worker_that_dies_with_the_reply_sends_nothing_twice() {
    let o = office().await;
    let id = o.put("lost-reply").await;
    o.answers([Outcome::Unknown(Trouble::Timeout)]);
    assert_eq!(o.postman(1).round().await.unwrap(), 1);
    assert_eq!(o.row(id).await.0, "waiting");
    assert!(o.row(id).await.2, "it may have arrived");
    assert_eq!(o.postman(2).round().await.unwrap(), 0, "nobody looks before the quiet time is over");
    o.pass(TimeDelta::minutes(2));
    assert_eq!(o.postman(2).round().await.unwrap(), 1);
    assert_eq!((o.row(id).await.0.as_str(), o.accepted().len()), ("done", 1));

    // A death after the claim: the row still says sending, its time runs out.
    let id = o.put("died").await;
    let sql = "UPDATE outbox_message SET state = 'sending', holder = $2, attempts = 1, next_attempt_at = $3 WHERE id = $1";
    let until = *o.now.lock().unwrap() + TimeDelta::seconds(35);
    sqlx::query(sql).bind(id.as_uuid()).bind(Uuid::from_u128(9)).bind(until).execute(&mut o.h.superuser().await).await.unwrap();
    assert_eq!(o.postman(1).round().await.unwrap(), 0, "held");
    o.pass(TimeDelta::seconds(36));
    let looks = *o.partner.looks.lock().unwrap();
    while o.postman(1).round().await.unwrap() > 0 {}
    assert_eq!(*o.partner.looks.lock().unwrap(), looks + 1);
    assert_eq!((o.row(id).await.0.as_str(), o.accepted().len()), ("done", 2));
}

/// Many workers over many messages: each is delivered once.
#[tokio::test]
async fn workers_do_not_step_on_each_other() {
    let o = office().await;
    for n in 0..20 {
        o.put(&format!("m{n}")).await;
    }
    let rounds = (1..=4).map(|n| {
        let postman = o.postman(n);
        async move { postman.round().await.unwrap() }
    });
    let taken: usize = futures_util::future::join_all(rounds).await.into_iter().sum();
    let mut accepted = o.accepted();
    accepted.sort();
    accepted.dedup();
    assert_eq!((taken, accepted.len(), o.accepted().len()), (20, 20, 20));
}

/// One record's messages keep their order, also while the first is failing.
#[tokio::test]
async fn messages_about_one_record_go_in_order() {
    let o = office().await;
    let lane = Uuid::now_v7();
    o.put_in("first", lane, true).await;
    o.pass(TimeDelta::milliseconds(5));
    o.put_in("second", lane, true).await;
    o.answers([Outcome::Retry(Trouble::Unreachable)]);
    while o.postman(1).round().await.unwrap() > 0 {}
    assert!(o.accepted().is_empty());
    for _ in 0..8 {
        o.pass(TimeDelta::seconds(3));
        while o.postman(1).round().await.unwrap() > 0 {}
    }
    assert_eq!(o.accepted(), ["first", "second"]);
}

/// A reply the slice cannot use does not settle the message, and does not stop the others.
#[tokio::test]
async fn an_answer_that_cannot_be_used_stays_open() {
    let o = office().await;
    let id = o.put("odd").await;
    *o.partner.unusable.lock().unwrap() = true;
    assert_eq!(o.postman(1).round().await.unwrap(), 1);
    assert_eq!(o.row(id).await.0, "waiting");
    assert!(o.clerk.get("/outbox").await.expect(200).body.contains("返事を読み取れませんでした"));
    o.pass(TimeDelta::minutes(1));
    assert_eq!(o.postman(1).round().await.unwrap(), 1);
    assert_eq!((o.row(id).await.0.as_str(), o.accepted().len()), ("done", 1));
}

/// 後処理: what was refused stands there in plain words; 再送 and 取下げ act once, for the right patient, on the row as seen.
#[tokio::test]
async fn people_work_off_what_is_stuck() {
    let o = office().await;
    let id = o.put("refused").await;
    o.answers([Outcome::Refused { code: "E21".into(), said: "保険者番号が誤っています。".into() }]);
    o.postman(1).round().await.unwrap();
    let page = o.clerk.get("/outbox").await.expect(200);
    assert!(page.body.contains("保険者番号が誤っています。(E21)") && page.body.contains("髙﨑 ひろ"), "{}", page.body);
    assert!(page.statements() <= 3, "{}", page.statements());
    assert!(!o.neighbour.client(o.h, Role::Clerk).await.get("/outbox").await.expect(200).body.contains("髙﨑"));

    let (_, version, _) = o.row(id).await;
    let (key, token) = (Uuid::now_v7(), o.patient.clone());
    o.press(&o.clerk, id, "dispatch", key, version, &Uuid::max().to_string()).await.expect(422);
    o.press(&o.clerk, id, "dispatch", key, version - 1, &token).await.expect(409);
    o.press(&o.neighbour.client(o.h, Role::Clerk).await, id, "dispatch", key, version, &token).await.expect(404);
    o.press(&o.clerk, id, "dispatch", key, version, &token).await.expect(303);
    o.press(&o.clerk, id, "dispatch", key, version, &token).await.expect(303);
    o.pass(TimeDelta::seconds(5));
    o.postman(1).round().await.unwrap();
    assert_eq!(o.accepted(), ["refused"]);
    let (state, version, _) = o.row(id).await;
    assert_eq!(state, "done");
    let late = o.press(&o.clerk, id, "withdrawal", Uuid::now_v7(), version, &token).await.expect(422);
    assert!(late.body.contains("もう届いています"), "{}", late.body);

    let id = o.put("unwanted").await;
    let (_, version, _) = o.row(id).await;
    o.press(&o.clerk, id, "withdrawal", Uuid::now_v7(), version, &token).await.expect(303);
    assert_eq!(o.postman(1).round().await.unwrap(), 0, "withdrawn messages are not sent");
    assert!(o.clerk.get("/outbox").await.expect(200).body.contains("取り下げました。先方には届いていません。"));
}

/// What a partner keeps failing is handed to a person, and the slice is told.
#[tokio::test]
async fn what_keeps_failing_is_given_up_to_the_list() {
    let o = office().await;
    let id = o.put("hopeless").await;
    o.answers((0..300).map(|_| Outcome::Retry(Trouble::Failing)));
    for _ in 0..300 {
        o.postman(1).round().await.unwrap();
        o.pass(TimeDelta::minutes(10));
    }
    assert_eq!(o.row(id).await.0, "given_up");
    assert_eq!(*o.partner.settled.lock().unwrap(), ["hopeless given up"]);
    let page = o.clerk.get("/outbox").await.expect(200).body;
    assert!(page.contains("先方に障害が起きています") && page.contains("再送</button>"), "{page}");
}

/// What the public numbers say of an attempt: the partner, the kind of message and how it ended. Nobody's name, no clinic.
#[tokio::test]
async fn attempts_are_counted_by_partner_kind_and_outcome() {
    let o = office().await;
    let metrics = Metrics::new().unwrap();
    let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(Fake(o.partner.clone()))];
    let postman = Postman::new(o.operator.clone(), drivers, metrics.clone(), Uuid::from_u128(1)).only(o.here.id);
    o.answers([Outcome::Retry(Trouble::Busy)]);
    for key in ["first", "second"] {
        o.put(key).await;
        postman.round().await.unwrap();
    }
    let numbers = metrics.text().unwrap();
    for outcome in ["retry", "done"] {
        let line = format!("tsumugi_outbox_attempts_total{{kind=\"claim\",outcome=\"{outcome}\",service=\"receipt\"}} 1");
        assert!(numbers.contains(&line), "{numbers}");
    }
    assert!(!numbers.contains(&o.here.id.to_string()) && !numbers.contains(&o.patient));
}
