//! Paths of the slice. Fixed words stand before `{id}`, so that they win.

use super::handlers::{act, book, calendar, next, patient, print};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/appointments", calendar::show);
    r.post("/appointments", book::book);
    r.post("/appointments/holds", book::hold);
    r.get("/appointments/{id}", act::show);
    r.post("/appointments/{id}/candidates", act::candidates);
    r.post("/appointments/{id}/booking", act::confirm);
    r.post("/appointments/{id}/move", book::change);
    r.post("/appointments/{id}/arrival", act::arrive);
    r.post("/appointments/{id}/cancellation", act::cancel);
    r.post("/appointments/{id}/contact", act::contact);
    r.post("/appointments/{id}/undo", act::undo);
    r.get("/appointments/{id}/print", print::slip);
    r.get("/patients/{id}/appointments", patient::list);
    r.get("/patients/{id}/appointments/next", next::show);
    r.post("/patients/{id}/appointments/next", next::book);
}
