//! 予約: the book by day and week, seats, and the way from a booking to a visit (workflow S14, §1 `AppointmentStatus`).
//!
//! The database decides who gets the last seat ([`seats`]): everybody tries, one succeeds, the others are told and tried again while
//! there is anything left. A hold whose five minutes are over is free at once, whoever looks; the worker ([`sweep`]) writes it down, and
//! marks those who did not come an hour after the day's last slot.

mod acts;
mod calendar;
pub mod entity;
mod handlers;
pub mod list;
mod next;
mod routes;
#[cfg(test)]
mod samples;
pub mod seats;
pub mod store;
pub mod sweep;
pub mod views;

pub use calendar::minute_of;
pub use entity::Model;
pub use routes::routes;
