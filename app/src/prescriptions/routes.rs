//! Paths of the slice.

use super::handlers::{checks, drugs, lines, pane, sets, whole};
use super::{patient_papers, print};
use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.post("/drugs", drugs::options);
    r.get("/encounters/{id}/prescription", pane::show);
    r.post("/encounters/{id}/prescription", drugs::look_up);
    r.post("/encounters/{id}/prescription-lines", lines::add);
    r.post("/prescription-lines/{id}", lines::change);
    r.post("/prescription-lines/{id}/days", lines::change_days);
    r.post("/prescription-lines/{id}/withdrawal", lines::withdraw);
    r.post("/encounters/{id}/prescription/undo", whole::undo);
    r.post("/encounters/{id}/prescription/repetition", whole::repeat);
    r.post("/encounters/{id}/prescription/fitting", whole::fit);
    r.post("/encounters/{id}/prescription/head", whole::state_head);
    r.post("/encounters/{id}/prescription/signature", checks::sign);
    r.post("/prescriptions/{id}/withdrawal", checks::take_back);
    r.post("/encounters/{id}/prescription/set", sets::keep);
    r.post("/encounters/{id}/prescription/set-application", sets::apply);
    r.get("/order-sets", sets::list);
    r.get("/order-sets/{id}", sets::show);
    r.post("/order-sets/{id}", sets::change);
    r.post("/order-sets/{id}/withdrawal", sets::withdraw);
    r.get("/encounters/{id}/prescription/print", print::preview);
    r.get("/encounters/{id}/prescription.pdf", print::pdf);
    r.get("/encounters/{id}/prescription-copy.pdf", print::copy);
    r.get("/encounters/{id}/medication-notebook.pdf", patient_papers::notebook);
    r.get("/encounters/{id}/medication-labels.pdf", patient_papers::labels);
}
