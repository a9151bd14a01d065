//! 処方 (S10, first pass): one drug line after another from the imported master, signed by the doctor, printed as 処方箋.
//!
//! Lines are versioned drafts until the doctor signs all of them together; the table then refuses any change. A drug that has ended
//! in the master is refused when it is added and again when it is signed. The paper is 様式第二号 (see [`paper`]).

pub mod drugs;
pub mod entity;
mod forms;
mod handlers;
pub mod paper;
mod print;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
pub mod views;

pub use routes::routes;
pub use views::PrescriptionBox;
