//! Product, relay process and terminal together: questions through the folders. FN-OQ-02, FN-EP-01.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::Role;
use simulators::national::packed::Packing;
use simulators::national::terminal::Terminal;
use simulators::national::{Fault, Faults, National};
use sqlx::Row;
use tenancy::operator::Operator;
use tsumugi::adapters::national_way::NationalWay;
use tsumugi::devices::Mailbox;
use tsumugi::inquiries::EligibilityDriver;
use tsumugi::live::Live;
use tsumugi::outbox::Driver;
use tsumugi::outbox::deliver::Postman;
use tsumugi::telemetry::Metrics;
use uuid::Uuid;

use crate::devices::{Relay, issue, until};
use crate::eligibility_query::{client_pem, national};
use crate::eprescriptions;
use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness, env};

/// A clinic whose questions go through the folders of its terminal.
struct Place {
    h: &'static Harness,
    clerk: Client,
    relay: Relay,
    terminal: Faults,
    services: National,
    postman: Postman,
}

/// The relay beside a terminal that runs as long as the test; the clinic has chosen the folders.
pub async fn terminal(h: &Harness, here: &Clinic, url: &str) -> (Relay, Faults) {
    let admin = here.client(h, Role::ClinicAdmin).await;
    let connect = async |version: &str| {
        let key = Uuid::now_v7().to_string();
        admin.post("/devices/connection", &[("transport", "folder"), ("version", version), ("idempotency_key", &key)]).await
    };
    assert!(connect("0").await.expect(422).body.contains("鍵を発行してください"), "nobody would fetch");
    let relay = Relay::new(&h.url, &issue(&admin).await);
    connect("0").await.expect(303);
    connect("0").await.expect(409);
    let terminal = Terminal::new(&relay.dir, url, &client_pem(), Path::new(&env("CA_FILE"))).unwrap();
    let faults = terminal.faults.clone();
    tokio::spawn(terminal.run());
    (relay, faults)
}

/// The worker's way: nothing but the folders.
pub fn folders(operator: &Operator) -> NationalWay {
    NationalWay::new(None, Arc::new(Mailbox::new(operator.clone(), Some(Live::publisher(&env("REDIS_URL")).unwrap()))))
}

async fn place() -> Place {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let (services, url) = national();
    let (relay, terminal) = terminal(h, &here, &url).await;
    let operator = h.operator();
    let drivers: Vec<Arc<dyn Driver>> = vec![Arc::new(EligibilityDriver::new(folders(&operator), None))];
    let postman = Postman::new(operator, drivers, Metrics::new().unwrap(), Uuid::now_v7()).only(here.id);
    Place { h, clerk, relay, terminal, services, postman }
}

impl Place {
    async fn ask(&self) -> String {
        let key = Uuid::now_v7().to_string();
        let form = [
            ("idempotency_key", key.as_str()),
            ("insurer_number", "01139997"),
            ("insured_symbol", "12345678"),
            ("insured_number", "9000001"),
            ("birth_date", "S50.4.1"),
        ];
        self.clerk.post("/reception/inquiries", &form).await.expect(303).header("location").to_owned()
    }

    /// The relay is known to be there.
    async fn heard(&self) {
        until("the relay's first call", async || !self.clerk.get("/reception/inquiries").await.body.contains("まだ連絡なし")).await;
    }

    async fn round(&self) {
        self.postman.round().await.unwrap();
    }

