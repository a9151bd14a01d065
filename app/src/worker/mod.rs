//! `tsumugi worker`: seals the audit log, anchors it outside the database, archives every clinic at night,
//! delivers what waits in the outbox, scans what was uploaded, and publishes numbers. Any number of workers may run: each duty is taken by one at a time.

mod bookings;
mod delivering;
mod nightly;
mod scanning;
mod schedule;

use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context;
use chrono::TimeDelta;
use tenancy::operator::Operator;
use tenancy::{Clock, duties, seal};
use tokio::sync::watch;
use uuid::Uuid;

use crate::attachments::Inspector;
use crate::audit::anchor;
use crate::availability::probe::{self, Probe};
use crate::backup::run::Backup;
use crate::modes::watch::watch;
use crate::objectstore::ObjectStore;
use crate::outbox::deliver::Postman;
use crate::serve::stop_signal;
use crate::telemetry::Metrics;
use crate::{backup, config, services, tenants};

const SEAL_EVERY: Duration = Duration::from_millis(250);
/// An event is outside the database five minutes after it happened at the latest.
const ANCHOR_EVERY: Duration = Duration::from_secs(120);
const NUMBERS_EVERY: Duration = Duration::from_secs(5);
const BACKUP_CHECK_EVERY: Duration = Duration::from_secs(60);

/// What the duties share.
#[derive(Clone)]
struct Worker {
    operator: Operator,
    /// None where no object store is configured: nothing is anchored or archived then.
    store: Option<ObjectStore>,
    backup: Option<Backup>,
    postman: Postman,
    /// None where pictures and documents are off or nothing scans them.
    inspector: Option<Inspector>,
    metrics: Metrics,
    /// Names this process in the leases.
    id: Uuid,
    stopping: watch::Receiver<bool>,
}

pub async fn run(clock: Clock) -> anyhow::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let operator = tenants::operator_with(clock.clone(), services::keyring().await?)?;
    let (id, metrics) = (tenancy::versioned::new_id(clock.now()), Metrics::new()?);
    let worker = Worker {
        id,
        postman: Postman::new(operator.clone(), services::drivers(&operator)?, metrics.clone(), id),
        inspector: services::inspector(&operator, id)?,
        store: services::writer()?,
        backup: backup::command::backup(clock).await?,
        metrics,
        operator,
        stopping,
    };
    if worker.store.is_none() {
        tracing::warn!("no object store is configured: backups and anchors are off");
    }
    let admin = admin(worker.metrics.clone())?;
    let admin_handle = admin.handle();
    let admin = tokio::spawn(admin);
    tracing::info!(worker.id = %worker.id, backups = worker.backup.is_some(), "working");
    let partners = futures_util::future::join3(worker.standing(), worker.delivering(), worker.probing());
    let files = futures_util::future::join(worker.scanning(), worker.probing_scanner());
    let partners = futures_util::future::join(partners, files);
    let duties = futures_util::future::join5(worker.sealing(), worker.anchoring(), worker.nightly(), partners, worker.numbers());
    let stopped = async {
        stop_signal().await;
        tracing::info!("stopping: finishing what was begun");
        stop.send_replace(true);
    };
    futures_util::future::join5(duties, worker.sweeping(), worker.importing(), worker.measuring(Probe::new()?), stopped).await;
    worker.close_up().await;
    admin_handle.stop(false).await;
    admin.await.context("計測のポートを閉じられません")??;
    Ok(())
}

