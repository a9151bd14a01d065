//! Paths of the slice.

use super::handlers::{board, moves, reader, reception};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/board", board::show);
    r.get("/board/rows", board::rows);
    r.post("/encounters", reception::receive);
    r.get("/encounters/{id}/moves", moves::menu);
    r.post("/encounters/{id}/status", moves::change_status);
    r.post("/encounters/{id}/status/undo", moves::undo);
    r.post("/encounters/{id}/call", moves::call);
    r.get("/encounters/{id}/ticket", reception::ticket);
    r.get("/patients/{id}/reception", reception::new);
    r.get("/reception/reader-results", reader::list);
    r.post("/reception/reader-results", reader::upload);
    r.get("/reception/reader-results/{id}", reader::show);
    r.post("/reception/reader-results/{id}/reflection", reader::reflect);
}
