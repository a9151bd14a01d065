//! The page in its shapes: nobody asked, stated none, many and long, wrong input.

use domain::allergy::SubstanceSystem;
use uuid::Uuid;

use super::entity::Model;
use super::forms::RawAllergyForm;
use super::substances::Substance;
use super::views::{AllergyPage, Statement, SubstanceOptions, guard};
use crate::web::samples::{errors, show};
use crate::web::stripe::Known;
use crate::web::{Chrome, FormState, Nav, PatientStripe};

fn row(category: &str, substance: &str, severity: &str) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: Uuid::from_u128(7),
        version: 1,
        recorded_at: "2026-11-20T01:00:00Z".parse().unwrap(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: "active".into(),
        digest: vec![],
        patient_id: Uuid::nil(),
        category: category.into(),
        substance: substance.into(),
        substance_code: String::new(),
        substance_system: String::new(),
        ingredient_code: String::new(),
        reaction: "蕁麻疹".into(),
        severity: severity.into(),
        certainty: "confirmed".into(),
        source: "patient".into(),
        asked_on: "2026-11-20".parse().unwrap(),
    }
}

fn page(rows: &[Model], form: FormState) -> AllergyPage {
    AllergyPage {
        chrome: Chrome::sample(Nav::Patients),
        stripe: PatientStripe::sample(),
        statements: rows.iter().map(Statement::of).collect(),
        past: vec![],
        form,
        options: vec![],
        act_key: Uuid::nil(),
        can_write: true,
    }
}

fn begun() -> FormState {
    FormState::of(&RawAllergyForm::begun(Uuid::nil()))
}

#[test]
fn not_asked_is_not_none() {
    let html = show("allergies-unasked", &page(&[], begun()));
    assert!(html.contains("まだ聞き取っていません") && html.contains("「なし」と記録"));
    assert_eq!(guard(&[]).known, Known::Unknown);
    assert_eq!(guard(&[row("none", "", "")]).known, Known::Absent("なし 2026-11-20".into()));
}

#[test]
fn the_worst_is_named_first_and_the_rest_counted() {
    let rows = [
        row("food", "そば", ""),
        row("medication", "見本アルファ錠５ｍｇ", "severe"),
        row("food", "卵", "mild"),
        row("environment", "ラテックス", ""),
    ];
    assert_eq!(guard(&rows).known, Known::Present("見本アルファ錠５ｍｇ(重症)・そば・卵(軽症)・ほか1".into()));
    let html = show("allergies", &page(&rows, begun()));
    assert!(!html.contains("「なし」と記録"), "what stands contradicts 「なし」");
}

#[test]
fn wrong_input_is_kept() {
    let form = begun().set("substance", "そ").with_errors(errors(&[("substance", "物質を入れてください")]));
    assert!(show("allergies-errors", &page(&[], form)).contains("1か所 直してください"));
    let options = vec![Substance { system: SubstanceSystem::Jfagy, code: "J9F1".into(), name: "そば".into(), yj_code: String::new() }];
    assert!(show("allergy-options", &SubstanceOptions { options, typed: "そ".into() }).contains("J-FAGY"));
}
