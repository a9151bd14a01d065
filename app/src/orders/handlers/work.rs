//! 指示受け・実施: what nurses and technicians have to do.

use actix_web::web;
use domain::order::OrderAct;
use domain::{PatientId, ServiceRequestId, clock};
use serde::Deserialize;
use tenancy::permission::{OrderPerform, OrderRead};
use tenancy::{Access, Audit, InfoClass};

use super::{check_token, check_version, listed, refusal};
use crate::error::AppError;
use crate::orders::store;
use crate::orders::views::WorklistPage;
use crate::web::page::Subjects;
use crate::web::{Chrome, Nav, Page, Redirect};

/// Orders that wait, urgent ones first.
pub async fn list(access: Access<OrderRead>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let rows = store::waiting(&tx, clock::today(tx.now())).await?;
    let rows = listed(&tx, &rows, &[]).await?;
    let page = WorklistPage { chrome: Chrome::of(access.principal(), Nav::Today), rows };
    let audit = Audit::viewed(InfoClass::Order).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StepForm {
    patient_token: String,
    version: String,
    /// `acknowledge`, `start` or `finish`
    act: String,
}

impl StepForm {
    fn act(&self) -> Option<OrderAct> {
        match self.act.as_str() {
            "acknowledge" => Some(OrderAct::Acknowledge),
            "start" => Some(OrderAct::Start),
            "finish" => Some(OrderAct::Finish),
            _ => None,
        }
    }
}

/// The next step of one order.
pub async fn step(
    access: Access<OrderPerform>,
    path: web::Path<ServiceRequestId>,
    form: web::Form<StepForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    check_token(&form.patient_token, row.patient_id)?;
    check_version(&form.version, row.version)?;
    let act = form.act().ok_or_else(|| AppError::Invalid("指示受けか実施済を選んでください。".into()))?;
    let patient = PatientId::new(row.patient_id);
    let row = store::act(&tx, row, act, access.principal().role).await?.map_err(refusal)?;
    let audit = Audit::updated(InfoClass::Order).subject(patient).entity("service_request", *path).detail("status", row.status);
    Ok(Redirect::to(tx.commit(audit).await?, "/orders"))
}
