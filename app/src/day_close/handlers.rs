//! Look at a day, close it, print it, open it again.

use actix_web::{Either, web};
use chrono::{Days, NaiveDate};
use domain::text;
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{DayCloseRead, DayCloseReopen, DayCloseRun, Permission};
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::forms::RawClosing;
use super::lists::DayFacts;
use super::store::{self, Closing};
use super::views::{DayPage, DayPrint};
use crate::billing::store as billing;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::patients::forms::text_message;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect, Subjects};

/// Days of the small chart.
const CHART_DAYS: u64 = 13;
const REASON_LETTERS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DayQuery {
    day: String,
}

fn day_of(typed: &str, today: NaiveDate) -> Result<NaiveDate, AppError> {
    if typed.is_empty() {
        return Ok(today);
    }
    let day = domain::wareki::parse(typed).map_err(|_| AppError::Invalid("日付を読めません。2026-11-20 の形で入れてください。".into()))?;
    if day > today { Err(AppError::Invalid("先の日はまだ締められません。".into())) } else { Ok(day) }
}

fn path(day: NaiveDate) -> String {
    format!("/day-close?day={day}")
}

/// 日締め.
pub async fn show(access: Access<DayCloseRead>, query: web::Query<DayQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let day = day_of(&query.day, encounters::today(&tx, access.principal()))?;
    let page = draw(&access, &tx, day, RawClosing::default(), FormErrors::default()).await?;
    Page::full(tx.commit(viewed(&page)).await?, &page)
}

fn viewed(page: &DayPage) -> Audit {
    Audit::viewed(InfoClass::Billing).subjects(page.subjects()).detail("day", page.day.to_string())
}

async fn draw<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    day: NaiveDate,
    raw: RawClosing,
    errors: FormErrors,
) -> Result<DayPage, AppError> {
    let facts = DayFacts::load(tx, day, access.principal().day_boundary_min as i32).await?;
    let closed = store::find(tx, day).await?;
    let takings = store::takings(tx, day - Days::new(CHART_DAYS), day).await?;
    let ids: Vec<Uuid> = facts.accounts.iter().map(|account| account.id).collect();
    let bills = billing::bills(tx, &ids).await?;
    let chrome = Chrome::of(access.principal(), Nav::Billing);
    let form = FormState::of(&raw).with_errors(errors);
    let may = (access.may::<DayCloseRun>(), access.may::<DayCloseReopen>());
    Ok(DayPage::of(chrome, tx.new_id(), facts, closed, &bills, &takings, form, may))
}

/// 締め実行. Posted twice it closes once; a list that changed meanwhile asks again.
pub async fn close(access: Access<DayCloseRun>, form: web::Form<RawClosing>) -> Result<Either<Redirect, Page>, AppError> {
    let raw = form.into_inner();
    let tx = access.begin().await?;
    let day = day_of(&raw.day, encounters::today(&tx, access.principal()))?;
    let key = raw.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let key = tx.act_key(key, "day_close.close", &format!("{raw:?}"));
    if tx.idempotent(key).await?.is_some() {
        let receipt = tx.commit(Audit::viewed(InfoClass::Billing).detail("repeated", true)).await?;
        return Ok(Either::Left(Redirect::to(receipt, path(day))));
    }
    let before = store::find(&tx, day).await?;
    if before.as_ref().is_some_and(|row| row.status == store::CLOSED) {
        return Err(AppError::Refused(format!("{day}はすでに締めています。変えるときは管理者が開き直してください。")));
    }
    if raw.version.parse() != Ok(before.as_ref().map_or(0, |row| row.version)) {
        return Err(AppError::Conflict);
    }
    let facts = DayFacts::load(&tx, day, access.principal().day_boundary_min as i32).await?;
    let cash_yen = facts.cash_yen();
    let typed = match raw.read(&facts.lists, cash_yen) {
        Ok(typed) => typed,
        Err(errors) => {
            let page = draw(&access, &tx, day, raw, errors).await?;
            return Ok(Either::Right(Page::invalid(tx.commit(viewed(&page)).await?, &page)?));
        }
    };
    tx.remember(key, json!({})).await?;
    let closing = Closing {
        day,
        float_yen: typed.float_yen,
        expected_cash_yen: i32::try_from(i64::from(typed.float_yen) + cash_yen).map_err(AppError::internal)?,
        cash: typed.cash,
        explanations: typed.explanations,
        counts: facts.lists.iter().map(|list| (list.code, list.items.len())).collect(),
    };
    let row = store::close(&tx, before, &closing).await.map_err(already_closed)?;
    let audit = Audit::of(Act::Approve, InfoClass::Billing).entity("day_close", row.id).detail("day", day.to_string());
    Ok(Either::Left(Redirect::to(tx.commit(audit).await?, path(day))))
}

/// Two people who close the same day at the same moment.
fn already_closed(error: Error) -> AppError {
    match error {
        Error::Duplicate { .. } => AppError::Conflict,
        error => error.into(),
    }
}

/// 開き直す.
pub async fn reopen(access: Access<DayCloseReopen>, path_id: web::Path<Uuid>, form: web::Form<RawClosing>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path_id).await?;
    let reason =
        text::required_line(&form.reason, REASON_LETTERS).map_err(|error| AppError::Invalid(text_message("開き直す理由", error)))?;
    if row.status != store::CLOSED {
        return Err(AppError::Refused("この日は締めていません。".into()));
    }
    if form.version.parse() != Ok(row.version) {
        return Err(AppError::Conflict);
    }
    let row = store::reopen(&tx, row, &reason).await?;
    let audit = Audit::of(Act::Manage, InfoClass::Billing).entity("day_close", row.id).detail("day", row.day.to_string());
    Ok(Redirect::to(tx.commit(audit.detail("reopened", true)).await?, path(row.day)))
}

/// 日計表 on paper.
pub async fn print(access: Access<DayCloseRead>, query: web::Query<DayQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let day = day_of(&query.day, encounters::today(&tx, access.principal()))?;
    let page = DayPrint { page: draw(&access, &tx, day, RawClosing::default(), FormErrors::default()).await? };
    let audit = Audit::of(Act::Print, InfoClass::Billing).subjects(page.page.subjects()).detail("day", day.to_string());
    Page::full(tx.commit(audit).await?, &page)
}
