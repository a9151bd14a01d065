//! The page with somebody in every state, and with nobody.

use chrono::{DateTime, NaiveDate};
use domain::PatientId;
use domain::eligibility::EligibilityStatus;
use uuid::Uuid;

use super::entity::{consent, listing};
use super::forms::RawListing;
use super::views::{RemoteConsentsPage, Rows};
use crate::encounters::reader_store::Line;
use crate::notes::neighbours::Card;
use crate::web::samples::show;
use crate::web::{Chrome, FormState, Nav};

fn consent(n: u128, status: &str, until: Option<&str>) -> consent::Model {
    let at = DateTime::from_timestamp(1_795_008_800, 0).unwrap();
    consent::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n),
        version: 1,
        patient_id: Uuid::from_u128(n),
        setting: if n == 2 { "online" } else { "home" }.into(),
        insurer_number: "01139997".into(),
        insured_symbol: String::new(),
        insured_number: "9000001".into(),
        branch_number: String::new(),
        birth_date: NaiveDate::from_ymd_opt(1939, 11, 3).unwrap(),
        status: status.into(),
        until: until.map(|day| day.parse().unwrap()),
        reader_result_id: Uuid::from_u128(n),
        registered_at: at,
        registered_by_id: Uuid::nil(),
        checked_at: at,
        ended_at: (status == "ended").then_some(at),
        ended_by_id: None,
        ending: if status == "ended" { "withdrawn" } else { "" }.into(),
        message_id: None,
    }
}

fn list(status: &str, said: &str) -> listing::Model {
    let at = DateTime::from_timestamp(1_795_008_800, 0).unwrap();
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    listing::Model {
        tenant_id: Uuid::nil(),
        id: Uuid::nil(),
        setting: "home".into(),
        from_on: day,
        to_on: day,
        status: status.into(),
        said: said.into(),
        found: 3,
        asked_at: at,
        changed_at: at,
    }
}

/// FN-OQ-09
#[test]
fn samples() {
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let form = || FormState::of(&RawListing::begun(Uuid::nil(), today));
    let active = [consent(1, "active", None), consent(2, "active", Some("2026-11-20")), consent(3, "active", Some("2026-11-19"))];
    let ended = vec![consent(4, "ended", None)];
    let card = Card { name: "髙﨑 𠮷太郎".into(), kana: "タカサキ ヨシタロウ".into(), number: "001207".into() };
    let people = (1..=4).map(|n| (PatientId::new(Uuid::from_u128(n)), card.clone())).collect();
    let results = [(Uuid::from_u128(1), EligibilityStatus::Valid)].into_iter().collect();
    let rows = Rows { active: active.map(|row| (row, Uuid::nil())).to_vec(), ended, people, results };
    let line = Line {
        id: Uuid::nil(),
        file_name: "R1_1.xml".into(),
        received_at: DateTime::from_timestamp(1_795_008_800, 0).unwrap(),
        outcome: "received".into(),
        validity: "valid".into(),
        channel: "home".into(),
        patient_id: None,
        name_ideographic: None,
    };
    let lists = vec![list("pending", ""), list("answered", ""), list("unavailable", "受付時間外です")];
    let page = RemoteConsentsPage::of(Chrome::sample(Nav::Today), form(), lists, vec![line], rows, today);
    let html = show("remote-consents", &page);
    assert_eq!(html.matches("/inquiries\"").count() - html.matches("/reception/inquiries\"").count(), 2, "one is over");
    assert!(html.contains("期限が過ぎました") && html.contains("患者が同意を取り消した") && html.contains("3名の同意が届きました"));
    let nobody = Rows { active: vec![], ended: vec![], people: Default::default(), results: Default::default() };
    let empty = RemoteConsentsPage::of(Chrome::sample(Nav::Today), form(), vec![], vec![], nobody, today);
    assert!(show("remote-consents-empty", &empty).contains("登録はまだありません"));
}
