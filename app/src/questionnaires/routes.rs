//! Paths of the slice.

use super::{handlers, public};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/encounters/{id}/questionnaire", handlers::show);
    r.get("/encounters/{id}/questionnaire/pane", handlers::pane);
    r.get("/encounters/{id}/questionnaire/link", handlers::link);
    r.post("/encounters/{id}/questionnaire/link", handlers::issue);
    r.public_get("/q/{token}", public::show, "a patient's own questionnaire: whoever holds the unguessable token of one visit");
    r.public_post("/q/{token}", public::submit, "the answers to it; rate-limited, size-limited, once");
}
