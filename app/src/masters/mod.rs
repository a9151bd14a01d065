//! マスタ (IF-04): taking in the files published for electronic claims, and looking things up in them.
//!
//! Masters are shared by all clinics and read-only to requests; only the command line brings a new release, after a
//! person has seen what it changes.

pub mod command;
mod handlers;
pub mod import;
pub mod rules;
mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/masters", handlers::show);
}
