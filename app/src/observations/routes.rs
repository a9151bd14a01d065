//! Paths of the slice.

use super::handlers;
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/encounters/{id}/vitals", handlers::show);
    r.post("/encounters/{id}/vitals", handlers::record);
    r.get("/encounters/{id}/vitals/pane", handlers::pane);
    r.post("/vital-signs/{id}/cancellation", handlers::cancel);
}
