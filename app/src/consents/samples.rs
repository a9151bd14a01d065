//! The pages in every state.

use chrono::{DateTime, TimeDelta, Utc};
use domain::PatientId;
use domain::care_history::{About, CareHistory, Checkup, Checkups, Drug, Episode, Finding, Origin, Treatment};
use domain::clock::jst;
use domain::consent::{Consent, ConsentSubject};
use uuid::Uuid;

use super::entity::record;
use super::own::Measured;
use super::shown::{Content, RecordPage, Shown};
use super::store::{self, Consents, Given};
use super::views::{ConsentList, ConsentPage, Doors};
use crate::web::samples::show;
use crate::web::{Chrome, Nav, PatientStripe};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_008_800, 0).unwrap()
}

fn given(subject: &str, flag: &str, hours: i64) -> Given {
    let consent = Consent {
        subject: subject.into(),
        flag: flag.into(),
        given_at: Some(jst(now() - TimeDelta::hours(1))),
        available_until: Some(jst(now() + TimeDelta::hours(hours))),
    };
    Given { consent, reader_result_id: Uuid::nil() }
}

fn record(status: &str) -> record::Model {
    record::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::nil(),
        version: 1,
        patient_id: Uuid::nil(),
        encounter_id: Uuid::nil(),
        reader_result_id: Uuid::nil(),
        kind: "care".into(),
        status: status.into(),
        said: "受付時間外です".into(),
        question: vec![],
        raw: None,
        requested_at: now(),
        received_at: None,
    }
}

const ALL: Doors = Doors { medication: true, care: true, checkup: true, fetch: true, emergency: true, disaster: true };

fn all_kinds() -> Consents {
    Consents(vec![
        given("PharmacistsInfo", "1", 23),
        given("DiagnosisInfo", "1", 23),
        given("OperationInfo", "0", 23),
        given("SpecificHealthCheckupsInfo", "1", -1),
        given("GenomeInfo", "7", 23),
    ])
}

#[test]
fn the_list_in_every_state() {
    for (name, consents, records) in [
        ("none", Consents::default(), vec![]),
        ("given", all_kinds(), vec![record(store::RECEIVED)]),
        ("pending", all_kinds(), vec![record(store::PENDING)]),
        ("refused", all_kinds(), vec![record(store::REFUSED)]),
    ] {
        let list = ConsentList::of(PatientId::new(Uuid::nil()), None, &consents, &records, ALL, now());
        let page = ConsentPage { chrome: Chrome::sample(Nav::Patients), stripe: PatientStripe::sample(), list };
        let html = show(&format!("consents-{name}"), &page);
        assert_eq!(html.contains("consents/medication\""), name != "none", "{name}");
        assert!(!html.contains("consents/checkup\""), "an ended consent opens nothing");
        assert_eq!(html.contains("もう一度取り寄せる"), name == "refused", "{name}");
        assert_eq!(html.contains("GenomeInfo") && html.contains("区分 7"), name != "none", "unknown codes are shown: {name}");
    }
}

fn episode(drugs: Vec<Drug>, treatments: Vec<Treatment>) -> Episode {
    Episode {
        origin: Origin::Claim,
        place: "架空薬局".into(),
        prescriber: "架空内科".into(),
        setting: "4".into(),
        month: "202609".into(),
        on: None,
        prescribed_on: None,
        drugs,
        treatments,
    }
}

fn treatment(name: &str, class: &str) -> Treatment {
    Treatment { code: "1".into(), name: name.into(), class: class.into(), quantity: "1".into(), unit: "".into(), times: "1".into() }
}

#[test]
fn surgery_needs_its_own_consent() {
    let about = About { name: String::new(), birth_date: chrono::NaiveDate::MIN };
    let lines = vec![treatment("検査", "60"), treatment("胃切除術", "50"), treatment("不明", "Z9")];
    let history = CareHistory { about, episodes: vec![episode(vec![], lines)] };
    for (open, expected) in [
        (vec![ConsentSubject::Care], vec!["検査"]),
        (vec![ConsentSubject::Surgery], vec!["胃切除術"]),
        (vec![ConsentSubject::Care, ConsentSubject::Surgery], vec!["検査", "胃切除術", "不明"]),
    ] {
        let Content::Days(days) = Content::treatments(&history, &open) else { panic!("days") };
        assert_eq!(days[0].lines.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), expected);
        page("care", &open, Content::treatments(&history, &open));
    }
}

fn page(name: &str, open: &[ConsentSubject], content: Content) -> String {
    let shown = Shown::of(PatientId::new(Uuid::nil()), open, &all_kinds(), content, now());
    let page = RecordPage { chrome: Chrome::sample(Nav::Patients), stripe: PatientStripe::sample(), shown };
    show(&format!("consented-{name}"), &page)
}

#[test]
fn drugs_and_checkups() {
    let drug = Drug {
        code: "620000001".into(),
        name: "架空錠５ｍｇ<b>".into(),
        ingredient: "架空成分".into(),
        quantity: "1".into(),
        unit: "錠".into(),
        usage: "１日１回朝食後　服用".into(),
        instruction: String::new(),
        times: "30".into(),
    };
    let about = || About { name: String::new(), birth_date: chrono::NaiveDate::MIN };
    let history = CareHistory { about: about(), episodes: vec![episode(vec![drug], vec![])] };
    let html = page("drugs", &[ConsentSubject::Medication], Content::drugs(&history, |_| true));
    assert!(html.contains("架空錠５ｍｇ&#60;b&#62;") && html.contains("data-shown-for=\"82800\""), "{html}");
    let finding = Finding { code: "x".into(), name: "HbA1c".into(), value: "5.9".into(), unit: "%".into(), value_name: String::new() };
    let day = |d| chrono::NaiveDate::from_ymd_opt(2026, 6, d);
    let found = |value: &str| {
        vec![
            Finding { value: value.into(), ..finding.clone() },
            Finding { code: "9N006".into(), name: "体重".into(), value: "72.5".into(), unit: "kg".into(), value_name: String::new() },
        ]
    };
    let checkups = vec![Checkup { on: day(20), findings: found("5.9") }, Checkup { on: day(2), findings: found("5.6") }];
    let checkups = Checkups { about: about(), checkups };
    let own = Measured { analytes: vec!["x"], on: day(10).unwrap(), value: "5.7".into(), unit: "%".into() };
    let html = page("checkup", &[ConsentSubject::Checkup], Content::checkups(&checkups, &[own]));
    assert!(html.contains("5.9") && html.contains("5.7") && html.contains("2026-06-10 当院 5.7"), "{html}");
    for (name, content) in [("not-asked", Content::NotAsked), ("pending", Content::Pending), ("failed", Content::Failed("x".into()))] {
        page(name, &[ConsentSubject::Medication], content);
    }
}
