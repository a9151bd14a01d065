//! 計測 (S06): vital signs of a visit. Outside the limits is refused; a fifth away from what is usual for this patient is shown in
//! amber before it is kept, once, and stays marked afterwards. A round measured late keeps its own time beside the time of writing;
//! a wrong one is cancelled, never deleted.
//!
//! The chart takes the last round into O with one key: include `/encounters/{id}/vitals/pane` (its button fills `#body-O`).

pub mod entity;
mod forms;
mod handlers;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
mod trend;
mod views;

pub use routes::routes;
