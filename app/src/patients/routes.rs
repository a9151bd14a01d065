//! Paths of the slice. Fixed words stand before `{id}`, so that they win.

use super::{handlers, merge_handlers};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients", handlers::list);
    r.post("/patients", handlers::register);
    r.post("/patients/search", handlers::search);
    r.get("/patients/new", handlers::new);
    r.post("/patients/new", handlers::new_from_search);
    r.post("/patients/duplicates", handlers::duplicates);
    r.get("/patients/merge", merge_handlers::compare);
    r.post("/patients/merges", merge_handlers::merge);
    r.get("/patients/merges/{id}", merge_handlers::show);
    r.post("/patients/merges/{id}/reversal", merge_handlers::undo);
    r.get("/patients/{id}", handlers::show);
    r.post("/patients/{id}", handlers::update);
    r.get("/patients/{id}/edit", handlers::edit);
    r.get("/patients/{id}/history", handlers::history);
}