impl Worker {
    /// Runs `turn` again and again until the process is asked to stop; a turn that was begun is finished.
    async fn every(&self, pause: Duration, name: &'static str, mut turn: impl AsyncFnMut() -> anyhow::Result<()>) {
        let mut stopping = self.stopping.clone();
        let mut failing = false;
        while !*stopping.borrow() {
            // Read-only stops everything that writes; the next look may find it over.
            let outcome = if self.is_paused() { Ok(()) } else { turn().await };
            match outcome {
                Ok(()) => failing = false,
                // Said once per outage, not four times a second.
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(duty = name, error = %format!("{error:#}"), "a duty failed; trying again");
                }
                Err(_) => {}
            }
            tokio::select! {
                _ = tokio::time::sleep(pause) => {}
                _ = stopping.changed() => {}
            }
        }
    }

    fn is_paused(&self) -> bool {
        self.operator.tenants().standing().snapshot().is_read_only()
    }

    /// Not a duty: it must go on looking while the duties rest.
    async fn standing(&self) {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = watch(self.operator.tenants().clone()) => {}
            _ = stopping.changed() => {}
        }
    }

    async fn sealing(&self) {
        self.every(SEAL_EVERY, "seal", async || {
            seal::seal_pending(&self.operator).await?;
            Ok(())
        })
        .await;
    }

    async fn anchoring(&self) {
        let Some(store) = &self.store else { return };
        self.every(ANCHOR_EVERY, "anchor", async || {
            if self.holds("anchor", TimeDelta::minutes(4)).await? {
                let seals = anchor::anchor_all(&self.operator, store).await?;
                if seals > 0 {
                    tracing::info!(seals, "anchored");
                }
            }
            Ok(())
        })
        .await;
    }

    /// What came in while the web processes drained goes out of the house before this process ends.
    async fn close_up(&self) {
        if let Err(error) = seal::seal_pending(&self.operator).await {
            tracing::error!(%error, "the last seal failed");
        }
        let Some(store) = &self.store else { return };
        if let Err(error) = anchor::anchor_all(&self.operator, store).await {
            tracing::error!(%error, "the last anchor failed");
        }
    }

    async fn nightly(&self) {
        let Some(backup) = &self.backup else { return };
        self.every(BACKUP_CHECK_EVERY, "backup", async || self.archive_due(backup).await).await;
    }

    /// Looks once a minute at how the product stands; the first look waits until `serve` had time to start beside us.
    async fn measuring(&self, mut probe: Probe) {
        let mut begun = false;
        self.every(probe::EVERY, "probe", async || {
            if begun && self.holds("probe", TimeDelta::seconds(90)).await? {
                probe.turn(&self.operator).await?;
            }
            begun = true;
            Ok(())
        })
        .await;
    }

    async fn numbers(&self) {
        self.every(NUMBERS_EVERY, "numbers", async || {
            self.metrics.seal_lag_seconds.set(seal::lag(&self.operator).await?.as_secs_f64());
            let waiting: i64 = seal::unanchored(&self.operator).await?.iter().map(|c| c.sealed_seq - c.anchored_seq).sum();
            self.metrics.unanchored_seals.set(waiting);
            self.metrics.clock_offset_seconds.set(duties::clock_offset_s(&self.operator).await?);
            self.queue_numbers().await?;
            let now = self.operator.clock().now();
            let ages = duties::backup_ages(&self.operator).await?;
            let worst = ages.iter().map(|age| age.succeeded_at.map_or(f64::INFINITY, |at| (now - at).as_seconds_f64()));
            self.metrics.backup_age_seconds.with_label_values(&["worst"]).set(worst.fold(0.0, f64::max));
            Ok(())
        })
        .await;
    }

    /// Takes or keeps a duty for a while; false when another worker has it.
    async fn holds(&self, duty: &str, for_: TimeDelta) -> anyhow::Result<bool> {
        Ok(self.operator.lease(duty, self.id, self.operator.clock().now() + for_).await?)
    }
}

fn admin(metrics: Metrics) -> anyhow::Result<actix_web::dev::Server> {
    let metrics = web::Data::new(metrics);
    let server = HttpServer::new(move || App::new().app_data(metrics.clone()).route("/metrics", web::get().to(numbers)));
    let (bind, port) = (config::text("TSUMUGI_ADMIN_BIND")?, config::text("TSUMUGI_ADMIN_PORT")?);
    let address = format!("{bind}:{port}");
    let server = server.workers(1).disable_signals().bind(&address).with_context(|| format!("ポート {port} を開けません"))?;
    Ok(server.run())
}

async fn numbers(metrics: web::Data<Metrics>) -> HttpResponse {
    match metrics.text() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
