//! The web process: stateless, any number of them side by side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use anyhow::Context;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use tenancy::keys::Keyring;
use tenancy::session::Sessions;
use tenancy::sign_in::SignIn;
use tenancy::spool::Spool;
use tenancy::standing::Standing;
use tenancy::versioned::sha256;
use tenancy::{Clock, Gate, TenantPool};

use crate::adapters::eprescription::{CardDesk, PrescriptionSigner};
use crate::attachments::Cabinet;
use crate::config::Config;
use crate::health::Draining;
use crate::live::Live;
use crate::modes::watch::watch;
use crate::sign_in::passkeys;
use crate::telemetry::Metrics;
use crate::web::chrome;
use crate::web::context::{self, Deployment};
use crate::web::render;
use crate::{services, slices};

/// Forms are text; 2 MB holds the longest note many times over. File uploads have limits of their own.
const FORM_LIMIT: usize = 2 * 1024 * 1024;

/// Everything the application is built from; cloned into each server thread.
#[derive(Clone)]
pub struct State {
    pub gate: web::Data<Gate>,
    pub sign_in: web::Data<SignIn>,
    pub keyring: web::Data<Keyring>,
    pub webauthn: web::Data<webauthn_rs::Webauthn>,
    pub deployment: web::Data<Deployment>,
    pub metrics: web::Data<Metrics>,
    pub draining: web::Data<Draining>,
    pub live: web::Data<Live>,
    pub signer: web::Data<dyn PrescriptionSigner>,
    pub card_desk: web::Data<CardDesk>,
    pub cabinet: web::Data<Cabinet>,
}

impl State {
    pub fn new(config: &Config, clock: Clock, keyring: Keyring) -> anyhow::Result<Self> {
        let live = Live::start(config.redis_url.expose_secret())?;
        let pool = TenantPool::new(config.database_url.expose_secret(), config.database_pool, clock.clone())?
            .with_keyring(keyring.clone())
            .with_witness(live.witness());
        let standing = match &config.spool_dir {
            Some(dir) => Standing::with_spool(Spool::new(dir).context("閲覧記録を置くフォルダを使えません (TSUMUGI_SPOOL_DIR)")?),
            None => Standing::default(),
        };
        let pool = pool.with_standing(standing);
        let gate = Gate::new(pool, Sessions::new(config.redis_url.expose_secret())?);
        let card_desk = CardDesk::new(gate.sessions().clone(), clock.clone()).telling(live.clone());
        let signer = services::signer(config, gate.sessions(), &card_desk)?;
        Ok(Self {
            sign_in: web::Data::new(SignIn::new(gate.clone())?),
            gate: web::Data::new(gate),
            keyring: web::Data::new(keyring),
            webauthn: web::Data::new(passkeys::relying_party(&config.public_url)?),
            deployment: web::Data::new(Deployment {
                public_url: config.public_url.clone(),
                is_https: config.is_https(),
                decoy_key: hex::encode(sha256(format!("decoy/{}", config.database_url.expose_secret()).as_bytes())),
                trusted_proxy: config.trusted_proxy.clone(),
                clock,
            }),
            metrics: web::Data::new(Metrics::new()?),
            draining: web::Data::new(Draining::default()),
            live: web::Data::new(live),
            signer: web::Data::from(signer),
            card_desk: web::Data::new(card_desk),
            cabinet: web::Data::new(Cabinet::new(config.attachments.as_ref()).context("画像・文書の保存先を使えません")?),
        })
    }
}

/// One state for each server thread, with connections of its own, made when the thread first asks.
#[derive(Clone)]
struct Threads {
    shared: State,
    connections_each: u32,
    own: Arc<Mutex<HashMap<ThreadId, State>>>,
}

impl Threads {
    fn new(shared: State, config: &Config) -> Self {
        let connections_each = (config.database_pool / u32::try_from(config.workers).unwrap_or(1).max(1)).max(2);
        Self { shared, connections_each, own: Arc::default() }
    }

    fn own(&self) -> MutexGuard<'_, HashMap<ThreadId, State>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calling thread's. Its listeners share it.
    fn here(&self) -> State {
        self.own().entry(std::thread::current().id()).or_insert_with(|| self.make()).clone()
    }

    fn make(&self) -> State {
        let Ok(gate) = self.shared.gate.apart(self.connections_each) else { return self.shared.clone() };
        let sign_in = web::Data::new(self.shared.sign_in.through(gate.clone()));
        State { gate: web::Data::new(gate), sign_in, ..self.shared.clone() }
    }

