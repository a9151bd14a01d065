//! The page with everything on it at once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::outbox::{Delivery, Errand};
use uuid::Uuid;

use super::store::Line;
use super::views::OutboxPage;
use crate::web::samples::show;
use crate::web::{Chrome, Nav};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_008_800, 0).unwrap()
}

fn line(n: u128, errand: Errand, state: Delivery, code: &str, said: &str, may_have_arrived: bool) -> Line {
    Line {
        id: Uuid::from_u128(n),
        version: 3,
        errand: errand.code().into(),
        state: state.code().into(),
        attempts: n as i32,
        may_have_arrived,
        next_attempt_at: now() + TimeDelta::seconds(40),
        code: code.into(),
        said: said.into(),
        created_at: now() - TimeDelta::minutes(12),
        changed_at: now(),
        patient_id: Some(Uuid::from_u128(70 + n)),
        patient_number: Some("001207".into()),
        name_ideographic: Some("長谷部𠮷田 摩利亜アレクサンドラクリスティーナ".into()),
    }
}

#[test]
fn worklist() {
    let lines = vec![
        line(1, Errand::PrescriptionRegister, Delivery::Refused, "EPSB0052E", "改行コードはLFで記録してください。", false),
        line(9, Errand::Claim, Delivery::GivenUp, "unreachable", "", true),
        line(3, Errand::QualificationConfirm, Delivery::Waiting, "timeout", "", true),
        line(4, Errand::Claim, Delivery::Waiting, "", "", false),
        line(5, Errand::Claim, Delivery::Sending, "", "", false),
        line(6, Errand::Claim, Delivery::Done, "", "", true),
        line(7, Errand::Claim, Delivery::Withdrawn, "", "", false),
    ];
    let page = |lines| OutboxPage::of(Chrome::sample(Nav::Today), lines, now(), true, "sent");
    let html = show("outbox", &page(lines));
    for words in
        ["改行コードはLFで記録してください。(EPSB0052E)", "届いたか確かめます", "先方に届いている可能性があります", "送り直しています"]
    {
        assert!(html.contains(words), "{words}");
    }
    assert_eq!(html.matches("再送</button>").count(), 3, "refused, given up and withdrawn");
    assert!(show("outbox-empty", &page(vec![])).contains("後処理はありません"));
}
