//! Paths of the slice.

use super::handlers;
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/snippets", handlers::list);
    r.post("/snippets", handlers::add);
    r.post("/snippets/{id}", handlers::change);
    r.post("/snippets/{id}/retirement", handlers::retire);
}
