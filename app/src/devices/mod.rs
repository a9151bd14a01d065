//! 連携端末: `tsumugi-relay` beside a clinic's 資格確認端末, the key it comes with, the files it brings and the questions it fetches.
//!
//! The relay opens every connection; the product never reaches into a clinic. A file is taken once per folder, name and content, so
//! that a relay that was killed may bring it again. What cannot be used stays on the list 端末から届いたファイル until somebody has seen it.

mod arrival_handlers;
mod arrivals;
mod card_door;
pub mod connection;
mod door;
pub mod entity;
mod handlers;
mod line;
mod mailbox;
mod names;
mod requests;
#[cfg(test)]
mod samples;
pub mod store;
pub mod views;

pub use mailbox::Mailbox;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/devices", handlers::list);
    r.post("/devices", handlers::issue);
    r.post("/devices/connection", handlers::connect);
    r.post("/devices/{id}/revocation", handlers::revoke);
    r.get("/reception/arrivals", arrival_handlers::list);
    r.post("/reception/arrivals/{id}/review", arrival_handlers::review);
    r.device_post("/relay/v1/files", door::bring);
    r.device_get("/relay/v1/requests", door::requests);
    r.device_post("/relay/v1/requests/{id}/receipt", door::receipt);
    r.device_post("/relay/v1/cards", card_door::card);
    r.device_post("/relay/v1/signings/{id}", card_door::done);
}
