//! The pages in their shapes: nobody asked, much said, wrong input, written by two people.

use domain::flag::FlagCategory;
use uuid::Uuid;

use super::Model;
use super::forms::{RawFlag, RawSticky};
use super::views::{FlagsPage, StickyPage};
use crate::web::samples::{errors, show};
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn row(category: FlagCategory, said: &str, status: &str) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(7),
        version: 1,
        recorded_at: "2026-11-20T01:00:00Z".parse().unwrap(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: status.into(),
        digest: vec![],
        patient_id: Uuid::nil(),
        encounter_id: None,
        category: category.code().into(),
        is_present: !said.is_empty(),
        said: said.into(),
        source: "patient".into(),
        noted_on: "2026-11-20".parse().unwrap(),
    }
}

fn page(rows: &[Model], form: FormState) -> FlagsPage {
    FlagsPage::of(Chrome::sample(Nav::Patients), PatientStripe::sample(), rows, form, true)
}

#[test]
fn not_asked_is_not_none_and_a_sticky_is_no_fact() {
    let begun = || FormState::of(&RawFlag::begun(Uuid::nil()));
    assert!(show("flags-unasked", &page(&[], begun())).contains("まだ聞き取っていません"));
    let rows = [
        row(FlagCategory::Infection, "HCV", "active"),
        row(FlagCategory::Pregnancy, "", "active"),
        row(FlagCategory::Contraindication, "MRI(ペースメーカー)", "entered_in_error"),
        row(FlagCategory::Sticky, "車いす", "active"),
    ];
    let html = show("flags-many", &page(&rows, begun()));
    assert!(html.contains("HCV") && html.contains("誤登録") && !html.contains("車いす"));
    let wrong = begun().with_errors(errors(&[("said", "何に気をつけるかを入れてください")]));
    assert!(show("flags-wrong", &page(&rows, wrong)).contains("1か所 直してください"));
}

#[test]
fn a_sticky_somebody_else_wrote_first_is_shown_with_ones_own() {
    let raw = RawSticky { visit_note: "検査結果の説明".into(), ..RawSticky::default() };
    let form = FormState::of(&raw).set("visit_now", "車いす").set("patient_now", "");
    let page =
        StickyPage { chrome: Chrome::sample(Nav::Today), stripe: PatientStripe::sample(), encounter_id: Uuid::nil(), form, is_stale: true };
    let html = show("flags-sticky", &page);
    assert!(html.contains("検査結果の説明") && html.contains("車いす"));
}
