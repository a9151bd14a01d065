//! Paths of the slice.

use super::handlers::{adding, cancelling, drawing, listing, viewing};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/patients/{id}/attachments", listing::show);
    r.post("/patients/{id}/attachments", adding::upload);
    r.get("/patients/{id}/attachments/timeline", listing::timeline);
    r.get("/patients/{id}/drawings/new", drawing::begin);
    r.post("/patients/{id}/drawings", drawing::add);
    r.get("/attachments/{id}", viewing::show);
    r.get("/attachments/{id}/file", viewing::file);
    r.get("/attachments/{id}/thumbnail", viewing::thumbnail);
    r.get("/attachments/{id}/print", viewing::print);
    r.get("/attachments/{id}/drawing", drawing::again);
    r.post("/attachments/{id}/drawing", drawing::redraw);
    r.post("/attachments/{id}/cancellation", cancelling::cancel);
    r.post("/attachments/{id}/restoration", cancelling::restore);
}
