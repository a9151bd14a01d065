//! Samples of the box in every state.

use chrono::DateTime;
use domain::EncounterId;
use domain::prescription::duplicate_check::{Finding, Standing};
use uuid::Uuid;

use super::views::{CheckBox, CheckPage, Line, Past};
use crate::web::samples::show;
use crate::web::{Chrome, Nav, PatientStripe};

fn boxed(standing: Option<Standing>, lines: Vec<Line>) -> CheckBox {
    CheckBox {
        encounter_id: EncounterId::new(Uuid::nil()),
        patient_id: PatientStripe::sample().patient_id,
        is_settled: matches!(standing, Some(Standing::Answered(_) | Standing::Away(_))),
        may_see: lines.iter().any(|line| line.past.is_some()),
        standing,
        answered_at: Some(DateTime::UNIX_EPOCH),
        lines,
        consent_until: None,
        taken_by: Some(("架空　医師".into(), DateTime::UNIX_EPOCH)),
        is_wanted: true,
        may_ask: true,
        late: None,
        act_key: Uuid::nil(),
    }
}

fn line(past: Option<Past>) -> Line {
    Line {
        category: "重複投薬".into(), drug: "見本<アルファ>錠５ｍｇ".into(), ingredient: "見本成分アルファ".into(), past
    }
}

#[test]
fn samples() {
    let past =
        Past {
            day: "11/02".into(), place: "架空総合病院・架空薬局".into(), drug: "見本アルファ錠１０ｍｇ 1日1回朝食後 28日分".into()
        };
    let found = |n| {
        Some(Standing::Answered(vec![Finding {
            category: "重複投薬".into(),
            drug_code: n,
            drug_name: String::new(),
            ingredient: String::new(),
        }]))
    };
    for (name, content) in [
        ("none", boxed(None, vec![])),
        ("not-asked", boxed(Some(Standing::NotAsked), vec![])),
        ("waiting", boxed(Some(Standing::Waiting), vec![])),
        ("away", boxed(Some(Standing::Away("電子処方箋管理サービス: 先方の受付時間外です。".into())), vec![])),
        ("clear", boxed(Some(Standing::Answered(vec![])), vec![])),
        ("found", boxed(found("1".into()), vec![line(None), line(None)])),
        ("consent", boxed(found("1".into()), vec![line(Some(past))])),
    ] {
        let page = CheckPage { chrome: Chrome::sample(Nav::Today), stripe: PatientStripe::sample(), content };
        show(&format!("duplicate-check-{name}"), &page);
    }
}
