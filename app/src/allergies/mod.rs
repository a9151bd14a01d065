//! アレルギー (`AllergyIntolerance`): substances a patient must not meet, or the explicit 「なし」; both are asked, dated and versioned.
//!
//! Foods and other substances are coded by J-FAGY, drugs by the drug master, whose ingredient code is what the prescription's rules
//! compare with. Nothing is deleted: a statement is resolved, or marked as entered in error. The stripe shows what stands.

pub mod entity;
mod forms;
mod handlers;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
mod substances;
mod views;

pub use routes::routes;
pub use views::guard;
