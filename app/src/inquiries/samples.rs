//! The pages in every state.

use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;

use super::forms::RawInquiry;
use super::store::{ANSWERED, Line, PENDING, SIGHTED, UNAVAILABLE};
use super::views::{InquiriesPage, InquiryPage};
use crate::audit::viewings::Viewings;
use crate::web::samples::show;
use crate::web::{Chrome, FormState, Nav};

fn line(n: u128, status: &str, state: &str, code: &str) -> Line {
    let now = chrono::DateTime::from_timestamp(1_795_008_800, 0).unwrap();
    Line {
        id: Uuid::from_u128(n),
        version: 1,
        status: status.into(),
        insurer_number: "01139997".into(),
        insured_number: "9000001".into(),
        birth_date: NaiveDate::from_ymd_opt(1975, 4, 1).unwrap(),
        setting: "outpatient".into(),
        asked_at: now,
        reader_result_id: (status == ANSWERED).then(|| Uuid::from_u128(9)),
        patient_id: Some(Uuid::from_u128(70 + n)),
        patient_number: Some("001207".into()),
        name_ideographic: Some("架空 太郎".into()),
        state: state.into(),
        code: code.into(),
        said: String::new(),
        next_attempt_at: now + TimeDelta::seconds(20),
    }
}

#[test]
fn list_and_states() {
    let lines = vec![
        line(1, PENDING, "waiting", ""),
        line(2, SIGHTED, "waiting", "closed"),
        line(3, UNAVAILABLE, "given_up", "unreachable"),
        line(4, ANSWERED, "done", ""),
    ];
    let form = FormState::of(&RawInquiry::begun(Uuid::nil()));
    let html = show("inquiries", &InquiriesPage::of(Chrome::sample(Nav::Today), lines, form, None));
    assert!(html.contains("先方の受付時間外です") && html.contains("目視・回答待ち") && html.contains("回答を見る"));
    for (name, line) in [
        ("pending", line(1, PENDING, "sending", "")),
        ("away", line(3, UNAVAILABLE, "given_up", "closed")),
        ("answered", line(4, ANSWERED, "done", "")),
    ] {
        let html = show(&format!("inquiry-{name}"), &InquiryPage::of(Chrome::sample(Nav::Today), line));
        assert_eq!(html.contains("hx-get"), name == "pending", "{name}");
        assert_eq!(html.contains("目視で確認して受付を続ける"), name == "away", "{name}");
    }
}

/// KPI-03
#[test]
fn figures() {
    use domain::check_in::{ChannelFigures, CheckChannel};
    let visits: Vec<Uuid> = (0..9).map(Uuid::from_u128).collect();
    let checks = [(visits[0], Some(CheckChannel::Card)), (visits[1], Some(CheckChannel::Phone)), (visits[2], None)];
    for (name, visits) in [("check-in-figures", visits), ("check-in-figures-none", vec![])] {
        let month = crate::web::month::Month::of(&Default::default(), "2026-11-20".parse().unwrap());
        let figures = ChannelFigures::of(&visits, &checks);
        show(
            name,
            &super::figures::FiguresPage {
                chrome: Chrome::sample(Nav::Clinic),
                month,
                figures,
                is_cut: false,
                viewings: Viewings { medication: 12, ..Viewings::default() },
            },
        );
    }
}
