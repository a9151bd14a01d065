//! Samples of the condition pages: many names, long ones, none, and a refused form.

use domain::{ConditionId, PatientId};
use uuid::Uuid;

use super::views::*;
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn line(n: u128, name: &str) -> Line {
    Line {
        id: ConditionId::new(Uuid::from_u128(n)),
        version: 1,
        patient_id: PatientId::new(Uuid::from_u128(1)),
        name: name.into(),
        started: "R8.11.6".into(),
        is_active: true,
        is_main: n == 1,
        is_suspected: false,
        is_undisclosed: false,
        is_clinical: false,
        stale: None,
        outcome: String::new(),
    }
}

fn pane(lines: Vec<Line>) -> ConditionPane {
    let option = OptionLine {
        value: "9999006+9902?".into(),
        name: "見本急性見本胃炎の疑い".into(),
        icd10: "U006".into(),
        why: "処方 見本ミュー顆粒".into(),
    };
    ConditionPane {
        patient_id: PatientStripe::sample().patient_id,
        encounter: None,
        lines,
        options: Options { lines: vec![option], q: String::new() },
        can_write: true,
        may_propose: false,
        proposals: vec![],
        form: FormState::default(),
    }
}

#[test]
fn the_box_with_every_kind_of_name() {
    let mut suspected = line(2, "甲状腺機能低下症の疑い");
    (suspected.is_suspected, suspected.stale) = (true, Some(94));
    let mut ended = line(3, "急性上気道炎");
    (ended.is_active, ended.outcome) = (false, "治癒 R8.11.12".into());
    let mut long = line(4, "慢性閉塞性肺疾患の急性増悪を伴う両側下葉気管支拡張症術後");
    (long.is_undisclosed, long.is_clinical) = (true, true);
    let html = show("conditions-pane", &pane(vec![line(1, "２型糖尿病・糖尿病性腎症第２期"), suspected, ended, long]));
    assert!(html.contains("疑い 94日") && html.contains("終了 1") && !html.contains("急性上気道炎"));
}

#[test]
fn an_empty_list_teaches_and_a_refusal_stays_at_its_field() {
    let mut empty = pane(vec![]);
    empty.form = FormState::default().set("q", "ほげ").with_errors(errors(&[("q", "病名を候補から選んでください。")]));
    let stripe = PatientStripe::sample();
    let month = Some(MonthView { month: "2026-10".into(), label: "2026年10月".into(), lines: vec![] });
    let page = ConditionsPage { chrome: Chrome::sample(Nav::Patients), stripe, pane: empty, month, this_month: "2026-11".into() };
    let html = show("conditions", &page);
    assert!(html.contains("aria-invalid") && html.contains("病名はまだありません"));
}

#[test]
fn one_name_and_the_old_suspicions() {
    let version = VersionLine {
        version: 2,
        at: "2026/11/20 10:00".into(),
        by: "山﨑 理恵".into(),
        says: "胃炎・開始 R8.11.1・治癒 R8.11.20".into(),
        reason: String::new(),
    };
    let page = ConditionPage {
        chrome: Chrome::sample(Nav::Patients),
        stripe: PatientStripe::sample_long(),
        line: line(1, "胃炎"),
        disease: "9999006 U006".into(),
        can_write: true,
        form: FormState::default().set("started_on", "2026-11-21").with_errors(errors(&[("started_on", "開始日が今日より後です。")])),
        versions: vec![version],
    };
    assert!(show("condition", &page).contains("開始日が今日より後です。"));
    let row = SuspectedRow {
        line: Line { stale: Some(120), ..line(1, "胃癌の疑い") },
        patient: "齋藤 千鶴子".into(),
        kana: "サイトウ チヅコ".into(),
        number: "001207".into(),
    };
    let list = |rows, done| SuspectedPage {
        chrome: Chrome::sample(Nav::Approvals),
        rows,
        has_more: false,
        can_write: true,
        today: "2026-11-20".into(),
        done,
        error: None,
    };
    assert!(show("suspected", &list(vec![row], Some((3, 1)))).contains("120日"));
    assert!(show("suspected-empty", &list(vec![], None)).contains("0件"));
}
