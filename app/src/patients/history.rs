//! 版履歴: every version of a patient's statements, who wrote it, and what it changed.

use chrono::{DateTime, Utc};
use domain::PatientId;
use sea_orm::sea_query::{self, Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult, Iden};
use serde_json::Value;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::fields::{Facts, Field};

/// Versions on one page; the rest is asked for with `?before=`.
pub const PAGE: u64 = 50;

#[derive(Debug, Clone, FromQueryResult)]
struct Row {
    version: i32,
    recorded_at: DateTime<Utc>,
    author: Option<String>,
    entered_by: Option<String>,
    status: String,
    reason: String,
    content: Value,
}

/// One version with what it changed from the one before.
#[derive(Debug, Clone)]
pub struct Version {
    pub number: i32,
    pub recorded_at: DateTime<Utc>,
    pub author: String,
    /// Only when somebody else typed it (代行入力).
    pub entered_by: Option<String>,
    pub status: String,
    pub reason: String,
    pub facts: Facts,
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub label: &'static str,
    pub before: String,
    pub after: String,
}

impl Change {
    pub fn between(before: &Facts, after: &Facts) -> Vec<Self> {
        let change = |field: Field| Self { label: field.label(), before: before.shown(field), after: after.shown(field) };
        before.differences(after).into_iter().map(change).collect()
    }
}

/// Newest first, older than version `before` where it is given; and whether there are older ones still.
pub async fn list(tx: &TenantTx, id: PatientId, before: Option<i32>) -> Result<(Vec<Version>, bool), Error> {
    let mut query = versions(tx.tenant_id().as_uuid(), id);
    if let Some(version) = before {
        query.and_where(Expr::col((RowVersion::Table, RowVersion::Version)).lt(version));
    }
    // One more than is shown: the last shown version is compared with it.
    query.order_by((RowVersion::Table, RowVersion::Version), Order::Desc).limit(PAGE + 1);
    let mut rows = Vec::new();
    for row in tx.query_all(&query).await? {
        rows.push(Row::from_query_result(&row, "")?);
    }
    let has_older = rows.len() > PAGE as usize;
    let mut versions = compare(rows);
    versions.truncate(PAGE as usize);
    Ok((versions, has_older))
}

/// One version as it stood.
pub async fn at(tx: &TenantTx, id: PatientId, version: i32) -> Result<Option<Version>, Error> {
    let mut query = versions(tx.tenant_id().as_uuid(), id);
    query.and_where(Expr::col((RowVersion::Table, RowVersion::Version)).eq(version));
    let row = tx.query_one(&query).await?.map(|row| Row::from_query_result(&row, "")).transpose()?;
    Ok(row.and_then(|row| compare(vec![row]).pop()))
}

fn compare(rows: Vec<Row>) -> Vec<Version> {
    let facts: Vec<Facts> = rows.iter().map(|row| Facts::from_content(row.content.clone())).collect();
    rows.into_iter()
        .enumerate()
        .map(|(at, row)| Version {
            number: row.version,
            recorded_at: row.recorded_at,
            entered_by: row.entered_by.filter(|name| Some(name) != row.author.as_ref()),
            author: row.author.unwrap_or_default(),
            status: row.status,
            reason: row.reason,
            changes: facts.get(at + 1).map(|before| Change::between(before, &facts[at])).unwrap_or_default(),
            facts: facts[at].clone(),
        })
        .collect()
}

fn versions(tenant: Uuid, id: PatientId) -> SelectStatement {
    use RowVersion as V;
    let staff = |alias: Staff, column: V| {
        Cond::all().add(Expr::col((alias, Staff::TenantId)).eq(tenant)).add(Expr::col((alias, Staff::Id)).equals((V::Table, column)))
    };
    Query::select()
        .columns([V::Version, V::RecordedAt, V::Status, V::Reason, V::Content].map(|column| (V::Table, column)))
        .expr_as(Expr::col((Staff::Author, Staff::Name)), "author")
        .expr_as(Expr::col((Staff::EnteredBy, Staff::Name)), "entered_by")
        .from(V::Table)
        .join_as(sea_query::JoinType::LeftJoin, Staff::Table, Staff::Author, staff(Staff::Author, V::AuthorId))
        .join_as(sea_query::JoinType::LeftJoin, Staff::Table, Staff::EnteredBy, staff(Staff::EnteredBy, V::EnteredById))
        .and_where(Expr::col((V::Table, V::TenantId)).eq(tenant))
        .and_where(Expr::col((V::Table, V::Kind)).eq("patient"))
        .and_where(Expr::col((V::Table, V::Id)).eq(id.as_uuid()))
        .take()
}

#[derive(Iden, Clone, Copy)]
enum RowVersion {
    Table,
    TenantId,
    Kind,
    Id,
    Version,
    RecordedAt,
    AuthorId,
    EnteredById,
    Status,
    Reason,
    Content,
}

#[derive(Iden, Clone, Copy)]
enum Staff {
    #[iden = "staff"]
    Table,
    Author,
    EnteredBy,
    TenantId,
    Id,
    Name,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_version_says_what_it_changed() {
        let row = |version, content| Row {
            version,
            recorded_at: DateTime::default(),
            author: Some("小林 結衣".into()),
            entered_by: Some(if version == 2 { "佐々木 亮" } else { "小林 結衣" }.into()),
            status: "active".into(),
            reason: String::new(),
            content,
        };
        let versions = compare(vec![
            row(2, json!({"sex": "female", "tel": "03-1234-5678"})),
            row(1, json!({"sex": "unknown", "tel": "03-1234-5678"})),
        ]);
        assert_eq!(versions[0].changes, [Change { label: "性別", before: "不明".into(), after: "女".into() }]);
        assert_eq!(versions[0].entered_by.as_deref(), Some("佐々木 亮"));
        assert!(versions[1].changes.is_empty() && versions[1].entered_by.is_none());
    }
}
