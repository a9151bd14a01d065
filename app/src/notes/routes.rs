//! Paths of the note pages.

use super::handlers::{amendments, approvals, budget, charts, conflicts, history, past, repeat, sections, signing, warnings};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.get("/encounters/next", past::next);
    r.get("/encounters/{id}", charts::show);
    r.get("/encounters/{id}/repeat", repeat::show);
    r.post("/encounters/{id}/note", sections::save_all);
    r.post("/encounters/{id}/note/sections/{section}", sections::save_of_encounter);
    r.post("/encounters/{id}/note/finalization", signing::finalize_of_encounter);
    r.post("/encounters/{id}/note/submission", approvals::submit_of_encounter);

    r.get("/encounters/{id}/warnings", warnings::show);
    r.post("/encounters/{id}/warnings", warnings::answer);
    r.post("/encounters/{id}/warnings/approval", warnings::approve);
    r.get("/warnings/budget", budget::show);
    r.get("/notes/pending", approvals::pending);
    r.get("/notes/overdue", approvals::overdue);
    r.post("/notes/approvals", approvals::approve_many);
    r.get("/notes/void-requests", amendments::void_requests);
    r.post("/notes/{id}/sections/{section}", sections::save);
    r.get("/notes/{id}/sections/{section}/conflicts/{conflict}", conflicts::show);
    r.post("/notes/{id}/sections/{section}/conflicts/{conflict}", conflicts::resolve);
    r.post("/notes/{id}/finalization", signing::finalize);
    r.post("/notes/{id}/submission", approvals::submit);
    r.post("/notes/{id}/responsibility", signing::take_over);
    r.post("/notes/{id}/return", approvals::give_back);
    r.post("/notes/{id}/amendments", amendments::add);
    r.post("/notes/{id}/void", amendments::make_void);
    r.get("/notes/{id}/history", history::show);

    r.get("/patients/{id}/chart", charts::patient);
    r.get("/patients/{id}/chart/calendar", past::calendar);
    r.get("/patients/{id}/chart/print", charts::print);
}
