//! The record of how the services ran: written by the worker, read by the public page. No clinic, no content.

use chrono::{DateTime, NaiveDate, Utc};
use domain::availability::{Minutes, ServiceCondition};
use sqlx::Row;

use crate::clock::JST;
use crate::operator::Operator;
use crate::{Error, TenantPool};

/// One minute of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub service: String,
    pub at: DateTime<Utc>,
    pub condition: ServiceCondition,
}

/// One day of one service, as far as it was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub service: String,
    pub day: NaiveDate,
    pub minutes: Minutes,
    pub last_at: DateTime<Utc>,
    pub last: ServiceCondition,
}

/// A stretch of time in which a service stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub service: String,
    pub began_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Adds the minute to its day (in Japan) and opens or ends an outage.
pub async fn record(operator: &Operator, sample: &Sample) -> Result<(), Error> {
    let mut tx = operator.pool().begin().await?;
    let is = |condition| i32::from(sample.condition == condition);
    sqlx::query(
        "INSERT INTO availability_day (service, day, up, slow, down, last_at, last_condition) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (service, day) DO UPDATE SET up = availability_day.up + excluded.up, slow = availability_day.slow + excluded.slow,
         down = availability_day.down + excluded.down, last_at = excluded.last_at, last_condition = excluded.last_condition",
    )
    .bind(&sample.service)
    .bind(sample.at.with_timezone(&JST).date_naive())
    .bind(is(ServiceCondition::Up))
    .bind(is(ServiceCondition::Slow))
    .bind(is(ServiceCondition::Down))
    .bind(sample.at)
    .bind(sample.condition.code())
    .execute(&mut *tx)
    .await?;
    let outage = match sample.condition {
        ServiceCondition::Down => {
            "INSERT INTO availability_outage (service, began_at) VALUES ($1, $2) ON CONFLICT (service) WHERE ended_at IS NULL DO NOTHING"
        }
        _ => "UPDATE availability_outage SET ended_at = $2 WHERE service = $1 AND ended_at IS NULL",
    };
    sqlx::query(outage).bind(&sample.service).bind(sample.at).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Every measured day since then, oldest first.
pub async fn days(pool: &TenantPool, since: NaiveDate) -> Result<Vec<Day>, Error> {
    let rows = sqlx::query(
        "SELECT service, day, up, slow, down, last_at, last_condition FROM availability_day WHERE day >= $1 ORDER BY service, day",
    )
    .bind(since)
    .fetch_all(pool.raw())
    .await?;
    let count = |row: &sqlx::postgres::PgRow, column: &str| Ok::<_, Error>(u64::try_from(row.try_get::<i32, _>(column)?).unwrap_or(0));
    rows.iter()
        .map(|row| {
            Ok(Day {
                service: row.try_get("service")?,
                day: row.try_get("day")?,
                minutes: Minutes { up: count(row, "up")?, slow: count(row, "slow")?, down: count(row, "down")? },
                last_at: row.try_get("last_at")?,
                last: ServiceCondition::from_code(row.try_get("last_condition")?).unwrap_or(ServiceCondition::Down),
            })
        })
        .collect()
}

/// The newest outages first.
pub async fn outages(pool: &TenantPool, limit: i64) -> Result<Vec<Outage>, Error> {
    let rows = sqlx::query("SELECT service, began_at, ended_at FROM availability_outage ORDER BY began_at DESC LIMIT $1")
        .bind(limit)
        .fetch_all(pool.raw())
        .await?;
    rows.iter()
        .map(|row| Ok(Outage { service: row.try_get("service")?, began_at: row.try_get("began_at")?, ended_at: row.try_get("ended_at")? }))
        .collect()
}
