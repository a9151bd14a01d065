//! 外部送信と後処理: everything that leaves the clinic for a partner goes through here.
//!
//! [`put`] writes a message in the transaction of the act that wants it sent, sealed under the clinic's key, once per key. The
//! worker takes what is due ([`deliver`]), hands it to the service's [`Driver`] and notes what came of it; the clockwork is
//! `domain::outbox`. No page ever waits for a partner. What needs a person stands on 後処理 (`/outbox`).
//!
//! Messages of one `lane` (the record they concern) go in the order they were put.

pub mod deliver;
mod driver;
pub mod entity;
mod exchanges;
mod handlers;
mod outcome;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

pub use driver::{Driver, Ending, Exchange, Message};
pub use outcome::Outcome;
pub use store::{Posting, put};

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/outbox", handlers::list);
    r.get("/exchanges", exchanges::list);
    r.get("/exchanges/{id}", exchanges::show);
    r.post("/exchanges/{id}", exchanges::open);
    r.post("/outbox/{id}/dispatch", handlers::resend);
    r.post("/outbox/{id}/withdrawal", handlers::withdraw);
}
