//! Paths of the slice.

use super::{handlers, print};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.post("/drugs", handlers::drugs);
    r.get("/encounters/{id}/prescription", handlers::show);
    r.post("/encounters/{id}/prescription", handlers::look_up);
    r.post("/encounters/{id}/prescription-lines", handlers::add);
    r.post("/encounters/{id}/prescription/signature", handlers::sign);
    r.post("/prescription-lines/{id}/withdrawal", handlers::withdraw);
    r.get("/encounters/{id}/prescription/print", print::preview);
    r.get("/encounters/{id}/prescription.pdf", print::pdf);
}
