//! 順番 (S14): the day's line with the time each is likely to be called, numbers taken before arrival (順番予約), and a patient's own
//! page of it behind the QR code of the 番号票: how many are ahead, no name, until the link ends.

pub mod entity;
mod handlers;
mod public;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/queue", handlers::show);
    r.post("/patients/{id}/queue-tickets", handlers::take);
    r.post("/queue-tickets/{id}/arrival", handlers::arrive);
    r.post("/queue-tickets/{id}/cancellation", handlers::cancel);
    r.post("/encounters/{id}/ticket", handlers::ticket);
    r.public_get("/w/{token}", public::show, "a patient's own place in the line: whoever holds the unguessable token of one visit");
}
