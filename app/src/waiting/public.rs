//! The patient's side, without sign-in: their place in the line, and nothing about anybody else.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, web};
use domain::clock::clinic_day;
use tenancy::access::RequestContext;
use tenancy::patient_link::{LinkPurpose, LinkToken};
use tenancy::{Audit, Gate, InfoClass};

use super::store::Line;
use super::views::{OverPage, PlacePage};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::web::PublicPage;

/// Requests of one address in [`WINDOW_S`]: a waiting room shares one, and each page asks twice a minute.
const ALLOWED: u64 = 2_000;
const WINDOW_S: u64 = 600;

/// The page asks for itself again; a link that is over says so and nothing else.
pub async fn show(path: web::Path<String>, req: HttpRequest, gate: web::Data<Gate>) -> Result<PublicPage, AppError> {
    let context = req.extensions().get::<RequestContext>().map(|context| context.meta.clone());
    let meta = context.ok_or_else(|| AppError::internal("no request context"))?;
    if gate.sessions().count_within("waiting", &meta.source_ip, WINDOW_S).await? > ALLOWED {
        return Err(AppError::Unavailable("too many requests of one address".into()));
    }
    let over = || PublicPage::with_status(StatusCode::NOT_FOUND, &OverPage);
    let Some(token) = LinkToken::parse(&path) else { return over() };
    let Some((tx, link)) = gate.begin_by_link(&token, LinkPurpose::Waiting, meta).await? else { return over() };
    let visit = encounters::get(&tx, link.encounter_id).await?;
    let clinic = crate::clinic::store::get(&tx).await?;
    let line = Line::of_day(&tx, visit.reception_date).await?;
    let is_today = visit.reception_date == clinic_day(tx.now(), clinic.day_boundary_min);
    let page = is_today.then(|| PlacePage::of(clinic.name, &visit, &line, tx.now()));
    tx.commit(Audit::viewed(InfoClass::Encounter).subject(link.patient_id).detail("link", true)).await?;
    match page {
        Some(page) => PublicPage::new(&page),
        None => over(),
    }
}
