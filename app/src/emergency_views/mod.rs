//! 救急時医療情報閲覧 (FN-OQ-11, hospitals only) and 災害時の照会 (FN-OQ-12): what others did, for somebody who cannot be asked or has no card.
//!
//! The card was read and the reader noted 取得困難 ([`basis::unasked`]). Whoever the administrator named may then open it, with a reason
//! and a fresh code of the authenticator. The look is one row: only its opener sees what came, for a day; somebody else judges it
//! afterwards on `/emergency-views`. What came is sealed and never enters the record.
//!
//! While the nation declares 災害時モード for the clinic's prefecture (`tsumugi disaster`), anybody with the role asks by 4情報 instead, with
//! a reason and the person's word. It ends with the declaration, whatever was opened under it.

mod basis;
pub mod command;
pub mod entity;
mod forms;
mod handlers;
mod list;
mod privileges;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients/{id}/emergency-views/new", handlers::open::new);
    r.post("/patients/{id}/emergency-views", handlers::open::open);
    r.get("/patients/{id}/disaster-views/new", handlers::disaster::new);
    r.post("/patients/{id}/disaster-views", handlers::disaster::open);
    r.get("/emergency-views", handlers::review::list);
    r.get("/emergency-views/{id}", handlers::show::show);
    r.post("/emergency-views/{id}/judgement", handlers::review::judge);
    r.get("/emergency-privileges", privileges::list);
    r.post("/emergency-privileges/{id}", privileges::change);
}
