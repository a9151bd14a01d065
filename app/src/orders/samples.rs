//! The pane, the lists and the entry in their shapes.

use domain::order::{OrderCategory, OrderStatus};
use uuid::Uuid;

use super::catalog::{self, Item};
use super::forms::RawOrderForm;
use super::views::{EntryPage, ItemOptions, Listed, OrderPage, OrderPane, OrderRow, ResultView, ResultsPage, ValueField, WorklistPage};
use crate::notes::neighbours::Card;
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn row(n: u128, status: OrderStatus, results: Vec<ResultView>) -> OrderRow {
    OrderRow {
        id: Uuid::from_u128(n),
        version: 1,
        patient_id: PatientStripe::sample().patient_id.as_uuid(),
        encounter_id: Uuid::from_u128(1),
        name: "見本 とても長い名前の検査項目(時間外・緊急・迅速)".into(),
        specimen: "血液".into(),
        quantity: 2,
        is_stat: n == 1,
        note: "空腹時に採る".into(),
        status,
        done_at: "09:50".into(),
        results,
        has_results: true,
    }
}

fn value(flag: &'static str, word: &'static str) -> ResultView {
    ResultView {
        name: "HbA1c".into(),
        value: "7.9".into(),
        unit: "%".into(),
        range: "4.9–6.0".into(),
        flag,
        flag_word: word,
        is_unread: true,
    }
}

fn listed(row: OrderRow) -> Listed {
    let stripe = PatientStripe::sample_long();
    Listed { row, card: Card { name: stripe.name, kana: stripe.kana, number: stripe.number } }
}

fn pane(rows: Vec<OrderRow>, form: FormState, options: Vec<Item>) -> OrderPage {
    let stripe = PatientStripe::sample();
    let pane = OrderPane {
        encounter_id: Uuid::nil().to_string(),
        patient_id: stripe.patient_id.to_string(),
        shown: stripe.patient_id,
        rows,
        form,
        options,
        sets: catalog::sets().unwrap(),
        act_key: Uuid::nil(),
        can_order: true,
        can_perform: true,
    };
    OrderPage { chrome: Chrome::sample(Nav::Today), stripe, pane }
}

fn begun() -> FormState {
    FormState::of(&RawOrderForm::begun(Uuid::nil()))
}

#[test]
fn the_pane_in_every_state() {
    let rows: Vec<_> = OrderStatus::ALL.iter().zip(1..).map(|(status, n)| row(n, *status, vec![value("H", "高")])).collect();
    let html = show("orders", &pane(rows, begun(), vec![]));
    for expected in ["至急", "今すぐ発行する", "結果入力", "H(高)", "Alt+K"] {
        assert!(html.contains(expected), "{expected}");
    }
    assert!(show("orders-empty", &pane(vec![], begun(), vec![])).contains("まだオーダーはありません"));
    let wrong = begun().with_errors(errors(&[("order_q", "候補がいくつかあります"), ("quantity", "数量は1から99まで")]));
    assert!(show("orders-errors", &pane(vec![], wrong, vec![])).contains("2か所 直してください"));
}

#[test]
fn options_are_radios_or_a_sentence() {
    let item = Item {
        category: OrderCategory::Laboratory,
        code: "A".into(),
        name: "見本".into(),
        specimen: String::new(),
        procedure_code: String::new(),
    };
    let one = ItemOptions { typed: "みほ".into(), options: vec![item], code: "A".into() };
    assert!(show("order-items", &one).contains("checked"));
    let none = ItemOptions { typed: "みつからない".into(), options: vec![], code: String::new() };
    assert!(show("order-items-none", &none).contains("項目はありません"));
}

#[test]
fn the_lists_name_patients_and_what_to_do() {
    let rows = vec![listed(row(1, OrderStatus::Issued, vec![])), listed(row(2, OrderStatus::Acknowledged, vec![]))];
    let html = show("worklist", &WorklistPage { chrome: Chrome::sample(Nav::Today), rows });
    assert!(html.contains("指示受け") && html.contains("実施済にする"));
    assert!(
        show("worklist-empty", &WorklistPage { chrome: Chrome::sample(Nav::Today), rows: vec![] })
            .contains("待っている検査・処置はありません")
    );
    let results = ResultsPage {
        chrome: Chrome::sample(Nav::Results),
        rows: vec![listed(row(1, OrderStatus::Resulted, vec![value("HH", "著高"), value("", "")]))],
        reviewed: Some(listed(row(2, OrderStatus::Reviewed, vec![]))),
        can_review: true,
    };
    let html = show("results", &results);
    assert!(html.contains("HH(著高)") && html.contains("を確認しました"));
    let none = ResultsPage { chrome: Chrome::sample(Nav::Results), rows: vec![], reviewed: None, can_review: true };
    assert!(show("results-empty", &none).contains("未確認の結果 0件"));
}

#[test]
fn values_are_entered_beside_their_range() {
    let fields = catalog::results_of("SMP-CBC").unwrap().iter().map(|item| ValueField { item, typed: "5.5".into() }).collect();
    let page = EntryPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample(),
        order: row(1, OrderStatus::Done, vec![]),
        fields,
        act_key: Uuid::nil(),
        error: Some("結果を一つ以上入れてください".into()),
    };
    assert!(show("result-entry", &page).contains("3.3–8.6"));
}
