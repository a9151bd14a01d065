//! One short function per act of the doctor. Each answers the chart with the pane as it is now, and a plain form with a redirect.

pub mod checks;
pub mod drugs;
pub mod lines;
pub mod pane;
pub mod sets;
pub mod whole;

use actix_web::{Either, HttpRequest};
use domain::encounter::VisitStatus;
use domain::{EncounterId, PatientId, clock};
use tenancy::permission::Permission;
use tenancy::{Access, Audit, TenantTx};

use super::pane::{Extra, Loaded, pane as draw};
use super::views::PrescriptionPage;
use crate::allergies;
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::notes::store::fired;
use crate::patients::store as patients;
use crate::web::act_form::{check_token, check_version, key_of};
use crate::web::{Chrome, Nav, Page, PatientStripe, Redirect, is_htmx};

pub type Answer = Either<Redirect, Page>;

/// The visit, if the form was drawn for its patient and it still takes prescriptions.
async fn open_visit(tx: &TenantTx, id: EncounterId, patient_token: &str) -> Result<encounter::Model, AppError> {
    let visit = encounters::get(tx, id).await?;
    check_token(patient_token, visit.patient_id)?;
    if visit.status == VisitStatus::Cancelled.code() {
        return Err(AppError::Refused("受付が取り消されているため、処方できません。".into()));
    }
    Ok(visit)
}

fn path(id: EncounterId) -> String {
    format!("/encounters/{id}/prescription")
}

/// The answer to an act: the pane as it is now for the chart, else back to the page.
async fn done<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    audit: Audit,
    extra: Extra,
) -> Result<Answer, AppError> {
    let audit = audit.subject(PatientId::new(visit.patient_id));
    let (loaded, id) = (Loaded::read(&tx, visit).await?, EncounterId::new(visit.id));
    fired::keep(&tx, id, &loaded.warnings()?).await?;
    if !is_htmx(req) {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, path(id))));
    }
    let pane = draw(access, &tx, visit, &loaded, extra).await?;
    let audit = audit.subject(pane.shown);
    Ok(Either::Right(Page::full(tx.commit(audit).await?, &pane)?.event("chart-changed")))
}

/// The pane again with what is wrong: 422, everything typed kept.
async fn refused<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    extra: Extra,
) -> Result<Answer, AppError> {
    shown(access, tx, visit, req, extra, true).await.map(Either::Right)
}

/// The pane for the chart, the page for everybody else.
async fn shown<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    extra: Extra,
    is_invalid: bool,
) -> Result<Page, AppError> {
    let loaded = Loaded::read(&tx, visit).await?;
    let pane = draw(access, &tx, visit, &loaded, extra).await?;
    let audit = Audit::viewed(tenancy::InfoClass::Prescription)
        .subjects([PatientId::new(visit.patient_id), pane.shown])
        .entity("encounter", visit.id);
    if is_htmx(req) {
        let receipt = tx.commit(audit).await?;
        return if is_invalid { Page::invalid(receipt, &pane) } else { Page::full(receipt, &pane) };
    }
    let patient = &loaded.group.patient;
    let namesakes = patients::count_namesakes(&tx, patient).await?;
    let guard = allergies::guard(&loaded.allergies);
    let receipt = tx.commit(audit).await?;
    let page = PrescriptionPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: PatientStripe::of(patient, clock::today(access.clock().now()), namesakes).knowing(guard),
        pane,
    };
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}
