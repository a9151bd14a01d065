//! Paths of the slice.

use super::handlers::{bill, lines, money, print, queue};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/billing", queue::show);
    r.post("/procedures", lines::procedures);
    r.get("/encounters/{id}/billing", bill::show);
    r.get("/encounters/{id}/done", bill::done);
    r.post("/encounters/{id}/charge-items", lines::add);
    r.post("/encounters/{id}/charge-items/copies", lines::copy);
    r.post("/charge-items/{id}/withdrawal", lines::withdraw);
    r.post("/encounters/{id}/billing-terms", money::set_terms);
    r.post("/encounters/{id}/payments", money::settle);
    r.post("/encounters/{id}/invoices", money::revise);
    r.post("/encounters/{id}/refunds", money::refund);
    r.get("/payments/{id}/receipt.pdf", print::receipt);
    r.get("/encounters/{id}/statement.pdf", print::statement);
}
