//! Every version of one coverage, and what each changed.

use chrono::{DateTime, Utc};
use domain::CoverageId;
use domain::clock::jst;
use domain::coverage::Difference;
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use tenancy::{Error, TenantTx};

use super::entity::coverage::Model;
use super::store;

/// Newest versions shown.
const SHOWN: u64 = 50;

#[derive(Debug, Clone)]
pub struct Version {
    pub number: i32,
    pub at: String,
    pub author: String,
    pub reason: String,
    pub changes: Vec<Difference>,
}

#[derive(FromQueryResult)]
struct Row {
    version: i32,
    recorded_at: DateTime<Utc>,
    author: Option<String>,
    reason: String,
    content: Value,
}

/// Newest first.
pub async fn of(tx: &TenantTx, id: CoverageId) -> Result<Vec<Version>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let v = |column: &'static str| Expr::col((Alias::new("row_version"), Alias::new(column)));
    let query = Query::select()
        .columns(["version", "recorded_at", "reason", "content"].map(|column| ("row_version", column)))
        .expr_as(Expr::col(("staff", "name")), Alias::new("author"))
        .from("row_version")
        .left_join(
            "staff",
            Cond::all()
                .add(Expr::col(("staff", "tenant_id")).eq(tenant))
                .add(Expr::col(("staff", "id")).equals(("row_version", "author_id"))),
        )
        .and_where(v("tenant_id").eq(tenant))
        .and_where(v("kind").eq("coverage"))
        .and_where(v("id").eq(id.as_uuid()))
        .order_by(("row_version", "version"), Order::Desc)
        .limit(SHOWN + 1)
        .take();
    let current = store::get(tx, id).await?;
    let mut rows = Vec::new();
    for row in tx.query_all(&query).await? {
        rows.push(Row::from_query_result(&row, "")?);
    }
    let stated: Vec<Option<Model>> = rows.iter().map(|row| stated(&current, &row.content)).collect();
    Ok(rows.into_iter().enumerate().take(SHOWN as usize).map(|(at, row)| version(at, row, &stated)).collect())
}

fn version(at: usize, row: Row, stated: &[Option<Model>]) -> Version {
    let between = |old: &Model, new: &Model| store::content_of(old).differences(&store::content_of(new));
    let older = stated.get(at + 1).and_then(Option::as_ref);
    Version {
        number: row.version,
        at: jst(row.recorded_at).format("%Y-%m-%d %H:%M").to_string(),
        author: row.author.unwrap_or_default(),
        reason: row.reason,
        changes: older.zip(stated[at].as_ref()).map(|(old, new)| between(old, new)).unwrap_or_default(),
    }
}

/// The row as a version had it. A version written before a column existed has that column as it is when nothing was said.
fn stated(current: &Model, content: &Value) -> Option<Model> {
    let mut row = serde_json::to_value(Model {
        priority: 0,
        cap_yen: None,
        is_paid_back: false,
        specific_diseases: String::new(),
        medical_ticket: String::new(),
        ..current.clone()
    })
    .ok()?;
    for (name, value) in content.as_object()? {
        row[name] = value.clone();
    }
    serde_json::from_value(row).ok()
}
