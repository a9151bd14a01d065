//! Queries over the shared masters. They belong to no clinic; requests may only read them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::masters::MasterKind;
use domain::search_key::{PrefixRange, search_key};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DeriveIden, FromQueryResult};
use tenancy::{Error, TenantTx};

/// Rows a page shows at most.
pub const LIMIT: u64 = 50;

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Release {
    pub kind: String,
    pub label: String,
    pub effective_on: NaiveDate,
    pub imported_at: DateTime<Utc>,
    pub row_count: i32,
    pub is_sample: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Found {
    pub code: String,
    pub name: String,
    pub name_kana: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// All releases, the newest of each kind first.
pub async fn releases(tx: &TenantTx) -> Result<Vec<Release>, Error> {
    let query = Query::select()
        .columns([
            MasterRelease::Kind,
            MasterRelease::Label,
            MasterRelease::EffectiveOn,
            MasterRelease::ImportedAt,
            MasterRelease::RowCount,
            MasterRelease::IsSample,
        ])
        .from(MasterRelease::Table)
        .order_by(MasterRelease::Kind, Order::Asc)
        .order_by(MasterRelease::EffectiveOn, Order::Desc)
        .limit(100)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Release::from_query_result(row, "").map_err(Error::from)).collect()
}

/// Codes, names or kana beginning with `asked`, as they hold on a day.
pub async fn search(tx: &TenantTx, kind: MasterKind, asked: &str, on: NaiveDate) -> Result<Vec<Found>, Error> {
    let key = search_key(asked);
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let range = PrefixRange::of(&key);
    let begins = |column: Master| {
        let upper = range.upper.clone().map(|upper| Expr::col(column).lt(upper));
        Cond::all().add(Expr::col(column).gte(range.lower.clone())).add_option(upper)
    };
    let query = Query::select()
        .columns([Master::Code, Master::Name, Master::NameKana, Master::ValidFrom, Master::ValidTo])
        .from(Alias::new(format!("{kind}_master")))
        .cond_where(Cond::any().add(begins(Master::SearchKey)).add(begins(Master::KanaKey)).add(begins(Master::Code)))
        .and_where(Expr::col(Master::ValidFrom).lte(on))
        .cond_where(Cond::any().add(Expr::col(Master::ValidTo).is_null()).add(Expr::col(Master::ValidTo).gte(on)))
        .order_by(Master::SearchKey, Order::Asc)
        .order_by(Master::Code, Order::Asc)
        .limit(LIMIT + 1)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Found::from_query_result(row, "").map_err(Error::from)).collect()
}

#[derive(DeriveIden)]
enum MasterRelease {
    Table,
    Kind,
    Label,
    EffectiveOn,
    ImportedAt,
    RowCount,
    IsSample,
}

#[derive(DeriveIden, Clone, Copy)]
enum Master {
    Code,
    Name,
    NameKana,
    SearchKey,
    KanaKey,
    ValidFrom,
    ValidTo,
}
