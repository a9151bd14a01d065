//! 一括照会 of the people expected tomorrow, and what to look after before they come (FN-OQ-04).
//!
//! The worker asks in the evening ([`nightly`]); a clerk may ask earlier. The list is handed in, the service works on it and is asked for
//! the answers ([`exchange`]). The answer is the validity only: whoever is not simply 有効 stands on the worklist until somebody has
//! looked after it.

pub mod entity;
pub mod exchange;
mod handlers;
pub mod nightly;
pub mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/reception/bulk-inquiries", handlers::show);
    r.post("/reception/bulk-inquiries", handlers::ask);
    r.post("/bulk-inquiry-lines/{id}/handling", handlers::handle);
}
