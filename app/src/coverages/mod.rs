//! 保険資格: what is known of a patient's insurance and 公費, typed in at the desk or answered by the national service, and how a new
//! statement changes it (workflow S04).

pub mod entity;
mod forms;
mod handlers;
mod history;
#[cfg(test)]
mod samples;
pub mod store;
pub mod subsidies;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients/{id}/coverages/new", handlers::new);
    r.post("/patients/{id}/coverages", handlers::add);
    r.get("/coverages/{id}", handlers::edit);
    r.post("/coverages/{id}", handlers::update);
    r.get("/coverages/{id}/history", handlers::history);
    r.post("/encounters/{id}/coverage", handlers::use_for_visit);
}
