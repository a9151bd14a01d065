//! How the product and its partners stand, as one web process knows it: read every other second, shown on every page.
//!
//! The mode in force is what the SRE declared or what the database itself shows: a database that takes no writes makes the
//! process read-only without anybody declaring it. While it is read-only, transactions are opened `READ ONLY`, so no code path can
//! write by mistake, and what was looked at goes to the [`Spool`](crate::spool::Spool).

use std::sync::{Arc, RwLock};

use chrono::{DateTime, Utc};
use domain::TenantId;
use domain::outbox::Service;
use domain::standing::{ServiceState, SystemMode};
use sqlx::Row;
use uuid::Uuid;

use crate::operator::Operator;
use crate::spool::Spool;
use crate::{Error, TenantPool};

/// One look at everything.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When this was read.
    pub at: DateTime<Utc>,
    pub mode: SystemMode,
    pub until: Option<DateTime<Utc>>,
    pub reason: String,
    /// The database takes no writes.
    pub is_database_read_only: bool,
    /// None until a worker with a scanner has looked.
    pub scanner: Option<ScannerState>,
    disasters: Vec<Disaster>,
    services: Vec<(Service, Uuid, ServiceState)>,
    queues: Vec<(Uuid, Service, i32, i32)>,
}

/// 災害時モード of one prefecture, as the nation declared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disaster {
    pub prefecture: String,
    pub until: DateTime<Utc>,
    pub reason: String,
}

/// How the scanner of uploaded files stands (GL-22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerState {
    pub is_up: bool,
    pub engine: String,
    /// When its published signatures were made; None where it has none.
    pub signatures_at: Option<DateTime<Utc>>,
    pub checked_at: DateTime<Utc>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            at: DateTime::UNIX_EPOCH,
            mode: SystemMode::Normal,
            until: None,
            reason: String::new(),
            is_database_read_only: false,
            scanner: None,
            disasters: Vec::new(),
            services: Vec::new(),
            queues: Vec::new(),
        }
    }
}

/// A partner that does not stand well, as one clinic sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    pub service: Service,
    pub state: ServiceState,
    pub waiting: i32,
}

impl Snapshot {
    pub fn is_read_only(&self) -> bool {
        self.is_database_read_only || self.mode == SystemMode::ReadOnly
    }

    /// In force at this moment; its end needs nobody.
    pub fn disaster(&self, prefecture: &str, now: DateTime<Utc>) -> Option<&Disaster> {
        self.disasters.iter().find(|disaster| disaster.prefecture == prefecture && now <= disaster.until)
    }

    pub fn troubles(&self, clinic: TenantId) -> Vec<Trouble> {
        let concerns = |scope: Uuid| scope.is_nil() || scope == clinic.as_uuid();
        let bad = self.services.iter().filter(|(_, scope, state)| *state != ServiceState::Up && concerns(*scope));
        bad.map(|(service, _, state)| Trouble { service: *service, state: *state, waiting: self.waiting(clinic, *service) }).collect()
    }

    fn waiting(&self, clinic: TenantId, service: Service) -> i32 {
        let own = self.queues.iter().filter(|(scope, of, _, _)| *scope == clinic.as_uuid() && *of == service);
        own.map(|(_, _, waiting, stuck)| waiting + stuck).sum()
    }

    /// Messages of the clinic that need a person.
    pub fn stuck(&self, clinic: TenantId) -> i32 {
        self.queues.iter().filter(|(scope, ..)| *scope == clinic.as_uuid()).map(|(.., stuck)| stuck).sum()
    }
}

/// Shared by everything that opens transactions or draws pages in one process.
#[derive(Clone, Default)]
pub struct Standing {
    now: Arc<RwLock<Arc<Snapshot>>>,
    pub(crate) spool: Option<Arc<Spool>>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Standing").field(&self.snapshot()).finish()
    }
}

impl Standing {
    pub fn with_spool(spool: Spool) -> Self {
        Self { spool: Some(Arc::new(spool)), ..Self::default() }
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.now.read().map(|now| now.clone()).unwrap_or_else(|poisoned| poisoned.into_inner().clone())
    }

    fn set(&self, snapshot: Snapshot) {
        match self.now.write() {
            Ok(mut now) => *now = Arc::new(snapshot),
            Err(poisoned) => *poisoned.into_inner() = Arc::new(snapshot),
        }
    }
}

/// Looks again. Once writing is possible, what was spooled is brought into the log; the number of events brought in.
pub async fn refresh(pool: &TenantPool) -> Result<u64, Error> {
    let standing = pool.standing();
    let snapshot = read(pool).await?;
    let may_write = !snapshot.is_read_only();
    standing.set(snapshot);
    match &standing.spool {
        Some(spool) if may_write => spool.replay(pool).await,
        _ => Ok(0),
    }
}

