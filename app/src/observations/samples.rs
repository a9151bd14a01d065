//! Samples of the page: somebody measured often, somebody never, wrong and unusual values.

use chrono::{DateTime, Duration, Utc};
use domain::EncounterId;
use domain::vital_signs::VitalItem;
use uuid::Uuid;

use super::entity::vital_signs::Model;
use super::views::{VitalsPage, VitalsPane};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn round(n: i64, weight: i32) -> Model {
    let at: DateTime<Utc> = "2026-11-20T01:00:00Z".parse().unwrap();
    let at = at - Duration::days(30 * n);
    Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(n.unsigned_abs().into()),
        version: 1,
        recorded_at: at + Duration::minutes(if n == 1 { 40 } else { 0 }),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "final".into(),
        digest: vec![],
        patient_id: Uuid::from_u128(7),
        encounter_id: Uuid::from_u128(9),
        measured_at: at,
        bt: Some(365 + i32::try_from(n).unwrap()),
        sbp: Some(1280 + 40 * i32::try_from(n).unwrap()),
        dbp: Some(760),
        hr: Some(720),
        spo2: Some(980),
        rr: None,
        wt: Some(weight),
        ht: None,
        bs: None,
        nrs: None,
        jcs: if n == 0 { "1" } else { "" }.into(),
        acuity: if n == 0 { "urgent" } else { "routine" }.into(),
    }
}

fn page(form: FormState, rounds: &[Model], unseen: &[VitalItem]) -> VitalsPage {
    let id = EncounterId::new(Uuid::from_u128(9));
    VitalsPage::new(Chrome::sample(Nav::Today), PatientStripe::sample_long(), id, form, rounds, unseen, true)
}

#[test]
fn trends_are_drawn_and_the_odd_one_is_marked() {
    let rounds: Vec<Model> = (0..5).map(|n| round(n, if n == 0 { 260 } else { 625 })).collect();
    let html = show("vitals", &page(FormState::default(), &rounds, &[]));
    assert!(html.contains("<polyline") && html.contains("血圧の推移") && html.contains("入力 10/21"));
    assert!(html.contains("ふだんと2割超の差 </span>26.0") && html.contains("JCS 1 準緊急"));
}

#[test]
fn nobody_measured_wrong_and_unusual() {
    assert!(show("vitals-empty", &page(FormState::default(), &[], &[])).contains("まだ計測の記録がありません"));
    let wrong = FormState::default().set("bt", "369").with_errors(errors(&[("bt", "体温は 30.0〜43.0℃ の範囲で入れてください")]));
    assert!(show("vitals-errors", &page(wrong, &[], &[])).contains("value=\"369\""));
    let unusual = FormState::default().set("wt", "26.5");
    assert!(show("vitals-unusual", &page(unusual, &[round(1, 625)], &[VitalItem::Weight])).contains("ふだん 62.5 と2割超の差"));
}

#[test]
fn the_chart_takes_the_last_round_in_one_line() {
    let (visit, patient) = (EncounterId::new(Uuid::from_u128(9)), PatientStripe::sample().patient_id);
    let pane = show("vitals-pane", &VitalsPane::of(visit, patient, Some(round(0, 625)), true));
    assert!(pane.contains("data-quote=\"体温 36.5℃ 血圧 128/76mmHg 脈拍 72/分 SpO2 98% 体重 62.5kg JCS 1 (10:00 測定)\""), "{pane}");
    assert!(show("vitals-pane-empty", &VitalsPane::of(visit, patient, None, true)).contains("まだ測っていません"));
}
