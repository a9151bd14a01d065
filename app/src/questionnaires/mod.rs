//! Web問診 (S06): the patient answers on their own phone, through a link for this one visit.
//!
//! Reception issues the link as a QR code; it ends after three hours or its one use, and its page shows the clinic and the reception
//! number, never a name. The holder gives the patient's birth date, and five wrong ones close the link. Answers stay structured with
//! the version of the form; the chart takes them into S with one key (include `/encounters/{id}/questionnaire/pane`).

pub mod entity;
mod handlers;
mod public;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

pub use routes::routes;
