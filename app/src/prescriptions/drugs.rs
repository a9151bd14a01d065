//! The drug master as a prescription needs it: find by the beginning of a name or reading, and know whether a drug is in force.

use chrono::NaiveDate;
use domain::search_key::{PrefixRange, search_key};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

/// Options shown while typing.
pub const SHOWN: usize = 20;
/// Fewer letters would list half the master.
pub const SHORTEST: usize = 2;

/// One row of the master.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Drug {
    /// レセプト電算コード, 9 digits
    pub code: String,
    pub name: String,
    pub unit: String,
    pub release_id: Uuid,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

impl Drug {
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// Drugs in force whose name or reading begins with the text.
pub async fn search(tx: &TenantTx, text: &str, day: NaiveDate) -> Result<Vec<Drug>, Error> {
    let key = search_key(text);
    if key.chars().count() < SHORTEST {
        return Ok(Vec::new());
    }
    let mut found: Vec<Drug> = Vec::new();
    for column in ["search_key", "kana_key"] {
        for row in tx.query_all(&statement(column, &key, day)).await? {
            let drug = Drug::from_query_result(&row, "")?;
            if !found.iter().any(|known| known.code == drug.code) {
                found.push(drug);
            }
        }
        if found.len() >= SHOWN {
            break;
        }
    }
    found.truncate(SHOWN);
    Ok(found)
}

/// The newest row of a code, in force or not.
pub async fn find(tx: &TenantTx, code: &str, day: NaiveDate) -> Result<Option<Drug>, Error> {
    let query = columns()
        .and_where(Expr::col("code").eq(code))
        .and_where(Expr::col("valid_from").lte(day))
        .order_by("valid_from", Order::Desc)
        .limit(1)
        .take();
    tx.query_one(&query).await?.map(|row| Drug::from_query_result(&row, "").map_err(Error::from)).transpose()
}

fn columns() -> SelectStatement {
    Query::select().columns(["code", "name", "unit", "release_id", "valid_from", "valid_to"]).from("drug_master").take()
}

fn statement(column: &'static str, key: &str, day: NaiveDate) -> SelectStatement {
    let range = PrefixRange::of(key);
    let mut query = columns();
    query.and_where(Expr::col(column).gte(range.lower));
    if let Some(upper) = range.upper {
        query.and_where(Expr::col(column).lt(upper));
    }
    if column == "kana_key" {
        // The partial index holds only rows with a reading; a bound value could not be proven to match it.
        query.and_where(Expr::col(column).ne(Expr::Constant("".into())));
    }
    query
        .and_where(Expr::col("valid_from").lte(day))
        .cond_where(Cond::any().add(Expr::col("valid_to").is_null()).add(Expr::col("valid_to").gte(day)))
        .order_by(column, Order::Asc)
        .order_by("code", Order::Asc)
        .limit(SHOWN as u64)
        .take()
}

/// Every list query of the slice with typical input, for the plan test.
pub fn plans() -> Vec<(&'static str, SelectStatement)> {
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    vec![("drugs by name", statement("search_key", "アムロ", day)), ("drugs by reading", statement("kana_key", "アムロ", day))]
}
