//! Samples of the prescription: being written, refused, signed, and a paper whose letters are missing from the fonts.

use domain::EncounterId;
use domain::order_set::SetScope;
use domain::warning::Level;
use uuid::Uuid;

use super::drugs::Drug;
use super::forms::{RawHeadForm, RawLineForm};
use super::set_views::{SetListPage, SetPage, SetView};
use super::store::sets::SetLine;
use super::views::{Bar, Diff, DrugOptions, Earlier, Head, LineView, PrescriptionPage, PrescriptionPane, PrintPage, Row, Run, Stopped};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

const LONG: &str = "見本長名薬配合カプセル２５０ｍｇ（アセトアミノフェン・イソプロピルアンチピリン・無水カフェイン配合）「見本製薬」";

fn row(n: u128, name: &str, diff: Diff, is_draft: bool) -> Row {
    let id = Uuid::from_u128(n);
    Row {
        id,
        version: 1,
        place: format!("rx-{id}"),
        number: n as usize,
        name: name.into(),
        generic_name: String::new(),
        dose: "1錠".into(),
        usage: "1日1回朝食後".into(),
        supply: "days",
        count: "28".into(),
        tags: vec!["変更不可(医療上必要)"],
        comment: "残薬7日分を調整".into(),
        diff,
        was: if diff == Diff::Changed { "2錠 1日2回朝夕食後".into() } else { String::new() },
        before: "前14日".into(),
        run: Some(Run {
            tone: "stop", text: "12/03 切れ・予約の14日前".into(), bar: Bar { leftover: 10, covered: 40, next: Some(80) }
        }),
        worst: None,
        is_draft,
        error: None,
    }
}

fn drug(code: &str, name: &str) -> Drug {
    Drug { code: code.into(), name: name.into(), unit: "錠".into(), ..Drug::default() }
}

fn pane(rows: Vec<Row>, form: FormState, options: Vec<Drug>) -> PrescriptionPane {
    PrescriptionPane {
        encounter_id: Uuid::nil().to_string(),
        patient_id: PatientStripe::sample().patient_id.to_string(),
        shown: PatientStripe::sample().patient_id,
        electronic: crate::eprescriptions::EprescriptionBox::sample(),
        stopped: vec![],
        rows,
        editing: None,
        form,
        options,
        earlier: vec![Earlier {
            encounter_id: Uuid::from_u128(9),
            date: "11/06(金)".into(),
            drugs: format!("見本錠 28日分、{LONG} 28日分"),
        }],
        sets: vec![SetView {
            id: Uuid::from_u128(8),
            version: 1,
            name: "かぜセット".into(),
            scope: SetScope::Department,
            department: "内科".into(),
            drugs: format!("見本錠、{LONG}"),
        }],
        head: Head { dispensed_at: "院外", issue_form: "紙", usable_until: "11/23".into(), ..Head::default() },
        head_form: FormState::of(&RawHeadForm::of(&Default::default(), None, Uuid::nil())),
        next: "2026-12-18".parse().ok(),
        days_to_next: Some(28),
        done: None,
        act_key: Uuid::nil(),
        can_write: true,
        can_sign: true,
        can_print: true,
        has_inside: false,
        is_inpatient: false,
        masters: "見本 医薬品".into(),
    }
}

fn page(pane: PrescriptionPane) -> PrescriptionPage {
    PrescriptionPage { chrome: Chrome::sample(Nav::Today), stripe: PatientStripe::sample(), pane }
}

fn begun() -> FormState {
    FormState::of(&RawLineForm::begun(Uuid::nil()))
}

