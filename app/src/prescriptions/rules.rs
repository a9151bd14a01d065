//! The rules a prescription is looked at by: the product's own about its own records, and the newest release that was imported, or the
//! 見本 until there is one.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::medication_safety::{Rule, RuleSet};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

/// 見本, and the rules about what this chart says itself.
const SAMPLE_RULES: &str = include_str!("../../../masters/sample/medication_rules.json");
/// Sets kept ready; a release never changes.
const KEPT: usize = 4;
/// A release that was imported is seen by every process after so long.
const FRESH: TimeDelta = TimeDelta::seconds(10);

/// The release of a day, and when that was looked up; a page does not ask each time.
#[derive(Clone, Copy)]
struct Current {
    at: DateTime<Utc>,
    day: NaiveDate,
    release: Option<Uuid>,
}

static CURRENT: RwLock<Option<Current>> = RwLock::new(None);

/// The set that ships with the product.
pub fn built_in() -> Result<&'static RuleSet, Error> {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    if let Some(known) = RULES.get() {
        return Ok(known);
    }
    let read = RuleSet::parse(SAMPLE_RULES).map_err(Error::internal)?;
    Ok(RULES.get_or_init(|| read))
}

/// The rules that hold on a day.
pub async fn in_force(tx: &TenantTx, day: NaiveDate) -> Result<Arc<RuleSet>, Error> {
    static READY: RwLock<BTreeMap<Option<Uuid>, Arc<RuleSet>>> = RwLock::new(BTreeMap::new());
    let release = current(tx, day).await?;
    if let Some(known) = READY.read().unwrap_or_else(PoisonError::into_inner).get(&release) {
        return Ok(known.clone());
    }
    let set = match release {
        None => built_in()?.clone(),
        Some(id) => built_in()?.with_release(rules_of(tx, id).await?),
    };
    let set = Arc::new(set);
    let mut ready = READY.write().unwrap_or_else(PoisonError::into_inner);
    while ready.len() >= KEPT {
        ready.pop_first();
    }
    ready.insert(release, set.clone());
    Ok(set)
}

/// Another release was imported by this very process.
pub fn forget() {
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = None;
}

async fn current(tx: &TenantTx, day: NaiveDate) -> Result<Option<Uuid>, Error> {
    let known = *CURRENT.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.filter(|known| known.day == day && (tx.now() - known.at).abs() < FRESH) {
        return Ok(known.release);
    }
    let row = tx.query_one(&release_on(day)).await?;
    let release = row.map(|row| row.try_get("", "id")).transpose()?;
    note(tx, day, release);
    Ok(release)
}

/// What a statement that ran anyway says of a day's release: then nobody has to ask for it.
pub fn note(tx: &TenantTx, day: NaiveDate, release: Option<Uuid>) {
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(Current { at: tx.now(), day, release });
}

/// The newest release up to a day.
pub fn release_on(day: NaiveDate) -> SelectStatement {
    Query::select()
        .column("id")
        .from("master_release")
        .and_where(Expr::col("kind").eq("medication_rule"))
        .and_where(Expr::col("effective_on").lte(day))
        .order_by("effective_on", Order::Desc)
        .order_by("imported_at", Order::Desc)
        .limit(1)
        .take()
}

async fn rules_of(tx: &TenantTx, release: Uuid) -> Result<Vec<Rule>, Error> {
    let query = Query::select().column("rule").from("medication_rule").and_where(Expr::col("release_id").eq(release)).take();
    let read = |row: &sea_orm::QueryResult| {
        let rule: serde_json::Value = row.try_get("", "rule")?;
        serde_json::from_value(rule).map_err(Error::internal)
    };
    tx.query_all(&query).await?.iter().map(read).collect()
}
