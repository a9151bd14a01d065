//! 院内処方の登録 (FN-EP-11): what the clinic hands out itself is told 電子処方箋管理サービス: what outpatients and people going home get at
//! once, what inpatients get when the clinic chose. Nothing here stands in the way of care: a 処方 is signed, taken back and replaced
//! in the chart first, and the service follows.

mod acts;
pub mod driver;
pub mod entity;
mod handlers;
mod setting_handlers;
pub mod settings;
pub mod store;
mod views;

pub use acts::{discharged, issued, taken_back};

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/eprescriptions/inside", setting_handlers::show);
    r.post("/eprescriptions/inside", setting_handlers::save);
    r.get("/encounters/{id}/inside-registrations", handlers::show);
    r.post("/prescriptions/{id}/inside-registration", handlers::register);
    r.post("/prescriptions/{id}/inside-change", handlers::change);
}
