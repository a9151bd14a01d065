//! Paths of the slice.

use super::handlers;
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients/{id}/allergies", handlers::show);
    r.post("/patients/{id}/allergies", handlers::add);
    r.post("/patients/{id}/allergies/none", handlers::state_none);
    r.post("/allergies/substances", handlers::substances);
    r.post("/allergies/{id}/end", handlers::end);
}
