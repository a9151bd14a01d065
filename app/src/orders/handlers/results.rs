//! Results: entered by hand, read and confirmed.

use actix_web::{Either, HttpRequest, web};
use domain::{PatientId, ServiceRequestId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{OrderPerform, OrderRead, OrderWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::{check_token, check_version, key_of, listed, refusal};
use crate::error::AppError;
use crate::notes::neighbours;
use crate::orders::catalog;
use crate::orders::entity::service_request::Model;
use crate::orders::forms::ResultForm;
use crate::orders::store;
use crate::orders::views::{EntryPage, OrderRow, ResultsPage, ValueField};
use crate::web::page::Subjects;
use crate::web::{Chrome, Nav, Page, Redirect};

const ENTER: &str = "order.results";

/// 結果入力 of one order.
pub async fn entry(access: Access<OrderPerform>, path: web::Path<ServiceRequestId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let order = store::get(&tx, *path).await?;
    let page = entry_page(&access, &tx, &order, None, None).await?;
    let audit = Audit::viewed(InfoClass::Order).subjects(page.subjects()).entity("service_request", *path);
    Page::full(tx.commit(audit).await?, &page)
}

async fn entry_page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    order: &Model,
    typed: Option<&ResultForm>,
    error: Option<String>,
) -> Result<EntryPage, AppError> {
    let person = neighbours::person(tx, PatientId::new(order.patient_id)).await?;
    let known = store::results_of(tx, &[order.id]).await?;
    let value = |code: &str| known.iter().find(|row| row.code == code).map(|row| row.value_text.clone()).unwrap_or_default();
    let field = |item: &'static catalog::ResultItem| {
        let shown = typed.map_or_else(|| value(&item.code), |form| form.typed(&item.code).to_owned());
        ValueField { item, typed: shown }
    };
    Ok(EntryPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: person.stripe,
        order: OrderRow::of(order, &known),
        fields: catalog::results_of(&order.code)?.iter().map(field).collect(),
        act_key: tx.new_id(),
        error,
    })
}

/// The values as they were typed. Posting twice enters once; a changed value is unread again.
pub async fn enter(
    access: Access<OrderPerform>,
    path: web::Path<ServiceRequestId>,
    form: web::Form<ResultForm>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let order = store::get(&tx, *path).await?;
    check_token(&form.patient_token, order.patient_id)?;
    let (patient, back) = (PatientId::new(order.patient_id), format!("/encounters/{}/orders", order.encounter_id));
    let audit = Audit::updated(InfoClass::Order).subject(patient).entity("service_request", *path);
    let key = tx.act_key(key_of(&form.idempotency_key)?, ENTER, &format!("{} {:?}", *path, form.fields));
    if tx.idempotent(key).await?.is_some() {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, back)));
    }
    check_version(&form.version, order.version)?;
    let values = match form.read() {
        Ok(values) if !values.is_empty() => values,
        Ok(_) => return invalid(&access, tx, &order, &form, "結果を一つ以上入れてください").await,
        Err(_) => return invalid(&access, tx, &order, &form, "結果は60文字までで、読めない文字を除いて入れてください").await,
    };
    tx.remember(key, json!({})).await?;
    let items = catalog::results_of(&order.code)?;
    store::enter(&tx, order, items, &values, access.principal().role).await?.map_err(refusal)?;
    Ok(Either::Left(Redirect::to(tx.commit(audit.detail("values", values.len())).await?, back)))
}

async fn invalid<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    order: &Model,
    form: &ResultForm,
    says: &str,
) -> Result<Either<Redirect, Page>, AppError> {
    let page = entry_page(access, &tx, order, Some(form), Some(says.to_owned())).await?;
    let audit = Audit::viewed(InfoClass::Order).subjects(page.subjects());
    Ok(Either::Right(Page::invalid(tx.commit(audit).await?, &page)?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// The order just reviewed.
    reviewed: String,
}

/// 未確認結果, oldest first.
pub async fn list(access: Access<OrderRead>, query: web::Query<ListQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = list_page(&access, &tx, query.reviewed.parse().ok()).await?;
    let audit = Audit::viewed(InfoClass::Order).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}

async fn list_page<P: Permission>(access: &Access<P>, tx: &TenantTx, reviewed: Option<ServiceRequestId>) -> Result<ResultsPage, AppError> {
    let results = store::unread(tx).await?;
    let orders = store::of_results(tx, &results, reviewed).await?;
    let all = listed(tx, &orders, &results).await?;
    let (rows, done): (Vec<_>, Vec<_>) = all.into_iter().partition(|listed| !listed.row.results.is_empty());
    Ok(ResultsPage {
        chrome: Chrome::of(access.principal(), Nav::Results),
        rows,
        reviewed: done.into_iter().find(|listed| reviewed.is_some_and(|id| id.as_uuid() == listed.row.id)),
        can_review: access.may::<OrderWrite>(),
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReviewForm {
    patient_token: String,
    version: String,
}

async fn seen(tx: &TenantTx, id: ServiceRequestId, form: &ReviewForm) -> Result<Model, AppError> {
    let order = store::get(tx, id).await?;
    check_token(&form.patient_token, order.patient_id)?;
    check_version(&form.version, order.version)?;
    Ok(order)
}

/// 確認 of the results of one order.
pub async fn review(
    access: Access<OrderWrite>,
    path: web::Path<ServiceRequestId>,
    form: web::Form<ReviewForm>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let order = seen(&tx, *path, &form).await?;
    let patient = PatientId::new(order.patient_id);
    store::review(&tx, order, access.principal().role).await?.map_err(refusal)?;
    let audit = Audit::of(tenancy::Act::Approve, InfoClass::Order).subject(patient).entity("service_request", *path);
    if !crate::web::is_htmx(&req) {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/results?reviewed={path}"))));
    }
    let page = list_page(&access, &tx, Some(*path)).await?;
    Ok(Either::Right(Page::full(tx.commit(audit.subjects(page.subjects())).await?, &page)?))
}

/// 元に戻す of one's own review.
pub async fn undo(
    access: Access<OrderWrite>,
    path: web::Path<ServiceRequestId>,
    form: web::Form<ReviewForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let order = seen(&tx, *path, &form).await?;
    let patient = PatientId::new(order.patient_id);
    if !store::unreview(&tx, order).await? {
        return Err(AppError::Refused("元に戻せる時間(30秒)を過ぎたか、確認されていません。".into()));
    }
    let audit = Audit::updated(InfoClass::Order).subject(patient).entity("service_request", *path).detail("undo", true);
    Ok(Redirect::to(tx.commit(audit).await?, "/results"))
}
