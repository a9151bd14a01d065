//! The pages in their shapes: nobody, a full line, and the phone's sentences.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::entity::Model;
use super::store::{BOOKED, Line, Member, Person};
use super::views::{OverPage, PlacePage, QueuePage};
use crate::encounters::entity::encounter;
use crate::web::samples::show;
use crate::web::{Chrome, Nav};

fn now() -> DateTime<Utc> {
    "2026-11-20T01:00:00Z".parse().unwrap()
}

fn member(number: i32, status: &str, waits_at: &str) -> Member {
    Member {
        id: Uuid::from_u128(number as u128),
        patient_id: Uuid::from_u128(100 + number as u128),
        reception_number: number,
        status: status.into(),
        doctor_id: None,
        started_at: None,
        ended_at: None,
        called_at: None,
        waits_at: waits_at.into(),
    }
}

fn ticket(number: i32) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(number as u128),
        version: 1,
        recorded_at: now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: BOOKED.into(),
        digest: vec![],
        patient_id: Uuid::from_u128(100 + number as u128),
        day: "2026-11-20".parse().unwrap(),
        number,
        doctor_id: None,
        encounter_id: None,
    }
}

fn line() -> Line {
    let visits =
        vec![member(1, "in_consult", "lobby"), member(2, "waiting", "lobby"), member(3, "waiting", "car"), member(9, "paid", "lobby")];
    Line { visits, tickets: vec![ticket(4), ticket(12)] }
}

fn person(id: u128, name: &str) -> Person {
    Person {
        id: Uuid::from_u128(id),
        name_ideographic: name.into(),
        name_syllabic: "サイトウ チヅコ".into(),
        patient_number: "001207".into(),
        tel: "0331234567".into(),
        mobile: String::new(),
    }
}

#[test]
fn the_line_says_who_is_to_be_called_near() {
    let chrome = || Chrome::sample(Nav::Appointments);
    let empty = QueuePage::of(chrome(), &Line::default(), vec![], now(), None, (true, true));
    assert!(show("waiting-empty", &empty).contains("待っている人はいません"));
    let people = vec![person(102, "髙橋 栄太郎"), person(103, "齋藤 千鶴子"), person(104, "長谷部 摩利亜"), person(112, "鈴木 ひろ子")];
    let html = show("waiting-line", &QueuePage::of(chrome(), &line(), people, now(), Some(12), (true, true)));
    assert_eq!(html.matches("まもなく</").count(), 3, "in the car, and two numbers taken ahead");
    assert!(html.contains("12番 を取りました") && html.contains("来院<") && html.contains("10:25 ころ"), "{html}");
}

#[test]
fn a_phone_shows_no_name_and_one_sentence() {
    let visit = |number: i32, status: &str| encounter::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(number as u128),
        version: 1,
        recorded_at: now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: status.into(),
        digest: vec![],
        patient_id: Uuid::nil(),
        class: "AMB".into(),
        reception_date: "2026-11-20".parse().unwrap(),
        reception_number: number,
        arrived_at: now(),
        started_at: None,
        ended_at: None,
        doctor_id: None,
        coverage_id: None,
        purpose: "咳".into(),
        visit_kind: "first".into(),
        memo: String::new(),
        is_isolated: false,
        waits_at: "lobby".into(),
        booked_for: None,
        called_at: None,
    };
    let html = show("waiting-place", &PlacePage::of("見本クリニック".into(), &visit(3, "waiting"), &line(), now()));
    assert!(html.contains("まもなくお呼びします") && html.contains("1人") && !html.contains("咳"));
    for (status, says) in
        [("billing_wait", "会計の準備"), ("paid", "終わりました"), ("in_consult", "診察・処置中"), ("on_hold", "受付にお声がけ")]
    {
        assert!(PlacePage::of("見本".into(), &visit(30, status), &Line::default(), now()).said.contains(says), "{status}");
    }
    assert!(show("waiting-over", &OverPage).contains("見られません"));
}
