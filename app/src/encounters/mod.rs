//! 受付: today's list, walk-in reception, the way of a visit from arrival to the cashier (workflow S02, S05), and taking in what a
//! card reader wrote (S04).
//!
//! A visit gets the next number of the clinic's working day (R10); two receptions at the same moment race for it under a unique
//! rule and the loser tries again. Moves are judged by `domain::encounter`. A reader's file is parsed, sealed and kept once per
//! content; a person confirms whose it is, and then patient, coverage and visit are written in one transaction.

pub mod entity;
mod handlers;
pub mod intake;
pub mod list;
pub mod matching;
pub mod moves;
pub mod reader_store;
mod reader_views;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
pub mod views;

pub use moves::note_signed;
pub use routes::routes;
