//! 警告予算: how often each rule speaks in a month, and how often it is heard.

use actix_web::web;
use chrono::{Months, NaiveDate};
use domain::clock;
use serde::Deserialize;
use tenancy::permission::WarningBudgetRead;
use tenancy::{Access, Audit, InfoClass};

use crate::AppError;
use crate::notes::store::fired;
use crate::notes::views::budget::BudgetPage;
use crate::prescriptions::rules;
use crate::web::Page;
use crate::web::chrome::{Chrome, Nav};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Period {
    /// `2026-11`; this month when it is none.
    month: String,
}

pub async fn show(access: Access<WarningBudgetRead>, period: web::Query<Period>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let today = clock::today(tx.now());
    let first = format!("{}-01", period.month).parse::<NaiveDate>().ok().or_else(|| clock::month_of(today)).unwrap_or(today);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let counts = fired::counts(&tx, clock::midnight(first), clock::midnight(next)).await?;
    let rules = rules::in_force(&tx, today).await?;
    let page = BudgetPage::of(Chrome::of(access.principal(), Nav::Clinic), first, counts, &rules);
    Page::full(tx.commit(Audit::viewed(InfoClass::Prescription)).await?, &page)
}
