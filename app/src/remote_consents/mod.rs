//! 訪問診療等・オンライン診療等の資格確認: consent and eligibility where there is no reader in the room (FN-OQ-09).
//!
//! The patient consents on a device of their own (マイナ在宅受付Web). Who did is fetched as a list ([`listing`]); each answer is kept as a
//! reader's file is and taken over on the same page, with or without a visit. A continuing consent is registered ([`store`]): before
//! every visit the clinic asks again by itself, until the consent ends or is given up ([`ending`]). From then on nothing that was seen
//! under it is shown.

pub mod ending;
pub mod entity;
mod forms;
mod handlers;
pub mod listing;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/reception/remote-consents", handlers::list);
    r.post("/reception/remote-consents", handlers::fetch);
    r.post("/remote-consents/{id}/inquiries", handlers::ask);
    r.post("/remote-consents/{id}/ending", handlers::end);
}
