//! 会計の一覧.

use actix_web::web;
use domain::EncounterId;
use serde::Deserialize;
use tenancy::permission::{BillingRead, BillingWrite};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use crate::billing::views::{JustDone, QueuePage};
use crate::billing::{queue, store};
use crate::encounters::{list, store as encounters};
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Subjects};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueueQuery {
    /// The visit just settled: its papers are offered.
    done: String,
}

/// 会計: waiting first, then what is owed.
pub async fn show(access: Access<BillingRead>, query: web::Query<QueueQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let day = encounters::today(&tx, access.principal());
    let visits = list::of_day(&tx, day).await?;
    let accounts = queue::accounts(&tx, &visits.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let (owed, is_all) = queue::owed(&tx).await?;
    let done = just_done(&tx, &query.done).await?;
    let chrome = Chrome::of(access.principal(), Nav::Billing);
    let page = QueuePage::of(chrome, day, tx.now(), visits, &accounts, owed, done, is_all, access.may::<BillingWrite>());
    let receipt = tx.commit(Audit::viewed(InfoClass::Billing).subjects(page.subjects())).await?;
    Page::full(receipt, &page)
}

async fn just_done(tx: &TenantTx, id: &str) -> Result<Option<JustDone>, AppError> {
    let Ok(id) = id.parse::<EncounterId>() else { return Ok(None) };
    let Some(account) = store::find_account(tx, id).await? else { return Ok(None) };
    let payment = store::payments(tx, id).await?.last().map(|row| row.receipt_id);
    Ok(Some(JustDone::of(&account, payment)))
}
