//! 注意の印: 感染, 禁忌, 妊娠 with source and day, and the 付箋 on a patient or on one visit (S02, S07; FHIR `Flag`).
//!
//! A merge moves no rows: what was said of a number given up is shown on the chart that is left.

pub mod entity;
mod forms;
mod handlers;
mod list;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

pub use entity::Model;
pub use list::{Flags, of_board, plans};
pub use views::guards;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients/{id}/flags", handlers::show);
    r.post("/patients/{id}/flags", handlers::add);
    r.post("/flags/{id}/end", handlers::end);
    r.get("/encounters/{id}/sticky", handlers::sticky);
    r.post("/encounters/{id}/sticky", handlers::stick);
}