    fn pools(&self) -> Vec<TenantPool> {
        self.own().values().map(|state| state.gate.pool().clone()).collect()
    }
}

/// The application, the same for the product and its tests.
pub fn app(
    state: &State,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<impl MessageBody + use<>>, Error = Error, InitError = ()>
    + use<>,
> {
    App::new()
        .app_data(state.gate.clone())
        .app_data(state.sign_in.clone())
        .app_data(state.keyring.clone())
        .app_data(state.webauthn.clone())
        .app_data(state.deployment.clone())
        .app_data(state.metrics.clone())
        .app_data(state.draining.clone())
        .app_data(state.live.clone())
        .app_data(state.signer.clone())
        .app_data(state.card_desk.clone())
        .app_data(state.cabinet.clone())
        .app_data(web::FormConfig::default().limit(FORM_LIMIT))
        .app_data(web::JsonConfig::default().limit(FORM_LIMIT))
        .wrap(from_fn(render::layer))
        .wrap(Compress::default())
        .wrap(from_fn(context::layer))
        .configure(|config| slices::routes().configure(config))
}

pub async fn run(config: Config, clock: Clock) -> anyhow::Result<()> {
    let state = State::new(&config, clock, services::keyring().await?)?;
    let threads = Threads::new(state.clone(), &config);
    let for_workers = threads.clone();
    let mut server = HttpServer::new(move || app(&for_workers.here()))
        .workers(config.workers)
        .shutdown_timeout(30)
        .disable_signals()
        .bind((config.bind.as_str(), config.port))
        .with_context(|| format!("ポート {} を開けません", config.port))?;
    if let Some((certificate, key)) = &config.tls {
        server = server
            .bind_rustls_0_23((config.bind.as_str(), config.tls_port), tls(certificate, key)?)
            .with_context(|| format!("ポート {} を開けません", config.tls_port))?;
    }
    let server = server.run();
    let admin = admin(&config, &state, threads.clone())?;
    tracing::info!(port = config.port, admin.port = config.admin_port, backups = config.object_store.is_some(), "serving");
    if config.object_store.is_none() {
        tracing::warn!("no object store is configured: backups are off");
        chrome::announce_backups_off();
    }
    let (web, admin_handle) = (server.handle(), admin.handle());
    tokio::spawn(watch(state.gate.pool().clone()));
    let (draining, live) = (state.draining.clone(), state.live.clone());
    let drain = Duration::from_secs(config.drain_s);
    tokio::spawn(async move {
        stop_signal().await;
        draining.begin();
        tokio::time::sleep(drain).await;
        live.close();
        web.stop(true).await;
        admin_handle.stop(false).await;
    });
    futures_util::future::try_join(server, admin).await?;
    for pool in threads.pools() {
        pool.close().await;
    }
    Ok(())
}

/// Metrics listen on a port of their own, which no visitor reaches.
fn admin(config: &Config, state: &State, threads: Threads) -> anyhow::Result<actix_web::dev::Server> {
    let (numbers, threads) = (state.metrics.clone(), web::Data::new(threads));
    let server =
        HttpServer::new(move || App::new().app_data(numbers.clone()).app_data(threads.clone()).route("/metrics", web::get().to(metrics)));
    let server = server.workers(1).disable_signals().bind((config.admin_bind.as_str(), config.admin_port));
    Ok(server.with_context(|| format!("ポート {} を開けません", config.admin_port))?.run())
}

async fn metrics(metrics: web::Data<Metrics>, threads: web::Data<Threads>) -> HttpResponse {
    let usage: Vec<(u32, usize)> = threads.pools().iter().map(TenantPool::usage).collect();
    metrics.pool_open.set(usage.iter().map(|(open, _)| i64::from(*open)).sum());
    metrics.pool_idle.set(usage.iter().map(|(_, idle)| *idle as i64).sum());
    metrics.read_only.set(i64::from(threads.pools().first().is_some_and(|pool| pool.standing().snapshot().is_read_only())));
    match metrics.text() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// TLS 1.3 and nothing older (GL-25).
fn tls(certificate: &std::path::Path, key: &std::path::Path) -> anyhow::Result<rustls::ServerConfig> {
    let chain: Result<Vec<_>, _> =
        rustls::pki_types::CertificateDer::pem_file_iter(certificate).context("サーバ証明書を読めません")?.collect();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(key).context("サーバ証明書の秘密鍵を読めません")?;
    let provider = rustls::crypto::aws_lc_rs::default_provider().into();
    Ok(rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain.context("サーバ証明書を読めません")?, key)?)
}

/// SIGTERM from the platform or Ctrl-C from a person.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut s) => drop(s.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
