//! This month's list: ask, see what came of it.

use actix_web::web;
use chrono::{Datelike, NaiveDate};
use domain::clock;
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::CoverageWrite;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::store;
use super::views::EntrustedPage;
use crate::AppError;
use crate::web::act_form::key_of;
use crate::web::{Chrome, Nav, Page, Redirect};

const PATH: &str = "/reception/entrusted";

/// 医療券 hold for a month; another month's would end what holds now.
fn month(tx: &TenantTx) -> NaiveDate {
    let today = clock::today(tx.now());
    today.with_day(1).unwrap_or(today)
}

pub async fn show(access: Access<CoverageWrite>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let listing = store::of_month(&tx, month(&tx)).await?;
    let others = match &listing {
        Some(row) => store::others(&tx, row).await?,
        None => Vec::new(),
    };
    let page = EntrustedPage::of(Chrome::of(access.principal(), Nav::Today), month(&tx), listing, others, tx.new_id());
    Page::full(tx.commit(Audit::viewed(InfoClass::Coverage)).await?, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AskForm {
    idempotency_key: String,
}

/// 今月の委託先資格を取り込む. One pressing is one list.
pub async fn ask(access: Access<CoverageWrite>, form: web::Form<AskForm>) -> Result<Redirect, AppError> {
    let key = key_of(&form.idempotency_key)?;
    match once(access.begin().await?, key).await {
        // The other half of a double press got there first.
        Err(Error::Duplicate { .. }) => Ok(once(access.begin().await?, key).await?),
        done => Ok(done?),
    }
}

async fn once(tx: TenantTx, key: Uuid) -> Result<Redirect, Error> {
    let month = month(&tx);
    let key = tx.act_key(key, "entrusted_listing.ask", &month.to_string());
    let audit = Audit::of(Act::Send, InfoClass::Coverage).detail("step", "entrusted");
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, PATH));
    }
    let id = tx.new_id();
    tx.remember(key, json!({ "listing_id": id })).await?;
    store::ask(&tx, id, month).await?;
    Ok(Redirect::to(tx.commit(audit.entity("entrusted_listing", id)).await?, PATH))
}