async fn read(pool: &TenantPool) -> Result<Snapshot, Error> {
    let db = pool.raw();
    let row = sqlx::query(
        "SELECT current_setting('default_transaction_read_only') = 'on' OR pg_is_in_recovery() AS is_read_only, m.mode, m.until, m.reason
         FROM (SELECT 1) one LEFT JOIN system_mode m ON true",
    )
    .fetch_one(db)
    .await?;
    let mode: Option<String> = row.try_get("mode")?;
    let services = sqlx::query("SELECT service, scope, state FROM service_state WHERE state <> 'up'").fetch_all(db).await?;
    let queues = sqlx::query("SELECT scope, service, waiting, stuck FROM outbox_queue").fetch_all(db).await?;
    let disasters = sqlx::query("SELECT prefecture, until, reason FROM disaster_mode WHERE until > now()").fetch_all(db).await?;
    let scanner = sqlx::query("SELECT is_up, engine, signatures_at, checked_at FROM attachment_scanner").fetch_optional(db).await?;
    Ok(Snapshot {
        at: pool.clock().now(),
        mode: mode.as_deref().and_then(SystemMode::from_code).unwrap_or(SystemMode::Normal),
        until: row.try_get("until")?,
        reason: row.try_get::<Option<String>, _>("reason")?.unwrap_or_default(),
        is_database_read_only: row.try_get("is_read_only")?,
        scanner: scanner.as_ref().map(scanner_state).transpose()?,
        disasters: disasters.iter().map(disaster).collect::<Result<_, _>>()?,
        services: services
            .iter()
            .filter_map(|r| {
                let (service, state): (String, String) = (r.try_get("service").ok()?, r.try_get("state").ok()?);
                Some((Service::from_code(&service)?, r.try_get("scope").ok()?, ServiceState::from_code(&state)?))
            })
            .collect(),
        queues: queues
            .iter()
            .filter_map(|r| {
                let service: String = r.try_get("service").ok()?;
                Some((r.try_get("scope").ok()?, Service::from_code(&service)?, r.try_get("waiting").ok()?, r.try_get("stuck").ok()?))
            })
            .collect(),
    })
}

fn disaster(row: &sqlx::postgres::PgRow) -> Result<Disaster, Error> {
    Ok(Disaster { prefecture: row.try_get("prefecture")?, until: row.try_get("until")?, reason: row.try_get("reason")? })
}

/// 災害時モード of a prefecture, as the nation declares it; an end that has passed takes it back. The caller writes the audit events.
pub async fn declare_disaster(operator: &Operator, disaster: &Disaster) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO disaster_mode (prefecture, since, until, reason) VALUES ($1, least($2, $3), $3, $4)
         ON CONFLICT (prefecture) DO UPDATE SET since = least($2, $3), until = $3, reason = $4",
    )
    .bind(&disaster.prefecture)
    .bind(operator.clock().now())
    .bind(disaster.until)
    .bind(&disaster.reason)
    .execute(operator.pool())
    .await?;
    Ok(())
}

fn scanner_state(row: &sqlx::postgres::PgRow) -> Result<ScannerState, Error> {
    Ok(ScannerState {
        is_up: row.try_get("is_up")?,
        engine: row.try_get("engine")?,
        signatures_at: row.try_get("signatures_at")?,
        checked_at: row.try_get("checked_at")?,
    })
}

/// Notes how the scanner was found; one that is away keeps what was known of its signatures.
pub async fn note_scanner(operator: &Operator, found: Option<(&str, Option<DateTime<Utc>>)>) -> Result<(), Error> {
    let (engine, signatures_at) = found.unwrap_or_default();
    sqlx::query(
        "INSERT INTO attachment_scanner (only_one, is_up, engine, signatures_at, checked_at) VALUES (true, $1, $2, $3, $4)
         ON CONFLICT (only_one) DO UPDATE SET is_up = $1, checked_at = $4,
           engine = CASE WHEN $1 THEN $2 ELSE attachment_scanner.engine END,
           signatures_at = CASE WHEN $1 THEN $3 ELSE attachment_scanner.signatures_at END",
    )
    .bind(found.is_some())
    .bind(engine)
    .bind(signatures_at)
    .bind(operator.clock().now())
    .execute(operator.pool())
    .await?;
    Ok(())
}

/// How every partner of the whole deployment stands that was ever spoken to.
pub async fn partners(operator: &Operator) -> Result<Vec<(Service, ServiceState)>, Error> {
    let rows = sqlx::query("SELECT service, state FROM service_state WHERE scope = $1 ORDER BY service")
        .bind(Uuid::nil())
        .fetch_all(operator.pool())
        .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        let (service, state): (String, String) = (row.try_get("service").ok()?, row.try_get("state").ok()?);
        Some((Service::from_code(&service)?, ServiceState::from_code(&state)?))
    };
    Ok(rows.iter().filter_map(read).collect())
}

