//! 同意にもとづく閲覧: 薬剤・診療・特定健診等情報 of others, shown beside our own record and never mixed into it (FN-OQ-05, FN-OQ-06,
//! FN-OQ-07, FN-CS-17).
//!
//! What a card's result says of consent is kept as it came; the last word on a subject counts. What a consent allows is asked for in the
//! background, kept sealed, and read only while `now ≤ AvailableTime` ([`domain::consent`]): after that the server gives nothing and
//! an open page drops what it shows (`static/js/consents.js`). Every look is audited under its own 情報区分.

pub mod entity;
pub mod fetch;
mod handlers;
mod own;
#[cfg(test)]
mod samples;
pub(crate) mod shown;
pub mod store;
mod trend;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients/{id}/consents", handlers::list);
    r.get("/patients/{id}/consents/medication", handlers::medication);
    r.get("/patients/{id}/consents/care", handlers::care);
    r.get("/patients/{id}/consents/checkup", handlers::checkup);
    r.post("/consented-records/{id}/repetition", handlers::repeat);
}