    /// State and code of the message behind an inquiry.
    async fn message(&self, inquiry: &str) -> (String, String) {
        let id: Uuid = inquiry.rsplit('/').next().unwrap().parse().unwrap();
        let sql = "SELECT state, code FROM outbox_message WHERE lane = $1";
        let row = sqlx::query(sql).bind(id).fetch_one(&mut self.h.superuser().await).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn arrivals(&self) -> String {
        self.clerk.get("/reception/arrivals").await.expect(200).body
    }
}

/// FN-OQ-02: a question by number goes out as a whole file and its answer is found by its name; in both encodings, slow, or twice.
#[tokio::test]
async fn a_question_travels_through_the_folders_and_its_answer_back() {
    let mut p = place().await;
    let early = p.ask().await;
    p.round().await;
    assert_eq!(p.message(&early).await, ("waiting".into(), "terminal".into()), "nobody was there to fetch it");
    p.relay.start();
    p.heard().await;
    for fault in [None, Some(Fault::Cp932), Some(Fault::Partial), Some(Fault::Duplicate)] {
        if let Some(fault) = fault {
            p.terminal.next(fault, 1);
        }
        let path = if fault.is_none() { early.clone() } else { p.ask().await };
        p.round().await;
        assert_eq!(p.message(&path).await.0, "done", "{fault:?}");
        assert!(p.clerk.get(&path).await.expect(200).body.contains("/reception/reader-results/"), "{fault:?}");
    }
    assert_eq!(p.services.asked(), 4, "each question once");
    let heard = tenancy::duties::relays(&p.h.operator(), chrono::Utc::now() - TimeDelta::seconds(90)).await.unwrap();
    assert!(heard.connected >= 1, "{heard:?}");
    until("the second answers", async || p.arrivals().await.contains("同じ名前で内容の違う返事")).await;
    assert_eq!(p.arrivals().await.matches("確認した<").count(), 1, "the same bytes again are no news");
    until("an empty relay", async || p.relay.holds() == 0 && p.relay.files("req").is_empty()).await;
}

/// A place of its own whose only question met that fault.
async fn met(fault: Fault) -> (Place, String) {
    let mut p = place().await;
    p.relay.start();
    p.heard().await;
    p.terminal.next(fault, 1);
    let path = p.ask().await;
    p.round().await;
    (p, path)
}

/// FN-OQ-02: what the terminal cannot read is said.
#[tokio::test]
async fn a_question_the_terminal_cannot_read_is_given_up_with_a_sentence() {
    let (p, path) = met(Fault::Unread).await;
    assert_eq!(p.message(&path).await, ("refused".into(), "err".into()));
    assert!(p.clerk.get("/outbox").await.expect(200).body.contains("連携ソフトが電文を読めませんでした"));
}

/// FN-OQ-02: another facility's answer and an answer to another question are refused and wait for a person; like an answer nobody can
/// read, they leave the question to be asked again.
#[tokio::test]
async fn answers_that_are_not_ours_are_refused_and_shown() {
    let cases = [
        (Fault::OtherFacility, "terminal_silent", "別の医療機関のコード"),
        (Fault::OtherQuestion, "terminal_silent", "照会の名前と返事の中の名前が合いません"),
        (Fault::Malformed, "unreadable", ""),
        (Fault::Packed(Packing::Misnamed), "terminal_silent", "拡張子(.zip / .xml)と中身が合いません"),
    ];
    for (fault, code, says) in cases {
        let (p, path) = met(fault).await;
        assert_eq!(p.message(&path).await, ("waiting".into(), code.into()), "{fault:?}");
        assert!(p.arrivals().await.contains(says), "{fault:?}");
    }
}

/// FN-OQ-04, FN-OQ-09: the packed answer to a list travels through the folders as it is and is opened here.
#[tokio::test]
async fn a_packed_list_comes_back_through_the_folders() {
    let mut p = place().await;
    p.relay.start();
    p.heard().await;
    p.services.remote.consent("taro", "2", &["PharmacistsInfo"], None);
    p.services.faults.next(Fault::Packed(Packing::Whole), 2);
    let (day, key) = (domain::clock::today(chrono::Utc::now()).to_string(), Uuid::now_v7().to_string());
    let form = [("idempotency_key", key.as_str()), ("setting", "home"), ("from", day.as_str()), ("to", day.as_str())];
    p.clerk.post("/reception/remote-consents", &form).await.expect(303);
    until("the list", async || {
        p.round().await;
        p.clerk.get("/reception/remote-consents").await.expect(200).body.contains("1名の同意が届きました")
    })
    .await;
    assert_eq!((p.services.faults.waiting(), p.services.asked()), (0, 2));
}

/// FN-OQ-02: an answer nobody is waiting for any more changes nothing, and the question is asked again by itself.
#[tokio::test]
async fn a_late_answer_is_harmless() {
    let mut p = place().await;
    p.relay.start();
    p.heard().await;
    p.terminal.next(Fault::LostReply, 1);
    let late = p.ask().await;
    p.round().await;
    assert_eq!(p.message(&late).await, ("waiting".into(), "terminal_silent".into()));
    let sql = "SELECT r.suffix FROM device_request r JOIN outbox_message m ON m.id = r.message_id WHERE m.lane = $1";
    let id: Uuid = late.rsplit('/').next().unwrap().parse().unwrap();
    let suffix: String = sqlx::query(sql).bind(id).fetch_one(&mut p.h.superuser().await).await.unwrap().get(0);
    p.relay.put("res", &format!("OQSsiquc01res_{suffix}.xml"), b"<XmlMsg><MessageHeader/></XmlMsg>");
    until("the late answer", async || p.relay.holds() == 0).await;
    assert_eq!(p.message(&late).await.0, "waiting");
    assert_eq!(p.arrivals().await.matches("確認した<").count(), 0);
    until("the answer to the second try", async || {
        p.round().await;
        p.message(&late).await.0 == "done"
    })
    .await;
}

/// FN-OQ-02: a relay killed while it writes questions neither loses one nor writes one twice.
#[tokio::test]
async fn a_relay_killed_while_it_writes_asks_each_question_at_most_once_per_attempt() {
    let mut p = place().await;
    p.relay.start();
    p.heard().await;
    let mut asked = Vec::new();
    for _ in 0..6 {
        asked.push(p.ask().await);
    }
    let postman = p.postman.clone();
    let working = tokio::spawn(async move {
        for _ in 0..12 {
            postman.round().await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    for n in 0..10 {
        tokio::time::sleep(Duration::from_millis(110 + 67 * n)).await;
        p.relay.kill();
        p.relay.start();
    }
    working.await.unwrap();
    let sql = "SELECT count(*), count(DISTINCT name) FROM device_request WHERE state IN ('fetched', 'answered', 'given_up') AND fetched_at IS NOT NULL AND tenant_id = (SELECT tenant_id FROM outbox_message WHERE lane = $1)";
    let id: Uuid = asked[0].rsplit('/').next().unwrap().parse().unwrap();
    until("every answer", async || {
        p.round().await;
        let mut done = true;
        for path in &asked {
            done &= p.message(path).await.0 == "done";
        }
        done
    })
    .await;
    let fetched: i64 = sqlx::query(sql).bind(id).fetch_one(&mut p.h.superuser().await).await.unwrap().get(0);
    assert!(i64::try_from(p.services.asked()).unwrap() <= fetched, "{} asked, {fetched} handed out", p.services.asked());
    assert!(p.services.asked() >= 6);
}

/// FN-EP-01: a registration over the folders, with replies lost and questions unread: exactly one prescription stands.
#[tokio::test]
async fn a_prescription_is_registered_through_the_folders_exactly_once() {
    for fault in [None, Some(Fault::LostReply), Some(Fault::Cut), Some(Fault::Duplicate)] {
        let mut d = eprescriptions::desk().await;
        let (mut relay, faults) = terminal(d.h, &d.here, &d.url).await;
        relay.start();
        d.use_way(folders(&d.h.operator()));
        until("the relay", async || !d.clerk.get("/outbox").await.body.contains("まだ連絡なし")).await;
        if let Some(fault) = fault {
            faults.next(fault, 1);
        }
        let rx = d.rx().await;
        for _ in 0..3 {
            d.deliver().await;
            d.pass(TimeDelta::minutes(2));
        }
        assert_eq!((rx.status().await.as_str(), rx.standing()), ("registered", 1), "{fault:?}");
        assert_eq!(rx.shelf().len(), 1, "{fault:?}");
    }
}
