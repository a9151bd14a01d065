//! The worklist of a day.

use actix_web::web;
use chrono::{Days, NaiveDate};
use domain::{PatientId, clock};
use serde::Deserialize;
use tenancy::permission::CoverageWrite;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::store;
use super::views::BulkPage;
use crate::AppError;
use crate::notes::neighbours;
use crate::web::act_form::{check_token, check_version};
use crate::web::{Chrome, Nav, Page, Redirect, Subjects};

const PATH: &str = "/reception/bulk-inquiries";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OfDay {
    day: String,
}

impl OfDay {
    fn day(&self, tx: &TenantTx) -> NaiveDate {
        let today = clock::today(tx.now());
        self.day.parse().unwrap_or_else(|_| today.checked_add_days(Days::new(1)).unwrap_or(today))
    }
}

/// 一括照会: tomorrow, or another day.
pub async fn show(access: Access<CoverageWrite>, of: web::Query<OfDay>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let day = of.day(&tx);
    let inquiry = store::of_day(&tx, day).await?;
    let lines = match &inquiry {
        Some(inquiry) => store::lines(&tx, inquiry.id).await?,
        None => Vec::new(),
    };
    let people = neighbours::cards(&tx, lines.iter().filter(|line| line.needs_hand()).map(|line| PatientId::new(line.patient_id))).await?;
    let page = BulkPage::of(Chrome::of(access.principal(), Nav::Today), day, clock::today(tx.now()), inquiry, lines, &people);
    let receipt = tx.commit(Audit::viewed(InfoClass::Coverage).subjects(page.subjects())).await?;
    Page::full(receipt, &page)
}

/// いま照会する: a day is asked about once, whoever presses how often.
pub async fn ask(access: Access<CoverageWrite>, of: web::Form<OfDay>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let (day, today) = (of.day(&tx), clock::today(tx.now()));
    if day < today || day > today.checked_add_days(Days::new(7)).unwrap_or(today) {
        return Err(AppError::Invalid("照会できるのは今日から7日先までです。".into()));
    }
    let audit = Audit::of(Act::Send, InfoClass::Coverage).detail("step", "bulk");
    let to = format!("{PATH}?day={day}");
    if store::of_day(&tx, day).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, to));
    }
    match store::ask(&tx, day).await {
        Ok(asked) => Ok(Redirect::to(tx.commit(audit.detail("asked", asked)).await?, to)),
        Err(Error::Duplicate { .. }) => {
            let receipt = access.begin().await?.commit(audit.detail("repeated", true)).await?;
            Ok(Redirect::to(receipt, to))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HandleForm {
    patient_token: String,
    version: String,
    day: String,
}

/// 確かめた: it leaves the worklist.
pub async fn handle(access: Access<CoverageWrite>, id: web::Path<Uuid>, form: web::Form<HandleForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let mut row = store::lock_line(&tx, *id).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&form.patient_token, patient)?;
    check_version(&form.version, row.version)?;
    row.handled_at = Some(tx.now());
    row.handled_by_id = Some(tx.actor().as_uuid());
    store::save_line(&tx, row).await?;
    let audit = Audit::updated(InfoClass::Coverage).subject(patient).entity("bulk_inquiry_line", *id);
    let day = form.day.parse::<NaiveDate>().map(|day| format!("?day={day}")).unwrap_or_default();
    Ok(Redirect::to(tx.commit(audit).await?, format!("{PATH}{day}")))
}
