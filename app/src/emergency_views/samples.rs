//! The pages in every state.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::care_history::{About, CareHistory, Drug, Episode, Origin};
use domain::{PatientId, StaffId};
use uuid::Uuid;

use super::entity::view;
use super::list::LooksPage;
use super::privileges::{PrivilegesPage, Row};
use super::views::{Content, DisasterPage, Facts, LookPage, NewLookPage, Standing};
use crate::notes::neighbours::Card;
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_008_800, 0).unwrap()
}

fn row(status: &str, judgement: Option<&str>) -> view::Model {
    view::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::nil(),
        version: 1,
        patient_id: Uuid::nil(),
        encounter_id: Some(Uuid::nil()),
        reader_result_id: Some(Uuid::nil()),
        grounds: "emergency".into(),
        reason: "other".into(),
        reason_words: "路上で倒れて搬送<b>".into(),
        opened_by_id: Uuid::nil(),
        opened_at: now(),
        until: now() + TimeDelta::hours(24),
        status: status.into(),
        said: "救急時の読み取りがありません".into(),
        raw: None,
        received_at: None,
        judged_by_id: judgement.map(|_| Uuid::max()),
        judged_at: judgement.map(|_| now()),
        judgement: judgement.map(str::to_owned),
        remark: String::new(),
    }
}

#[test]
fn opening() {
    for standing in [Standing::Open, Standing::NobodyUnasked, Standing::NoAuthenticator] {
        let form = FormState::default().set("words", "救急車").with_errors(errors(&[("reason", "開く理由を選んでください")]));
        let page = NewLookPage { chrome: Chrome::sample(Nav::Patients), stripe: PatientStripe::sample(), standing, form };
        let html = show(&format!("emergency-new-{standing:?}"), &page);
        assert_eq!(html.contains("name=\"code\""), standing == Standing::Open);
    }
}

#[test]
fn disaster() {
    for (name, is_declared, address) in [("shut", false, ""), ("homeless", true, ""), ("open", true, "東京都架空区架空１－２－３")]
    {
        let form = FormState::default().with_errors(errors(&[("agreed", "本人か付き添いの人の同意を確かめてください")]));
        let (chrome, stripe) = (Chrome::sample(Nav::Patients), PatientStripe::sample());
        let html = show(&format!("disaster-{name}"), &DisasterPage { chrome, stripe, is_declared, address: address.into(), form });
        assert_eq!(html.contains("name=\"agreed\""), name == "open", "{name}");
    }
}

#[test]
fn one_look() {
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
    let episode = Episode {
        origin: Origin::Claim,
        place: "架空薬局".into(),
        prescriber: "架空内科".into(),
        setting: "4".into(),
        month: "202609".into(),
        on: None,
        prescribed_on: None,
        drugs: vec![drug],
        treatments: vec![],
    };
    let history = CareHistory { about: About { name: String::new(), birth_date: NaiveDate::MIN }, episodes: vec![episode] };
    let waiting = row("pending", None);
    for (name, content) in [
        ("received", Content::received(&history, &["01139997", "", "9000001", "00"].map(str::to_owned), &waiting, now())),
        ("pending", Content::waiting(&waiting)),
        ("failed", Content::waiting(&row("refused", None))),
        ("closed", Content::closed(&waiting, StaffId::new(Uuid::max()))),
    ] {
        let names = HashMap::from([(Uuid::nil(), "山﨑 理恵".to_owned()), (Uuid::max(), "結城 薫".to_owned())]);
        let page = LookPage {
            chrome: Chrome::sample(Nav::Patients),
            stripe: PatientStripe::sample(),
            facts: Facts::of(&row("pending", (name == "received").then_some("justified")), &names),
            content,
            may_judge: name == "closed",
            may_list: true,
            form: FormState::default(),
        };
        let html = show(&format!("emergency-{name}"), &page);
        assert!(html.contains("搬送&#60;b&#62;") && !html.contains("搬送<b>"), "{name}");
        assert_eq!(html.contains("架空錠"), name == "received");
    }
}

#[test]
fn lists() {
    let names = HashMap::from([(Uuid::nil(), "山﨑 理恵".to_owned()), (Uuid::max(), "結城 薫".to_owned())]);
    let card = Card { name: "架空 太郎".into(), kana: String::new(), number: "0042".into() };
    let cards = HashMap::from([(PatientId::new(Uuid::nil()), card)]);
    let day = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
    let span = (now() - TimeDelta::days(1), now() + TimeDelta::days(1));
    let page = |rows: &[view::Model]| LooksPage::of(Chrome::sample(Nav::Clinic), (day, day), span, rows, &names, &cards);
    show("emergency-list-empty", &page(&[]));
    let html = show("emergency-list", &page(&[row("received", None), row("received", Some("questioned"))]));
    assert!(html.contains("閲覧 2件・要調査 1件") && html.contains("災害時の閲覧") && html.contains("結城 薫"), "{html}");
    let held =
        Row {
            id: Uuid::nil(), name: "藍沢 朋子".into(), roles: "医師".into(), is_held: true, version: 1, changed_on: "2026-11-20".into()
        };
    let page = |rows| PrivilegesPage { chrome: Chrome::sample(Nav::Clinic), rows };
    show("emergency-privileges", &page(vec![held.clone(), Row { is_held: false, ..held }]));
    show("emergency-privileges-empty", &page(vec![]));
}
