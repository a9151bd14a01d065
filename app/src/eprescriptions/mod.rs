//! 電子処方箋: from the doctor's signature to the pharmacy's 調剤済 (S10, FN-EP).
//!
//! A registration stands under its 処方箋's id and is moved by `domain::prescription::registration`. 確定 signs and puts it into the
//! outbox; the worker delivers it, looks before it sends again, and keeps asking how it stands. A prescription is never on paper and
//! registered at once: until a registration's fate is certain, no paper leaves.

mod acts;
pub mod change_handlers;
pub mod changes;
pub mod check;
pub mod content;
pub mod driver;
pub mod entity;
mod figures;
mod handlers;
pub mod narcotics;
mod registering;
pub mod results;
#[cfg(test)]
mod samples;
mod settling;
pub mod store;
mod views;

pub use changes::exchange;
pub use driver::PrescriptionDriver;
pub use handlers::read_brief;
pub use registering::{records_of, register, signing_sentence, trace_of};
pub use views::EprescriptionBox;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/encounters/{id}/eprescription", handlers::show);
    r.get("/encounters/{id}/duplicate-check", check::handlers::show);
    r.post("/encounters/{id}/duplicate-check", check::handlers::ask);
    r.post("/encounters/{id}/oral-consent", check::handlers::consent);
    r.post("/prescriptions/{id}/paper", handlers::to_paper);
    r.post("/prescriptions/{id}/revocation", handlers::revoke);
    r.post("/prescriptions/{id}/standing", handlers::ask);
    r.post("/prescriptions/{id}/late-registration", change_handlers::register_late);
    r.post("/prescriptions/{id}/change", change_handlers::begin);
    r.post("/prescriptions/{id}/change/withdrawal", change_handlers::abandon);
    r.post("/prescriptions/{id}/restoration", change_handlers::restore);
    r.post("/prescriptions/{id}/reversion", change_handlers::revert);
    r.post("/dispensing-results/{id}/review", results::handlers::review);
    r.get("/eprescriptions/figures", figures::show);
    r.get("/eprescriptions", change_handlers::search_page);
    r.post("/eprescriptions", change_handlers::search);
}
