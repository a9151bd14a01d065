//! Paths of the slice.

use super::{handlers, suspected};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.post("/diseases", handlers::diseases);
    r.get("/patients/{id}/conditions", handlers::list);
    r.post("/patients/{id}/conditions", handlers::add);
    r.get("/conditions/suspected", suspected::list);
    r.post("/conditions/outcomes", suspected::close);
    r.get("/conditions/{id}", handlers::show);
    r.post("/conditions/{id}", handlers::change);
    r.post("/conditions/{id}/mark", handlers::mark);
}
