//! Numbers and logs. Labels are route patterns, outcomes and queue names; never a path, an id or a name.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{
    Encoder, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// Registered once per process and shared by reference counting.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    pub pool_open: IntGauge,
    pub pool_idle: IntGauge,
    pub seal_lag_seconds: Gauge,
    pub backup_age_seconds: GaugeVec,
    pub unanchored_seals: IntGauge,
    pub clock_offset_seconds: Gauge,
    pub outbox_attempts: IntCounterVec,
    pub consent_views: IntCounterVec,
    pub relay_devices: IntGaugeVec,
    pub outbox_messages: IntGaugeVec,
    pub outbox_age_seconds: GaugeVec,
    pub service_state: IntGaugeVec,
    pub read_only: IntGauge,
    pub scanner_up: IntGauge,
    pub scanner_signature_age_seconds: Gauge,
    pub attachments_quarantined: IntGauge,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let buckets = vec![0.005, 0.01, 0.025, 0.05, 0.08, 0.1, 0.15, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0];
        let requests = HistogramVec::new(
            HistogramOpts::new("tsumugi_request_seconds", "Time from request to answer by route pattern").buckets(buckets),
            &["method", "route", "status"],
        )?;
        let metrics = Self {
            registry: Registry::new(),
            requests,
            pool_open: IntGauge::new("tsumugi_db_connections_open", "Open database connections")?,
            pool_idle: IntGauge::new("tsumugi_db_connections_idle", "Idle database connections")?,
            seal_lag_seconds: Gauge::new("tsumugi_audit_seal_lag_seconds", "Age of the oldest audit event not yet sealed")?,
            backup_age_seconds: GaugeVec::new(
                Opts::new("tsumugi_backup_age_seconds", "Seconds since the last good backup, worst clinic"),
                &["scope"],
            )?,
            unanchored_seals: IntGauge::new("tsumugi_audit_unanchored_seals", "Seals not yet anchored outside the database")?,
            clock_offset_seconds: Gauge::new("tsumugi_clock_offset_seconds", "Process clock against the database clock")?,
            outbox_attempts: IntCounterVec::new(
                Opts::new("tsumugi_outbox_attempts_total", "Attempts to reach a partner by what came of them"),
                &["service", "kind", "outcome"],
            )?,
            consent_views: IntCounterVec::new(
                Opts::new("tsumugi_consent_views_total", "Looks at what a consent opened, by the subject of the consent"),
                &["category"],
            )?,
            relay_devices: IntGaugeVec::new(
                Opts::new("tsumugi_relay_devices", "Relays on clinics' terminals with a key in force: connected, or not heard of lately"),
                &["state"],
            )?,
            outbox_messages: IntGaugeVec::new(
                Opts::new("tsumugi_outbox_messages", "Messages not delivered: waiting for their turn, or stuck until a person decides"),
                &["service", "state"],
            )?,
            outbox_age_seconds: GaugeVec::new(
                Opts::new("tsumugi_outbox_age_seconds", "Age of the oldest message still worked by itself"),
                &["service"],
            )?,
            service_state: IntGaugeVec::new(
                Opts::new("tsumugi_service_state", "How a partner stands, worst clinic: 0 up, 1 degraded, 2 down"),
                &["service"],
            )?,
            read_only: IntGauge::new("tsumugi_read_only", "1 while nothing can be saved")?,
            scanner_up: IntGauge::new("tsumugi_scanner_up", "1 while the scanner of uploaded files answers")?,
            scanner_signature_age_seconds: Gauge::new(
                "tsumugi_scanner_signature_age_seconds",
                "Age of the scanner's published signatures; +Inf where it has none",
            )?,
            attachments_quarantined: IntGauge::new("tsumugi_attachments_quarantined", "Uploaded files nobody may open yet")?,
        };
        let r = &metrics.registry;
        r.register(Box::new(metrics.requests.clone()))?;
        r.register(Box::new(metrics.pool_open.clone()))?;
        r.register(Box::new(metrics.pool_idle.clone()))?;
        r.register(Box::new(metrics.seal_lag_seconds.clone()))?;
        r.register(Box::new(metrics.backup_age_seconds.clone()))?;
        r.register(Box::new(metrics.unanchored_seals.clone()))?;
        r.register(Box::new(metrics.clock_offset_seconds.clone()))?;
        r.register(Box::new(metrics.outbox_attempts.clone()))?;
        r.register(Box::new(metrics.consent_views.clone()))?;
        r.register(Box::new(metrics.relay_devices.clone()))?;
        r.register(Box::new(metrics.outbox_messages.clone()))?;
        r.register(Box::new(metrics.outbox_age_seconds.clone()))?;
        r.register(Box::new(metrics.service_state.clone()))?;
        r.register(Box::new(metrics.read_only.clone()))?;
        r.register(Box::new(metrics.scanner_up.clone()))?;
        r.register(Box::new(metrics.scanner_signature_age_seconds.clone()))?;
        r.register(Box::new(metrics.attachments_quarantined.clone()))?;
        Ok(metrics)
    }

    pub fn observe(&self, method: &Method, pattern: &str, status: StatusCode, elapsed: Duration) {
        self.requests.with_label_values(&[method.as_str(), pattern, status.as_str()]).observe(elapsed.as_secs_f64());
    }

    /// The text a scraper reads.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}

/// JSON lines on standard output.
pub fn init_logs(filter: &str) {
    init_logs_to(filter, std::io::stdout);
}

/// The same lines anywhere: tests read them to prove what is not in them.
pub fn init_logs_to<W>(filter: &str, writer: W)
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    // Libraries log addresses at the finer levels; only our own lines may be made finer.
    let filter =
        tracing_subscriber::EnvFilter::try_new(format!("warn,tsumugi={filter},tenancy={filter}")).unwrap_or_else(|_| "info".into());
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_env_filter(filter).with_writer(writer);
    if lines.try_init().is_err() {
        tracing::debug!("logs were already set up");
    }
}