/// Declares a mode. The caller writes the audit events.
pub async fn declare(operator: &Operator, mode: SystemMode, until: Option<DateTime<Utc>>, reason: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO system_mode (only_one, mode, since, until, reason) VALUES (true, $1, $2, $3, $4)
         ON CONFLICT (only_one) DO UPDATE SET mode = $1, since = $2, until = $3, reason = $4",
    )
    .bind(mode.code())
    .bind(operator.clock().now())
    .bind(until)
    .bind(reason)
    .execute(operator.pool())
    .await?;
    Ok(())
}

/// The mode the SRE declared last.
pub async fn declared(operator: &Operator) -> Result<SystemMode, Error> {
    let row = sqlx::query("SELECT mode FROM system_mode").fetch_optional(operator.pool()).await?;
    let code: Option<String> = row.map(|row| row.try_get("mode")).transpose()?;
    Ok(code.as_deref().and_then(SystemMode::from_code).unwrap_or(SystemMode::Normal))
}

/// Notes one outcome of one partner; the new state when it changed.
pub async fn observe(operator: &Operator, service: Service, clinic: TenantId, answered: bool) -> Result<Option<ServiceState>, Error> {
    use domain::standing::ServiceHealth;
    let (now, scope) = (operator.clock().now(), if service.is_per_clinic() { clinic.as_uuid() } else { Uuid::nil() });
    let mut tx = operator.pool().begin().await?;
    let row = sqlx::query("SELECT state, failures, since FROM service_state WHERE service = $1 AND scope = $2 FOR UPDATE")
        .bind(service.code())
        .bind(scope)
        .fetch_optional(&mut *tx)
        .await?;
    let before = match &row {
        Some(row) => ServiceHealth {
            state: ServiceState::from_code(row.try_get("state")?).unwrap_or(ServiceState::Up),
            failures: u32::try_from(row.try_get::<i32, _>("failures")?).unwrap_or(0),
            since: row.try_get("since")?,
        },
        None => ServiceHealth::new(now),
    };
    let mut health = before;
    health.observe(answered, now);
    if row.is_some() && health == before {
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO service_state (service, scope, state, failures, since) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (service, scope) DO UPDATE SET state = $3, failures = $4, since = $5",
    )
    .bind(service.code())
    .bind(scope)
    .bind(health.state.code())
    .bind(i32::try_from(health.failures).unwrap_or(i32::MAX))
    .bind(health.since)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((health.state != before.state).then_some(health.state))
}

/// The state of every partner that was ever heard of, worst clinic first; for the metrics.
pub async fn service_states(operator: &Operator) -> Result<Vec<(Service, ServiceState)>, Error> {
    let rows = sqlx::query(
        "SELECT service, max(CASE state WHEN 'up' THEN 0 WHEN 'degraded' THEN 1 ELSE 2 END) AS worst FROM service_state GROUP BY service",
    );
    let rows = rows.fetch_all(operator.pool()).await?;
    rows.iter()
        .filter_map(|row| {
            let worst = match row.try_get::<i32, _>("worst") {
                Ok(0) => ServiceState::Up,
                Ok(1) => ServiceState::Degraded,
                Ok(_) => ServiceState::Down,
                Err(e) => return Some(Err(e.into())),
            };
            match row.try_get::<String, _>("service") {
                Ok(code) => Service::from_code(&code).map(|service| Ok((service, worst))),
                Err(e) => Some(Err(e.into())),
            }
        })
        .collect()
}

/// Counts what waits in each clinic, for the chips.
pub async fn count_queues(operator: &Operator) -> Result<(), Error> {
    let mut tx = operator.pool().begin().await?;
    sqlx::query(
        "INSERT INTO outbox_queue (scope, service, waiting, stuck)
         SELECT tenant_id, service, count(*) FILTER (WHERE state IN ('waiting', 'sending')), count(*) FILTER (WHERE state IN ('refused', 'given_up'))
         FROM outbox_message WHERE state IN ('waiting', 'sending', 'refused', 'given_up') AND errand NOT IN ('prescription_status', 'check_prefetch', 'duplicate_check')
         GROUP BY tenant_id, service
         ON CONFLICT (scope, service) DO UPDATE SET waiting = excluded.waiting, stuck = excluded.stuck
         WHERE (outbox_queue.waiting, outbox_queue.stuck) <> (excluded.waiting, excluded.stuck)",
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM outbox_queue q WHERE NOT EXISTS (SELECT 1 FROM outbox_message m WHERE m.tenant_id = q.scope AND m.service = q.service
         AND m.state IN ('waiting', 'sending', 'refused', 'given_up') AND m.errand NOT IN ('prescription_status', 'check_prefetch', 'duplicate_check'))",
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
