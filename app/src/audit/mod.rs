//! 監査記録 (GL-15, GL-16, GL-19): the page that searches it, the anchors that keep it honest, the command that checks it.

pub mod anchor;
pub mod command;
mod csv;
mod forms;
mod handlers;
mod store;
pub mod viewings;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/audit", handlers::show);
    r.post("/audit/export", handlers::export);
}
