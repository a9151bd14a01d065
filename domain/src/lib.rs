//! Clinical types and rules in plain Rust: no web, no database, no wall clock, no randomness.
//!
//! Terms are in `GLOSSARY.md`. Anything that depends on "now" takes it as an argument.

pub mod allergy;
pub mod appointment;
pub mod attachment;
pub mod availability;
pub mod billing;
pub mod care_history;
pub mod check_in;
pub mod claim;
pub mod clock;
mod codes;
pub mod condition;
pub mod consent;
pub mod coverage;
pub mod day_close;
pub mod drawing;
pub mod eligibility;
pub mod encounter;
pub mod flag;
pub mod id;
pub mod insurer;
pub mod kana;
pub mod keys;
pub mod masters;
pub mod medication_safety;
pub mod monthly_cap;
pub mod name;
pub mod next_visit;
pub mod note;
pub mod note_parts;
pub mod order;
pub mod order_set;
pub mod outbox;
pub mod patient;
pub mod patient_background;
pub mod patient_search;
pub mod phone;
pub mod prescription;
pub mod public_expense;
pub mod questionnaire;
pub mod reception;
pub mod role;
pub mod schedule;
pub mod search_key;
pub mod staff;
pub mod standing;
pub mod text;
pub mod text_merge;
pub mod vital_signs;
pub mod waiting;
pub mod wareki;
pub mod warning;

pub use id::*;
pub use role::Role;
