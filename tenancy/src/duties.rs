//! What the worker asks across clinics: moments and states, no content.

use chrono::{DateTime, Utc};
use domain::TenantId;
use sqlx::Row;

use crate::Error;
use crate::operator::Operator;

/// When a clinic was last archived, and when that was last tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupAge {
    pub tenant_id: TenantId,
    pub succeeded_at: Option<DateTime<Utc>>,
    pub attempted_at: Option<DateTime<Utc>>,
}

/// Every clinic, those never archived included.
pub async fn backup_ages(operator: &Operator) -> Result<Vec<BackupAge>, Error> {
    let rows = sqlx::query(
        "SELECT t.id, max(r.started_at) FILTER (WHERE r.state = 'succeeded') AS succeeded_at, max(r.started_at) AS attempted_at
         FROM tenant t LEFT JOIN backup_run r ON r.tenant_id = t.id GROUP BY t.id ORDER BY succeeded_at NULLS FIRST, t.id",
    )
    .fetch_all(operator.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BackupAge {
                tenant_id: TenantId::new(row.try_get("id")?),
                succeeded_at: row.try_get("succeeded_at")?,
                attempted_at: row.try_get("attempted_at")?,
            })
        })
        .collect()
}

/// Seconds this process's clock is ahead of the database's (GL-17); negative when behind.
pub async fn clock_offset_s(operator: &Operator) -> Result<f64, Error> {
    let row = sqlx::query("SELECT clock_timestamp() AS now").fetch_one(operator.pool()).await?;
    let theirs: DateTime<Utc> = row.try_get("now")?;
    Ok((operator.clock().now() - theirs).as_seconds_f64())
}
