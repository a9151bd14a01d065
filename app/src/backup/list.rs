//! The record of runs, and the names of objects.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DeriveIden, QueryResult};
use serde_json::Value;
use tenancy::operator::Operator;
use tenancy::{Act, Audit, Error, InfoClass, Outcome, TenantId, TenantTx};
use uuid::Uuid;

use super::BackupError;
use super::run::Archived;

/// `backup/<clinic>/<moment>.tsumugi`: sorts by time, names nobody.
pub fn object_key(tenant: TenantId, at: DateTime<Utc>) -> String {
    format!("{}{}.tsumugi", prefix(tenant), at.format("%Y%m%dT%H%M%S%6fZ"))
}

/// Where all archives are.
pub const EVERY_CLINIC: &str = "backup/";

/// Where one clinic's archives are.
pub fn prefix(tenant: TenantId) -> String {
    format!("{EVERY_CLINIC}{tenant}/")
}

/// One run as the page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub state: RunState,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub object_key: String,
    pub bytes: Option<i64>,
    pub rows: u64,
    pub error_code: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    Running,
    Succeeded,
    Failed,
}

impl RunState {
    const fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    fn from_code(code: &str) -> Self {
        match code {
            "succeeded" => Self::Succeeded,
            "running" => Self::Running,
            _ => Self::Failed,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Running => "実行中",
            Self::Succeeded => "成功",
            Self::Failed => "失敗",
        }
    }
}

/// Notes that a run has begun, so that one that dies leaves a trace.
pub(super) async fn begin(operator: &Operator, tenant: TenantId, object_key: &str) -> Result<Uuid, Error> {
    let tx = operator.begin(tenant).await?;
    let id = tx.new_id();
    let insert = Query::insert()
        .into_table(BackupRun::Table)
        .columns([BackupRun::TenantId, BackupRun::Id, BackupRun::State, BackupRun::StartedAt, BackupRun::ObjectKey])
        .values_panic([tenant.as_uuid().into(), id.into(), RunState::Running.code().into(), tx.now().into(), object_key.into()])
        .take();
    tx.execute(&insert).await?;
    tx.commit(Audit::of(Act::Backup, InfoClass::Backup).entity("backup_run", id).detail("state", "running")).await?;
    Ok(id)
}

/// Notes how it ended.
pub(super) async fn finish(operator: &Operator, tenant: TenantId, id: Uuid, end: &Result<Archived, BackupError>) -> Result<(), Error> {
    let tx = operator.begin(tenant).await?;
    let mut update = Query::update();
    update
        .table(BackupRun::Table)
        .value(BackupRun::FinishedAt, tx.now())
        .and_where(Expr::col(BackupRun::TenantId).eq(tenant.as_uuid()))
        .and_where(Expr::col(BackupRun::Id).eq(id));
    let audit = Audit::of(Act::Backup, InfoClass::Backup).entity("backup_run", id);
    let audit = match end {
        Ok(archived) => {
            update
                .value(BackupRun::State, RunState::Succeeded.code())
                .value(BackupRun::Bytes, i64::try_from(archived.bytes).unwrap_or(i64::MAX))
                .value(BackupRun::Digest, archived.digest.to_vec())
                .value(BackupRun::Counts, serde_json::to_value(&archived.sums).map_err(Error::internal)?);
            audit.detail("state", "succeeded").detail("rows", archived.rows())
        }
        Err(error) => {
            update.value(BackupRun::State, RunState::Failed.code()).value(BackupRun::ErrorCode, error.code());
            audit.outcome(Outcome::Failure).detail("state", "failed").detail("code", error.code())
        }
    };
    tx.execute(&update).await?;
    tx.commit(audit).await.map(drop)
}

/// The newest runs first.
pub async fn recent(tx: &TenantTx, limit: u64) -> Result<Vec<Run>, Error> {
    let query = Query::select()
        .columns([
            BackupRun::State,
            BackupRun::StartedAt,
            BackupRun::FinishedAt,
            BackupRun::ObjectKey,
            BackupRun::Bytes,
            BackupRun::Counts,
            BackupRun::ErrorCode,
        ])
        .from(BackupRun::Table)
        .and_where(Expr::col(BackupRun::TenantId).eq(tx.tenant_id().as_uuid()))
        .order_by(BackupRun::StartedAt, Order::Desc)
        .limit(limit)
        .take();
    tx.query_all(&query).await?.iter().map(run).collect()
}

fn run(row: &QueryResult) -> Result<Run, Error> {
    let (state, counts): (String, Value) = (row.try_get("", "state")?, row.try_get("", "counts")?);
    let tables = counts.as_object().into_iter().flat_map(|tables| tables.values());
    Ok(Run {
        state: RunState::from_code(&state),
        started_at: row.try_get("", "started_at")?,
        finished_at: row.try_get("", "finished_at")?,
        object_key: row.try_get("", "object_key")?,
        bytes: row.try_get("", "bytes")?,
        rows: tables.filter_map(|sum| sum.get("rows")?.as_u64()).sum(),
        error_code: row.try_get("", "error_code")?,
    })
}

#[derive(DeriveIden)]
enum BackupRun {
    Table,
    TenantId,
    Id,
    State,
    StartedAt,
    FinishedAt,
    ObjectKey,
    Bytes,
    Digest,
    Counts,
    ErrorCode,
}
