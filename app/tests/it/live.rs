//! 自動更新: what an open page hears, what it never hears, and when the stream ends.

use std::time::{Duration, Instant};

use domain::{EncounterId, Role, StaffId};
use tsumugi::live::{Live, Topic};
use uuid::Uuid;

use crate::fixtures::{Clinic, two_clinics};
use crate::harness::{Client, Harness, env};

struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(client: &Client) -> Self {
        let response = client.request("GET", "/live").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        let mut stream = Self { response, text: String::new() };
        stream.until("event: back").await;
        stream
    }

    /// Reads on until the words have come; `None` when the stream ended first.
    async fn until(&mut self, words: &str) -> Option<()> {
        let read = async {
            while !self.text.contains(words) {
                self.text.push_str(std::str::from_utf8(&self.response.chunk().await.unwrap()?).unwrap());
            }
            Some(())
        };
        tokio::time::timeout(Duration::from_secs(20), read).await.unwrap_or_else(|_| panic!("{words} did not come"))
    }
}

async fn receive(clerk: &Client) -> (String, String) {
    let person = [
        ("name_ideographic", "長谷部𠮷田 摩利亜"),
        ("name_syllabic", "ハセベヨシダ マリア"),
        ("sex", "female"),
        ("birth_date", "1959-02-11"),
    ];
    let registered = clerk.post("/patients", &person).await.expect(303);
    let patient = registered.header("location").split('?').next().unwrap().strip_prefix("/patients/").unwrap().to_owned();
    let key = Uuid::now_v7().to_string();
    let form = [
        ("patient_token", patient.as_str()),
        ("class", "AMB"),
        ("purpose", "咳が続く"),
        ("visit_kind", "first"),
        ("waits_at", "lobby"),
        ("idempotency_key", key.as_str()),
    ];
    let answer = clerk.post("/encounters", &form).await.expect(303);
    (answer.header("location").split("moved=").nth(1).unwrap().split('&').next().unwrap().to_owned(), patient)
}

/// A committed change is heard by the clinic as an id, and by nobody else; no word of the patient is in the stream.
#[tokio::test]
async fn a_change_reaches_the_clinic_as_an_id_only() {
    let h = Harness::get();
    let (here, next_door) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let mut mine = Stream::open(&here.client(h, Role::Doctor).await).await;
    let mut theirs = Stream::open(&next_door.client(h, Role::Doctor).await).await;
    let (visit, patient) = receive(&clerk).await;
    mine.until(&format!("event: visit\ndata: {visit}\n\n")).await.unwrap();
    let version = [("to", "waiting"), ("version", "1"), ("patient_token", patient.as_str())];
    mine.text.clear();
    clerk.post(&format!("/encounters/{visit}/status"), &version).await.expect(303);
    mine.until(&visit).await.unwrap();
    for word in ["長谷部", "ハセベ", "咳", &patient] {
        assert!(!mine.text.contains(word), "{word}: {}", mine.text);
    }
    receive(&next_door.client(h, Role::Clerk).await).await;
    theirs.until("event: visit").await.unwrap();
    assert!(!theirs.text.contains(&visit), "{}", theirs.text);
}

/// What is announced by hand travels the same way, also from a process without pages.
#[tokio::test]
async fn an_announcement_of_another_process_arrives() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let mut stream = Stream::open(&here.client(h, Role::Nurse).await).await;
    let worker = Live::publisher(&env("REDIS_URL")).unwrap();
    let visit = EncounterId::new(Uuid::now_v7());
    worker.announce(here.id, Topic::Visit(visit));
    worker.announce(here.id, Topic::Board);
    stream.until("event: board").await.unwrap();
    assert!(stream.text.contains(&visit.to_string()));
}

/// SE-06: whoever is signed out hears `bye` and nothing more; without sign-in there is no stream.
#[tokio::test]
async fn the_stream_ends_with_the_session() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let mut stream = Stream::open(&here.client(h, Role::Nurse).await).await;
    h.sessions().end_all(here.id, here.staff_of(Role::Nurse)).await.unwrap();
    stream.until("event: bye").await.unwrap();
    assert!(stream.until("event: visit").await.is_none(), "the stream is closed");
    assert_eq!(h.anonymous().get("/live").await.status, 303);
}

#[tokio::test]
async fn one_person_opens_a_dozen_streams_and_no_more() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let client = here.client(h, Role::Doctor).await;
    let mut open = Vec::new();
    for _ in 0..12 {
        open.push(Stream::open(&client).await);
    }
    client.get("/live").await.expect(503);
    Stream::open(&here.client(h, Role::Clerk).await).await;
}

async fn many(h: &Harness, clinic: &Clinic, count: usize) -> Vec<Stream> {
    let mut open = Vec::new();
    for _ in 0..count {
        let principal = tenancy::Principal { staff_id: StaffId::new(Uuid::now_v7()), ..clinic.principal(Role::Nurse) };
        open.push(Stream::open(&clinic.client_as(h, principal).await).await);
    }
    open
}

/// A measurement, not a check: from the post that changes a status to the last of 500 open boards that hears of it. Run with
/// `--ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: it says how long, and fails only when somebody hears nothing"]
async fn how_long_until_five_hundred_boards_know() {
    let h = Harness::get();
    let (here, _) = two_clinics(h).await;
    let clerk = here.client(h, Role::Clerk).await;
    let (visit, patient) = receive(&clerk).await;
    let mut open = many(h, &here, 500).await;
    let mut took = Vec::new();
    for (version, to) in (1..=20).zip(["waiting", "triage"].into_iter().cycle()) {
        open.iter_mut().for_each(|stream| stream.text.clear());
        let version = version.to_string();
        let form = [("to", to), ("version", version.as_str()), ("patient_token", patient.as_str())];
        let path = format!("/encounters/{visit}/status");
        let began = Instant::now();
        let heard = futures_util::future::join_all(open.iter_mut().map(|stream| stream.until(&visit)));
        let (answer, heard) = futures_util::future::join(clerk.post(&path, &form), heard).await;
        answer.expect(303);
        assert!(heard.iter().all(Option::is_some));
        took.push(began.elapsed());
    }
    took.sort();
    println!("500 boards, 20 changes: median {:?}, slowest {:?}", took[took.len() / 2], took[took.len() - 1]);
}
