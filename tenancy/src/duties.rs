//! What the worker asks across clinics: moments and states, no content.

use chrono::{DateTime, Utc};
use domain::TenantId;
use sqlx::Row;
use uuid::Uuid;

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

/// A message whose next attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueMessage {
    pub tenant_id: TenantId,
    pub message_id: Uuid,
}

/// Due messages of these services, the longest waiting first. Looking takes nothing: the clinic's own transaction claims.
pub async fn due_messages(operator: &Operator, services: &[&str], only: Option<TenantId>, limit: i64) -> Result<Vec<DueMessage>, Error> {
    let services: Vec<String> = services.iter().map(|code| (*code).to_owned()).collect();
    let rows = sqlx::query(
        "SELECT tenant_id, id FROM outbox_message
         WHERE state IN ('waiting', 'sending') AND next_attempt_at <= $1 AND service = ANY($2) AND ($3::uuid IS NULL OR tenant_id = $3)
         ORDER BY next_attempt_at LIMIT $4",
    )
    .bind(operator.clock().now())
    .bind(services)
    .bind(only.map(TenantId::as_uuid))
    .bind(limit)
    .fetch_all(operator.pool())
    .await?;
    rows.iter().map(|row| Ok(DueMessage { tenant_id: TenantId::new(row.try_get("tenant_id")?), message_id: row.try_get("id")? })).collect()
}

/// One service's queue over all clinics. Questions that ask themselves again and again are no work anybody waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    pub service: String,
    /// Not delivered yet, worked by itself.
    pub waiting: i64,
    /// Needs a person.
    pub stuck: i64,
    pub oldest: Option<DateTime<Utc>>,
}

pub async fn queues(operator: &Operator) -> Result<Vec<Queue>, Error> {
    let rows = sqlx::query(
        "SELECT service, count(*) FILTER (WHERE state IN ('waiting', 'sending')) AS waiting,
                count(*) FILTER (WHERE state IN ('refused', 'given_up')) AS stuck,
                min(wanted_since) FILTER (WHERE state IN ('waiting', 'sending')) AS oldest
         FROM outbox_message WHERE state IN ('waiting', 'sending', 'refused', 'given_up') AND errand NOT IN ('prescription_status', 'check_prefetch', 'duplicate_check')
         GROUP BY service",
    )
    .fetch_all(operator.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Queue {
                service: row.try_get("service")?,
                waiting: row.try_get("waiting")?,
                stuck: row.try_get("stuck")?,
                oldest: row.try_get("oldest")?,
            })
        })
        .collect()
}

/// Relays of all clinics with a key in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relays {
    pub connected: i64,
    /// Not heard of since the moment asked about, or never.
    pub away: i64,
}

pub async fn relays(operator: &Operator, heard_since: DateTime<Utc>) -> Result<Relays, Error> {
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE last_seen_at >= $1) AS connected,
                count(*) FILTER (WHERE last_seen_at IS NULL OR last_seen_at < $1) AS away
         FROM device WHERE revoked_at IS NULL",
    )
    .bind(heard_since)
    .fetch_one(operator.pool())
    .await?;
    Ok(Relays { connected: row.try_get("connected")?, away: row.try_get("away")? })
}

/// Clinics of which a partner took a message of this errand since then.
pub async fn clinics_that_delivered(operator: &Operator, errand: &str, since: DateTime<Utc>) -> Result<Vec<TenantId>, Error> {
    let rows = sqlx::query("SELECT DISTINCT tenant_id FROM outbox_message WHERE errand = $1 AND state = 'done' AND changed_at >= $2")
        .bind(errand)
        .bind(since)
        .fetch_all(operator.pool())
        .await?;
    rows.iter().map(|row| Ok(TenantId::new(row.try_get("tenant_id")?))).collect()
}

/// An uploaded file the worker has to look at: to scan it, or to copy what was found clean to where backups lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueFile {
    pub tenant_id: TenantId,
    pub file_id: Uuid,
    pub is_scanned: bool,
}

/// Due files, the longest waiting first. Looking takes nothing: the clinic's own transaction claims.
pub async fn due_files(operator: &Operator, with_copies: bool, only: Option<TenantId>, limit: i64) -> Result<Vec<DueFile>, Error> {
    let rows = sqlx::query(
        "SELECT tenant_id, id, state = 'clean' AS is_scanned FROM attachment_file
         WHERE (state = 'quarantine' OR (state = 'clean' AND copied_at IS NULL)) AND (state = 'quarantine' OR $1) AND next_attempt_at <= $2
           AND ($3::uuid IS NULL OR tenant_id = $3)
         ORDER BY next_attempt_at LIMIT $4",
    )
    .bind(with_copies)
    .bind(operator.clock().now())
    .bind(only.map(TenantId::as_uuid))
    .bind(limit)
    .fetch_all(operator.pool())
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        let tenant_id = TenantId::new(row.try_get("tenant_id")?);
        Ok(DueFile { tenant_id, file_id: row.try_get("id")?, is_scanned: row.try_get("is_scanned")? })
    };
    rows.iter().map(read).collect()
}

/// Files of all clinics nobody may open yet.
pub async fn quarantined(operator: &Operator) -> Result<i64, Error> {
    let row = sqlx::query("SELECT count(*) AS waiting FROM attachment_file WHERE state = 'quarantine'").fetch_one(operator.pool()).await?;
    Ok(row.try_get("waiting")?)
}

/// Seconds this process's clock is ahead of the database's (GL-17); negative when behind.
pub async fn clock_offset_s(operator: &Operator) -> Result<f64, Error> {
    let row = sqlx::query("SELECT clock_timestamp() AS now").fetch_one(operator.pool()).await?;
    let theirs: DateTime<Utc> = row.try_get("now")?;
    Ok((operator.clock().now() - theirs).as_seconds_f64())
}
