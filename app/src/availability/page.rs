//! `/status`.

use actix_web::web;
use chrono::Days;
use tenancy::{Gate, availability};

use super::views::StatusPage;
use crate::error::AppError;
use crate::web::page::PublicPage;

/// The official count is a year's.
const YEAR: Days = Days::new(365);
const OUTAGES_SHOWN: i64 = 20;

pub async fn show(gate: web::Data<Gate>) -> Result<PublicPage, AppError> {
    let (now, today) = (gate.clock().now(), gate.clock().today_jst());
    let days = availability::days(gate.pool(), today.checked_sub_days(YEAR).unwrap_or(today)).await?;
    let outages = availability::outages(gate.pool(), OUTAGES_SHOWN).await?;
    PublicPage::new(&StatusPage::of(&days, &outages, now, today))
}
