//! The right column of the chart: boxes of other slices, each fetched from its own address.
//!
//! A slice offers a page at `href` that answers htmx with its fragment (`panel-head` and `panel-body`, no outer box) and everybody
//! else with a full page. A post inside answers with the fragment again; `Page::event("chart-changed")` on it makes the warnings
//! look again, `Page::event("refresh-<id>")` another box.

use domain::{EncounterId, PatientId};
use tenancy::Access;
use tenancy::permission::{
    AppointmentRead, AttachmentRead, ConditionRead, ConsentRead, ObservationRead, OrderRead, Permission, PrescriptionRead,
};

/// One box, in the tab order of R7: 病名 → 処方 → 検査 → 処置 → 次回.
#[derive(Debug, Clone)]
pub struct Pane {
    pub id: &'static str,
    pub title: &'static str,
    pub href: String,
}

impl Pane {
    pub fn new(id: &'static str, title: &'static str, href: String) -> Self {
        Self { id, title, href }
    }
}

/// The boxes this person may see at this visit. A slice adds its line here.
pub fn panes<P: Permission>(access: &Access<P>, patient: PatientId, encounter: EncounterId) -> Vec<Pane> {
    let mut panes = vec![];
    if access.may::<ConditionRead>() {
        panes.push(Pane::new("pane-conditions", "病名", format!("/patients/{patient}/conditions?encounter={encounter}")));
    }
    if access.may::<PrescriptionRead>() {
        panes.push(Pane::new("prescription", "処方", format!("/encounters/{encounter}/prescription")));
    }
    if access.may::<OrderRead>() {
        panes.push(Pane::new("orders", "検査・処置", format!("/encounters/{encounter}/orders")));
    }
    if access.may::<ObservationRead>() {
        panes.push(Pane::new("pane-questionnaire", "問診", format!("/encounters/{encounter}/questionnaire/pane")));
        panes.push(Pane::new("pane-vitals", "計測", format!("/encounters/{encounter}/vitals/pane")));
    }
    if access.may::<AttachmentRead>() {
        panes.push(Pane::new("attachments", "画像・文書", format!("/patients/{patient}/attachments?encounter={encounter}")));
    }
    if access.may::<ConsentRead>() {
        panes.push(Pane::new("consents", "他院の情報", format!("/patients/{patient}/consents?encounter={encounter}")));
    }
    // What comes after the visit stands last.
    if access.may::<AppointmentRead>() {
        panes.push(Pane::new("pane-next", "次回予約", format!("/patients/{patient}/appointments/next")));
    }
    panes
}
