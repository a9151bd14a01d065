//! Paths of the slice.

use super::handlers::{board, reader, reception};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/board", board::show);
    r.post("/encounters", reception::receive);
    r.post("/encounters/{id}/status", board::change_status);
    r.post("/encounters/{id}/status/undo", board::undo_status);
    r.get("/patients/{id}/reception", reception::new);
    r.get("/reception/reader-results", reader::list);
    r.post("/reception/reader-results", reader::upload);
    r.get("/reception/reader-results/{id}", reader::show);
    r.post("/reception/reader-results/{id}/reflection", reader::reflect);
}
