//! 職員: who works here, as what and until when; initial passwords and lost second factors (GL-01, GL-05, GL-08).
//!
//! A password made for somebody else is drawn here, shown once and changed at its first use; it is stored as a hash only. Whoever
//! leaves, is stopped or loses a 職種 is signed out everywhere at once. The clinic always keeps a 管理者.

pub mod command;
mod forms;
mod handlers;
mod initial_password;
mod routes;
mod rules;
mod secrets;
pub mod store;
mod views;

pub use forms::NarcoticLicense;
pub use routes::routes;
