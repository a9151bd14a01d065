//! The staff's side: issuing the link, reading the answers.

use actix_web::{Either, HttpRequest, web};
use chrono::TimeDelta;
use domain::clock::jst;
use domain::{EncounterId, PatientId};
use serde::Deserialize;
use tenancy::patient_link::LinkPurpose;
use tenancy::permission::{EncounterWrite, ObservationRead, Permission};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx, patient_link};

use super::store;
use super::views::{AnswersPage, AnswersPane, Issued, LinkPage, Sheet};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::sign_in::enrolment::qr_svg;
use crate::web::context::Deployment;
use crate::web::{Chrome, Nav, Page, PatientStripe, Redirect, is_htmx};

/// From handing the code over to the answers.
const LASTS: TimeDelta = TimeDelta::hours(3);

/// The answers of the visit.
pub async fn show(access: Access<ObservationRead>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let stripe = stripe(&access, &tx, *path).await?;
    let sheet = store::of_visit(&tx, *path).await?.as_ref().map(Sheet::of);
    let audit = Audit::viewed(InfoClass::Observation).subject(stripe.patient_id).entity("encounter", *path);
    let chrome = Chrome::of(access.principal(), Nav::Today);
    let page = AnswersPage { chrome, stripe, encounter_id: *path, sheet, may_issue: access.may::<EncounterWrite>() };
    Page::full(tx.commit(audit).await?, &page)
}

/// The box of the chart: the answers and the key that takes them into S.
pub async fn pane(
    access: Access<ObservationRead>,
    path: web::Path<EncounterId>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let patient_id = PatientId::new(encounters::get(&tx, *path).await?.patient_id);
    let sheet = store::of_visit(&tx, *path).await?.as_ref().map(Sheet::of);
    let receipt = tx.commit(Audit::viewed(InfoClass::Observation).subject(patient_id).entity("encounter", *path)).await?;
    if !is_htmx(&req) {
        return Ok(Either::Left(Redirect::to(receipt, format!("/encounters/{}/questionnaire", *path))));
    }
    Page::full(receipt, &AnswersPane { patient_id, sheet }).map(Either::Right)
}

/// The desk's page of the link. Whether there are answers is said; what they say is not the desk's to read.
pub async fn link(access: Access<EncounterWrite>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = link_page(&access, &tx, *path, None).await?;
    let audit = Audit::viewed(InfoClass::Encounter).subject(page.stripe.patient_id).entity("encounter", *path);
    Page::full(tx.commit(audit).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IssueForm {
    patient_token: String,
}

/// A fresh link each time it is asked for; the answer is the only place that ever shows it.
pub async fn issue(
    access: Access<EncounterWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<IssueForm>,
    deployment: web::Data<Deployment>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    if form.patient_token != visit.patient_id.to_string() {
        return Err(AppError::WrongPatient);
    }
    let token = patient_link::issue(&tx, *path, PatientId::new(visit.patient_id), LASTS, LinkPurpose::Questionnaire).await?;
    let url = format!("{}/q/{}", deployment.public_url, token.text());
    let issued = Issued { qr_svg: qr_svg(&url)?, url, until: jst(tx.now() + LASTS).format("%H:%M").to_string() };
    let page = link_page(&access, &tx, *path, Some(issued)).await?;
    let audit =
        Audit::of(Act::Create, InfoClass::Encounter).subject(page.stripe.patient_id).entity("encounter", *path).detail("link", true);
    Page::full(tx.commit(audit).await?, &page)
}

async fn link_page(access: &Access<EncounterWrite>, tx: &TenantTx, visit: EncounterId, issued: Option<Issued>) -> Result<LinkPage, Error> {
    Ok(LinkPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: stripe(access, tx, visit).await?,
        encounter_id: visit,
        is_answered: store::of_visit(tx, visit).await?.is_some(),
        issued,
    })
}

async fn stripe<P: Permission>(access: &Access<P>, tx: &TenantTx, visit: EncounterId) -> Result<PatientStripe, Error> {
    let visit = encounters::get(tx, visit).await?;
    let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
    let namesakes = patients::count_namesakes(tx, &patient).await?;
    Ok(PatientStripe::of(&patient, encounters::today(tx, access.principal()), namesakes))
}
