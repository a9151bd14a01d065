//! Paths of the slice.

use super::handlers;
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patient-imports", handlers::list);
    r.post("/patient-imports", handlers::upload);
    r.get("/patient-imports/{id}", handlers::show);
    r.post("/patient-imports/{id}/mapping", handlers::map);
    r.post("/patient-imports/{id}/application", handlers::apply);
    r.post("/patient-imports/{id}/disposal", handlers::discard);
}
