//! 会計 (workflow S12): what was done and what it costs, the bill, the payments, and what is still owed.
//!
//! Lines (`charge_item`) belong to a visit and are withdrawn, never deleted. A bill (`invoice`) fixes lines and sums; a correction is
//! the next revision with a reason. Payments and refunds (`payment_notice`) are only added. The `account` of a visit keeps the balance
//! under one version: every act here moves it on, so that a payment made in sight of another bill is refused. What a patient pays in a
//! month at most ([`month`]) is part of the bill.

pub mod account;
pub mod acts;
pub mod entity;
mod forms;
mod handlers;
pub mod lines;
pub mod month;
mod paper;
pub mod payers;
mod procedures;
pub mod queue;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

pub use routes::routes;

/// `1,230`, for templates.
pub fn yen(amount: impl std::borrow::Borrow<i64>) -> String {
    domain::billing::grouped(*amount.borrow())
}
