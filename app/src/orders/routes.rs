//! Paths of the slice.

use super::handlers::{pane, results, work};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/encounters/{id}/orders", pane::show);
    r.post("/encounters/{id}/orders", pane::add);
    r.post("/encounters/{id}/orders/set", pane::add_set);
    r.post("/encounters/{id}/orders/issue", pane::issue);
    r.post("/order-items", pane::items);
    r.post("/orders/{id}/cancellation", pane::cancel);
    r.get("/orders", work::list);
    r.post("/orders/{id}/step", work::step);
    r.get("/orders/{id}/results", results::entry);
    r.post("/orders/{id}/results", results::enter);
    r.get("/results", results::list);
    r.post("/orders/{id}/review", results::review);
    r.post("/orders/{id}/review/undo", results::undo);
}
