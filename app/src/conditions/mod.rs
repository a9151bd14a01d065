//! 傷病名 (S08, FHIR Condition): coded from the disease master, composed with modifiers, with start, flags, outcome and history.
//!
//! A condition is a versioned row. What a signed claim said stays readable for ever: the display of a past month is read from the
//! versions recorded by the end of that month, never from the row of today (acceptance scenario 7). 疑い, 主病名 and 未告知 are set by
//! a person only. Candidates are listed and never added by themselves.

mod candidates;
mod diseases;
pub mod entity;
mod forms;
mod handlers;
mod proposal;
mod proposals;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
mod suspected;
mod views;

pub use routes::routes;
pub use store::{pending, warnings};
