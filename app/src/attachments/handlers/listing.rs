//! 画像・文書 of a patient: the box on the chart, the page, and the left pane's filter.

use actix_web::{HttpRequest, web};
use domain::attachment::AttachmentKind;
use domain::{AttachmentId, PatientId};
use serde::Deserialize;
use tenancy::permission::{AttachmentRead, Permission};
use tenancy::{Access, Audit, InfoClass};

use super::{ON_CHART, ON_PAGE, pane, visit_of};
use crate::attachments::cabinet::Cabinet;
use crate::attachments::store::Wanted;
use crate::attachments::views::{AttachmentPage, TimelineView};
use crate::error::AppError;
use crate::notes::neighbours;
use crate::web::{Chrome, Nav, Page, is_htmx};

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// The visit that is open beside it.
    pub encounter: String,
    pub kind: String,
    pub before: String,
    /// What was just cancelled, for taking it back.
    pub undo: String,
}

impl ListQuery {
    fn wanted(&self, limit: u64) -> Wanted {
        Wanted { kind: AttachmentKind::from_code(&self.kind), before: self.before.parse().ok(), limit }
    }
}

/// The box for the chart, else the page.
pub async fn show(
    access: Access<AttachmentRead>,
    path: web::Path<PatientId>,
    query: web::Query<ListQuery>,
    cabinet: web::Data<Cabinet>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    page(&access, *path, &query, &cabinet, vec![], &req).await
}

/// The page with what was not taken on top.
pub async fn page<P: Permission>(
    access: &Access<P>,
    patient: PatientId,
    query: &ListQuery,
    cabinet: &Cabinet,
    refusals: Vec<(String, String)>,
    req: &HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, patient).await?;
    let encounter = visit_of(&tx, patient, &query.encounter).await?;
    let limit = if is_htmx(req) { ON_CHART } else { ON_PAGE };
    let mut pane = pane(access, &tx, cabinet, (patient, &person.group), encounter, query.wanted(limit)).await?;
    let is_invalid = !refusals.is_empty();
    pane.refusals = refusals;
    let audit = Audit::viewed(InfoClass::Attachment).subjects([patient, person.stripe.patient_id]).detail("shown", pane.cards.len());
    let receipt = tx.commit(audit).await?;
    if is_htmx(req) {
        return Page::full(receipt, &pane);
    }
    let undo: Option<AttachmentId> = query.undo.parse().ok();
    let undo = undo.and_then(|id| pane.cancelled.iter().find(|card| card.id == id).cloned());
    let page = AttachmentPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: person.stripe,
        kind: AttachmentKind::from_code(&query.kind).map_or("", AttachmentKind::code),
        pane,
        undo,
    };
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}

/// 絞込み 画像・文書 of the left pane.
pub async fn timeline(
    access: Access<AttachmentRead>,
    path: web::Path<PatientId>,
    query: web::Query<ListQuery>,
    cabinet: web::Data<Cabinet>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    let pane = pane(&access, &tx, &cabinet, (*path, &person.group), None, query.wanted(ON_PAGE)).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Attachment).subject(*path).detail("shown", pane.cards.len())).await?;
    Page::full(receipt, &TimelineView { pane })
}
