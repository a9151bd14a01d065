//! Closings and the money of days.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::day_close::CashCount;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::day_close::{Column, Entity, Model};
use crate::billing::entity::payment_notice;

pub const CLOSED: &str = "closed";
const REOPENED: &str = "reopened";

pub async fn find(tx: &TenantTx, day: NaiveDate) -> Result<Option<Model>, Error> {
    let row = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Day.eq(day)).one(tx).await?;
    Ok(row)
}

pub async fn get(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    let row = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id)).one(tx).await?;
    row.ok_or(Error::NotFound)
}

/// Whether the day's cash is locked.
pub async fn is_closed(tx: &TenantTx, day: NaiveDate) -> Result<bool, Error> {
    Ok(find(tx, day).await?.is_some_and(|row| row.status == CLOSED))
}

/// Payments and refunds of a day.
pub async fn payments(tx: &TenantTx, day: NaiveDate) -> Result<Vec<payment_notice::Model>, Error> {
    let rows = payment_notice::Entity::find()
        .filter(payment_notice::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(payment_notice::Column::TakenOn.eq(day))
        .all(tx)
        .await?;
    Ok(rows)
}

/// What came in on each day of a period, in yen.
pub async fn takings(tx: &TenantTx, from: NaiveDate, to: NaiveDate) -> Result<BTreeMap<NaiveDate, i64>, Error> {
    use payment_notice::{Column as C, Entity as E};
    let query = Query::select()
        .column(C::TakenOn)
        .expr_as(Func::sum(Expr::col(C::AmountYen)), "taken_yen")
        .from(E)
        .and_where(Expr::col(C::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(C::TakenOn).gte(from))
        .and_where(Expr::col(C::TakenOn).lte(to))
        .group_by_col(C::TakenOn)
        .order_by(C::TakenOn, Order::Asc)
        .take();
    let mut days = BTreeMap::new();
    for row in tx.query_all(&query).await? {
        days.insert(row.try_get("", "taken_on")?, row.try_get("", "taken_yen")?);
    }
    Ok(days)
}

/// A closing as it is to be stored.
pub struct Closing {
    pub day: NaiveDate,
    pub float_yen: i32,
    pub expected_cash_yen: i32,
    pub cash: CashCount,
    /// List and why it is not empty.
    pub explanations: BTreeMap<&'static str, String>,
    /// List and how many stood on it.
    pub counts: BTreeMap<&'static str, usize>,
}

pub async fn close(tx: &TenantTx, before: Option<Model>, closing: &Closing) -> Result<Model, Error> {
    let denominations: BTreeMap<String, i32> = closing.cash.pairs().map(|(value, count)| (value.to_string(), count)).collect();
    let row = Model {
        tenant_id: Uuid::nil(),
        id: before.as_ref().map_or_else(|| tx.new_id(), |row| row.id),
        version: before.as_ref().map_or(0, |row| row.version),
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: CLOSED.to_owned(),
        digest: Vec::new(),
        day: closing.day,
        float_yen: closing.float_yen,
        expected_cash_yen: closing.expected_cash_yen,
        counted_cash_yen: i32::try_from(closing.cash.total_yen()).map_err(Error::internal)?,
        denominations: json!(denominations),
        explanations: json!(closing.explanations),
        counts: json!(closing.counts),
    };
    match before {
        Some(_) => versioned::update(tx, row, Authorship::own(tx), "").await,
        None => versioned::insert(tx, row, Authorship::own(tx)).await,
    }
}

pub async fn reopen(tx: &TenantTx, mut row: Model, reason: &str) -> Result<Model, Error> {
    row.status = REOPENED.to_owned();
    versioned::update(tx, row, Authorship::own(tx), reason).await
}
