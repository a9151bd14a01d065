//! 患者の取込: a clinic's patients out of a CSV file, looked at first and registered in the background (A05, first day).
//!
//! UTF-8 and CP932 are told apart by their bytes. The columns are matched by their headings and can be matched anew by hand; every line
//! goes through the same rules as the registration form, and nothing is written before a person has seen what would be. A file is known
//! by the hash of its bytes, so that the same one twice is one import. The file is sealed under the clinic's key and forgotten once it
//! is done. Progress is stored with the patients it counts: a worker that dies goes on where it was.

mod apply;
mod check;
mod columns;
mod entity;
mod handlers;
pub mod reading;
mod routes;
mod store;
mod upload;
mod views;

pub use apply::work_off;
pub use routes::routes;
