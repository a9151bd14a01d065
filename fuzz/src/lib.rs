//! The readers of foreign input by themselves: the very files the product is built from, without the product around them, and the
//! questions their answers belong to.

#![allow(dead_code)] // most of what they offer is for the product

#[path = "../../app/src/adapters"]
pub mod adapters {
    pub mod eligibility;
    pub mod eprescription {
        pub mod certificate;
        pub mod check;
        mod dispensing;
        pub mod inside;
        pub mod message;
        pub mod refusal;
        pub mod reply;
    }
    pub mod receipt {
        pub mod reply;
    }
}

#[path = "../../app/src/outbox"]
pub mod outbox {
    mod outcome;
    pub use outcome::Outcome;
}

#[path = "../../app/src/patient_import"]
pub mod patient_import {
    pub mod reading;
}

#[path = "../../app/src/devices"]
pub mod devices {
    pub mod names;
}

#[path = "../../infra/relay/src"]
pub mod relay {
    pub mod names;
}

use adapters::eligibility::Question;
use adapters::eligibility::consented::Collection;
use adapters::eligibility::history::{Asks, HistoryQuestion};
use chrono::NaiveDate;
use domain::check_in::CareSetting;

/// Who asks, and the name of the question.
pub const INSTITUTION: &str = "1319999999";
pub const NAME: &str = "q-1";

fn birth() -> NaiveDate {
    NaiveDate::from_ymd_opt(1975, 4, 1).unwrap_or_default()
}

pub fn question() -> Question {
    Question {
        institution_code: INSTITUTION.into(),
        insurer_number: "01139997".into(),
        insured_symbol: "12345678".into(),
        insured_number: "9000001".into(),
        branch_number: String::new(),
        birth_date: birth(),
        limit_consent: false,
        asked_on: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default(),
        setting: CareSetting::Outpatient,
    }
}

pub fn history_question(asks: Asks) -> HistoryQuestion {
    HistoryQuestion {
        institution_code: INSTITUTION.into(),
        insurer_number: "01139997".into(),
        insured_symbol: "12345678".into(),
        insured_number: "9000001".into(),
        branch_number: String::new(),
        birth_date: birth(),
        asks,
        setting: CareSetting::Outpatient,
    }
}

pub fn collection() -> Collection {
    Collection { institution_code: INSTITUTION.into(), setting: CareSetting::Home, reception_number: "20261120".into() }
}
