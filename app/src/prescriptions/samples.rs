//! Samples of the prescription pages: being written, refused, signed, and a paper whose letters are missing from the fonts.

use domain::EncounterId;
use uuid::Uuid;

use super::drugs::Drug;
use super::forms::RawLineForm;
use super::views::{DrugOptions, LineView, PrescriptionBox, PrescriptionPage, PrintPage};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn line(n: u128, name: &str, is_draft: bool) -> LineView {
    LineView {
        id: Uuid::from_u128(n),
        version: 1,
        name: name.into(),
        dose: "1錠".into(),
        usage: "1日1回朝食後".into(),
        supply: "28日分".into(),
        comment: "残薬7日分を調整".into(),
        substitution: "変更不可(医療上必要)",
        is_draft,
    }
}

fn drug(code: &str, name: &str) -> Drug {
    Drug {
        code: code.into(),
        name: name.into(),
        unit: "錠".into(),
        release_id: Uuid::nil(),
        valid_from: "2020-04-01".parse().unwrap(),
        valid_to: None,
    }
}

fn page(lines: Vec<LineView>, form: FormState, options: Vec<Drug>) -> PrescriptionPage {
    let prescription = PrescriptionBox {
        encounter_id: Uuid::nil().to_string(),
        patient_id: PatientStripe::sample().patient_id.to_string(),
        lines,
        form,
        options,
        can_read: true,
        can_write: true,
        can_sign: true,
        can_print: true,
    };
    PrescriptionPage { chrome: Chrome::sample(Nav::Today), stripe: PatientStripe::sample(), prescription }
}

fn begun() -> FormState {
    FormState::of(&RawLineForm::begun(Uuid::nil()))
}

#[test]
fn being_written_with_candidates() {
    let long = "見本長名薬配合カプセル２５０ｍｇ（アセトアミノフェン・イソプロピルアンチピリン・無水カフェイン配合）「見本製薬」";
    let html = show(
        "prescription",
        &page(vec![line(1, long, true), line(2, "アムロジピンＯＤ錠５ｍｇ", false)], begun(), vec![drug("1", "見本錠"), drug("2", long)]),
    );
    for expected in ["署名待ち", "署名済", "処方に署名する", "処方箋", "value=\"2\""] {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn empty_and_with_everything_wrong() {
    assert!(show("prescription-empty", &page(vec![], begun(), vec![])).contains("処方はまだありません"));
    let wrong = begun().with_errors(errors(&[
        ("q", "薬を選んでください"),
        ("dose", "用量が0です"),
        ("usage", "用法を入れてください"),
        ("count", "日数は1日から90日までです"),
    ]));
    assert!(show("prescription-errors", &page(vec![], wrong, vec![])).contains("4か所 直してください"));
}

#[test]
fn who_may_only_read_sees_no_form() {
    let mut reader = page(vec![line(1, "見本錠", true)], begun(), vec![]);
    reader.prescription.can_write = false;
    reader.prescription.can_sign = false;
    let html = show("prescription-read", &reader);
    assert!(!html.contains("<form") || !html.contains("prescription-lines"));
}

#[test]
fn options_are_radios_or_a_sentence() {
    let none = DrugOptions { q: "みつからない".into(), options: vec![], drug_code: String::new() };
    assert!(show("drug-options-none", &none).contains("で始まる薬はありません"));
    let one = DrugOptions { q: "みほん".into(), options: vec![drug("1", "見本錠")], drug_code: String::new() };
    assert!(show("drug-options", &one).contains("checked"));
}

#[test]
fn before_printing_missing_letters_are_named() {
    let print = PrintPage {
        chrome: Chrome::sample(Nav::Today),
        stripe: PatientStripe::sample_long(),
        encounter_id: EncounterId::new(Uuid::nil()),
        lines: vec![line(1, "見本錠", false)],
        has_draft: true,
        issued_on: "令和8年11月20日".into(),
        usable_until: "令和8年11月23日".into(),
        doctor: "山﨑 理恵".into(),
        coverage: String::new(),
        replaced: vec!["U+20BB7を吉で印字".into()],
    };
    let html = show("prescription-print", &print);
    assert!(html.contains("U+20BB7を吉で印字") && html.contains("署名を待っている処方があります") && html.contains("保険なし(自費)"));
}
