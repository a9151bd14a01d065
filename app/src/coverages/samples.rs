//! The pages in their shapes: empty, wrong and long, old beside new.

use domain::coverage::CoverageKind;
use uuid::Uuid;

use super::forms::RawCoverage;
use super::history::Version;
use super::views::{ComparePage, CoveragePage, HistoryPage};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn today() -> chrono::NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn begun(kind: CoverageKind) -> RawCoverage {
    RawCoverage::begun(kind, Uuid::nil(), today())
}

fn form(form: FormState) -> CoveragePage {
    CoveragePage::of(Chrome::sample(Nav::Patients), PatientStripe::sample(), "/patients/x/coverages".into(), false, form)
}

#[test]
fn a_card_and_a_certificate_have_their_own_fields() {
    let html = show("coverages-new", &form(FormState::of(&begun(CoverageKind::Employees))));
    assert!(html.contains("保険者番号") && html.contains("限度額区分") && !html.contains("月の上限額"));
    let html = show("coverages-public", &form(FormState::of(&begun(CoverageKind::PublicExpense))));
    assert!(html.contains("負担者番号") && html.contains("月の上限額") && !html.contains("限度額区分"));
}

#[test]
fn a_number_that_does_not_add_up_can_be_taken_as_it_is_written() {
    let wrong = errors(&[("insured_number", "受給者番号の検証数字が合いません")]);
    let html = show("coverages-wrong", &form(FormState::of(&begun(CoverageKind::PublicExpense)).with_errors(wrong)));
    assert!(html.contains("name=\"as_written\""));
}

#[test]
fn nothing_is_written_before_old_and_new_were_seen() {
    let raw = RawCoverage {
        kind: "employees".into(),
        insurer_number: "06139992".into(),
        insured_number: "77".into(),
        valid_from: "2026-11-01".into(),
        ..begun(CoverageKind::Employees)
    };
    let new = raw.read(today(), None).unwrap();
    let page = |is_stale| ComparePage::of(Chrome::sample(Nav::Patients), PatientStripe::sample(), "/x".into(), None, &new, &raw, is_stale);
    assert!(show("coverages-compare", &page(false)).contains("value=\"06139992\""));
    assert!(show("coverages-stale", &page(true)).contains("何も記録していません"));
    let version =
        Version { number: 1, at: "2026-11-20 09:00".into(), author: "佐藤 由美".into(), reason: String::new(), changes: vec![] };
    let page = HistoryPage {
        chrome: Chrome::sample(Nav::Patients),
        stripe: PatientStripe::sample(),
        title: "社保 本人 3割".into(),
        versions: vec![version],
    };
    assert!(show("coverages-history", &page).contains("最初の登録"));
}
