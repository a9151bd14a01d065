//! Paths of the slice.

use super::{handlers, proposals, suspected};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.post("/diseases", handlers::diseases);
    r.get("/patients/{id}/conditions", handlers::list);
    r.post("/patients/{id}/conditions", handlers::add);
    r.post("/patients/{id}/condition-proposals", proposals::propose);
    r.post("/condition-proposals/{id}/acceptance", proposals::accept);
    r.post("/condition-proposals/{id}/refusal", proposals::decline);
    r.get("/conditions/suspected", suspected::list);
    r.post("/conditions/outcomes", suspected::close);
    r.get("/conditions/{id}", handlers::show);
    r.post("/conditions/{id}", handlers::change);
    r.post("/conditions/{id}/mark", handlers::mark);
}