#[test]
fn being_written_beside_what_was_before() {
    let mut stop = row(3, "見本デルタシロップ０．５％", Diff::New, true);
    stop.worst = Some((Level::Block, "アレルギー「見本」の登録があります。".into()));
    let rows = vec![row(1, LONG, Diff::Changed, true), row(2, "見本錠", Diff::Same, false), stop];
    let mut pane = pane(rows, begun(), vec![drug("1", "見本錠"), drug("2", LONG)]);
    pane.stopped = vec![Stopped { name: "見本カッパ坐剤５０ｍｇ".into(), how: "1個 発熱時".into() }];
    pane.done = Some(("見本錠を足しました".into(), vec![(Uuid::from_u128(1), 1)]));
    let html = show("prescription", &page(pane));
    for expected in ["変更 1", "中止 1", "12/03 切れ", "署名済", "元に戻す", "Alt+R", "data-level=\"block\"", "処方だけ先に署名する"]
    {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn empty_and_with_everything_wrong() {
    assert!(show("prescription-empty", &page(pane(vec![], begun(), vec![]))).contains("まだ処方はありません"));
    let wrong = begun().with_errors(errors(&[
        ("q", "薬を選んでください"),
        ("dose", "用量が0です"),
        ("usage", "用法を入れてください"),
        ("count", "日数は1日から90日までです"),
    ]));
    assert!(show("prescription-errors", &page(pane(vec![], wrong, vec![]))).contains("4か所 直してください"));
}

#[test]
fn one_line_open_for_change() {
    let mut open = pane(vec![row(1, "見本錠", Diff::Same, true)], begun(), vec![]);
    open.editing = Some((Uuid::from_u128(1), begun().set("dose", "2")));
    let html = show("prescription-edit", &page(open));
    assert!(html.contains("この内容にする") && !html.contains("id=\"q\""), "one form at a time");
}

#[test]
fn who_may_only_read_sees_no_form() {
    let mut reader = pane(vec![row(1, "見本錠", Diff::First, true)], begun(), vec![]);
    (reader.can_write, reader.can_sign) = (false, false);
    let html = show("prescription-read", &page(reader));
    assert!(!html.contains("prescription-lines") && html.contains("署名待ち"));
}

#[test]
fn options_are_radios_or_a_sentence() {
    let none = DrugOptions { q: "みつからない".into(), options: vec![], drug_code: String::new() };
    assert!(show("drug-options-none", &none).contains("で始まる薬はありません"));
    let one = DrugOptions { q: "みほん".into(), options: vec![drug("1", "見本錠")], drug_code: "1".into() };
    assert!(show("drug-options", &one).contains("checked"));
}

#[test]
fn before_printing_missing_letters_are_named() {
    let line = LineView {
        name: "見本錠".into(),
        dose: "1錠".into(),
        usage: "1日1回朝食後".into(),
        supply: "28日分".into(),
        comment: String::new(),
        tags: vec!["一包化"],
        is_draft: false,
    };
    let print = PrintPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample_long(),
        encounter_id: EncounterId::new(Uuid::nil()),
        lines: vec![line],
        has_draft: true,
        issued_on: "令和8年11月20日".into(),
        usable_until: "令和8年11月23日".into(),
        doctor: "山﨑 理恵".into(),
        coverage: String::new(),
        replaced: vec!["U+20BB7を吉で印字".into()],
        has_paper: true,
        has_inside: true,
        electronic: vec![("登録済".into(), "123456".into(), "3f0c9d1e-0000-4000-8000-000000000042".into())],
    };
    let html = show("prescription-print", &print);
    assert!(html.contains("U+20BB7を吉で印字") && html.contains("署名を待っている処方があります") && html.contains("保険なし(自費)"));
}

#[test]
fn sets_are_listed_and_edited() {
    let none = SetListPage { chrome: Chrome::sample(Nav::Clinic), sets: vec![] };
    assert!(show("sets-empty", &none).contains("セットはまだありません"));
    let set = pane(vec![], begun(), vec![]).sets.remove(0);
    assert!(show("sets", &SetListPage { chrome: Chrome::sample(Nav::Clinic), sets: vec![set.clone()] }).contains("診療科 内科"));
    let line =
        SetLine { name: LONG.into(), typed: RawLineForm { dose: "1".into(), usage: "1日1回朝食後".into(), ..RawLineForm::default() } };
    let page = SetPage {
        chrome: Chrome::sample(Nav::Clinic), set, lines: vec![line], errors: vec!["セットの名前を入れてください".into()]
    };
    assert!(show("set", &page).contains("1か所 直してください"));
}
