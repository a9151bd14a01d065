//! 予約枠と休診: whom or what one books, the weekly templates slots come from, and the days that are closed (workflow S14).
//!
//! Slots are not rows: a template and a day make them (`domain::schedule`), so a changed template is in force at once and nothing has to
//! be generated ahead. A slot is named by its schedule and its beginning. What is booked already stays where it is.

mod closures;
mod entity;
mod forms;
mod handlers;
mod routes;
pub mod store;
mod views;

pub use entity::{schedule, schedule_closure, slot_template};
pub use routes::routes;
