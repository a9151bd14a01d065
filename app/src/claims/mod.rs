//! レセコン送信 (workflow S12): from 確定 a versioned message goes to the clinic's receipt computer through the outbox.
//!
//! A `claim` stands under its visit's id and says what the receipt computer knows of it (`ClaimStatus`). Content that did not change
//! is not sent again; a change makes the next version, which replaces the one before. What comes back priced becomes the lines of the
//! bill when nobody has entered any.

mod content;
pub mod driver;
pub mod engine;
pub mod entity;
mod handlers;
mod pricing;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

pub use store::{note_signed, paid, queue};
pub use views::ClaimFace;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.post("/encounters/{id}/claims", handlers::send);
    r.get("/clinic/receipt-computer", handlers::settings);
    r.post("/clinic/receipt-computer", handlers::update);
}
