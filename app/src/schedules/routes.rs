//! Paths of the slice. Fixed words stand before `{id}`, so that they win.

use super::{closures, handlers};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/schedules", handlers::list);
    r.post("/schedules", handlers::open);
    r.get("/schedules/closures", closures::list);
    r.post("/schedules/closures", closures::close);
    r.get("/schedules/closures/{id}", closures::show);
    r.post("/schedules/closures/{id}/withdrawal", closures::withdraw);
    r.get("/schedules/closures/{id}/notices", closures::notices);
    r.get("/schedules/{id}", handlers::show);
    r.post("/schedules/{id}", handlers::change);
    r.post("/schedules/{id}/templates", handlers::add_template);
    r.get("/schedules/{id}/templates/{template}", handlers::edit_template);
    r.post("/schedules/{id}/templates/{template}", handlers::change_template);
}
