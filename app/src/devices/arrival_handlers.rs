//! 端末から届いたファイル: what a relay brought and nobody can use by itself.

use actix_web::web;
use domain::DeviceArrivalId;
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{DeliveryRead, DeliveryWrite};
use tenancy::{Access, Act, Audit, InfoClass};

use super::views::ArrivalsPage;
use super::{arrivals, store};
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Redirect};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReviewForm {
    idempotency_key: String,
    version: String,
}

pub async fn list(access: Access<DeliveryRead>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (rows, devices) = (arrivals::open(&tx).await?, store::all(&tx).await?);
    let key = tx.new_id().to_string();
    let chrome = Chrome::of(access.principal(), Nav::Today);
    let page = ArrivalsPage::of(chrome, &rows, &devices, tx.now(), access.may::<DeliveryWrite>().then_some(key));
    Page::full(tx.commit(Audit::viewed(InfoClass::Delivery)).await?, &page)
}

pub async fn review(
    access: Access<DeliveryWrite>,
    path: web::Path<DeviceArrivalId>,
    form: web::Form<ReviewForm>,
) -> Result<Redirect, AppError> {
    let again = || AppError::Invalid("画面を開き直してやり直してください。".into());
    let tx = access.begin().await?;
    let key = tx.act_key(form.idempotency_key.parse().map_err(|_| again())?, "device_arrival.review", &path.to_string());
    let audit = Audit::of(Act::Approve, InfoClass::Delivery).entity("device_arrival", *path);
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, "/reception/arrivals"));
    }
    tx.remember(key, json!({})).await?;
    arrivals::review(&tx, *path, form.version.parse().map_err(|_| again())?).await?;
    Ok(Redirect::to(tx.commit(audit).await?, "/reception/arrivals"))
}
