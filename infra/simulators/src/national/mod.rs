//! オンライン資格確認等システム and 電子処方箋管理サービス over HTTPS: only systems with a client certificate of the local authority get in,
//! and only with a token from the login. Addresses and token are ours (⟲ in the notes); the messages are the documents'.

mod allowed;
mod book;
mod bulk;
mod control;
pub mod disaster;
mod eligibility;
pub mod emergency;
pub mod entrusted;
mod envelope;
pub mod eps;
mod faults;
pub mod history;
pub mod packed;
mod recent;
pub mod remote;
mod replies;
pub mod terminal;
pub mod xml;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev, web};
use anyhow::Context;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use serde::Serialize;

use self::allowed::Allowed;
use self::eps::check::History;
use self::eps::inside::Cabinet;
pub use self::eps::signature::Anchors;
use self::eps::state::Shelf;
pub use control::routes as control;
pub use faults::{EPS_FAULTS, Fault, Faults};

const TOKEN_LIVES: Duration = Duration::from_secs(600);
const BODY_MAX: usize = 4 * 1024 * 1024;

/// How long an answer takes, in milliseconds: at least, at most.
#[derive(Clone, Copy, Debug)]
pub struct Latency(pub u64, pub u64);

impl std::str::FromStr for Latency {
    type Err = String;

    /// `3000-7000`
    fn from_str(text: &str) -> Result<Self, String> {
        let pair = text.split_once('-').and_then(|(least, most)| Some((least.trim().parse().ok()?, most.trim().parse().ok()?)));
        pair.filter(|(least, most)| least <= most).map(|(least, most)| Self(least, most)).ok_or_else(|| "expected 3000-7000".into())
    }
}

/// A login opens one service, for a time.
struct Issued {
    service: String,
    token: String,
    born: Instant,
}

fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// Everything the services remember; tests and the control page look in.
#[derive(Clone)]
pub struct National {
    pub faults: Faults,
    latency: Latency,
    tokens: Arc<Mutex<Vec<Issued>>>,
    logins: Arc<Mutex<u64>>,
    asked: Arc<Mutex<u64>>,
    /// What people allowed at a reader, and what an emergency or a disaster opens.
    pub consents: Allowed,
    pub entrusted: entrusted::Entrusted,
    pub register: bulk::Register,
    /// What people allowed on devices of their own.
    pub remote: remote::Remote,
    pub answered: book::Answered,
    pub eps_faults: Faults,
    /// Of a terminal that runs beside the services.
    pub terminal_faults: Faults,
    pub shelf: Shelf,
    pub history: History,
    pub cabinet: Cabinet,
    anchors: Anchors,
    eps_asked: Arc<Mutex<u64>>,
    last: Arc<Mutex<Option<String>>>,
    last_oqs: Arc<Mutex<Option<Vec<u8>>>>,
}

impl National {
    pub fn new(latency: Latency) -> Self {
        Self {
            faults: Faults::default(),
            latency,
            tokens: Arc::default(),
            logins: Arc::default(),
            asked: Arc::default(),
            consents: Allowed::default(),
            entrusted: entrusted::Entrusted::default(),
            register: bulk::Register::default(),
            remote: remote::Remote::default(),
            answered: book::Answered::default(),
            eps_faults: Faults::default(),
            terminal_faults: Faults::default(),
            shelf: Shelf::default(),
            history: History::default(),
            cabinet: Cabinet::default(),
            anchors: Anchors::default(),
            eps_asked: Arc::default(),
            last: Arc::default(),
            last_oqs: Arc::default(),
        }
    }

    /// Believes signatures whose certificates come from these authorities; without any it believes none.
    #[must_use]
    pub fn trusting(mut self, anchors: Anchors) -> Self {
        self.anchors = anchors;
        self
    }

    /// Questions that reached 電子処方箋管理サービス.
    pub fn eps_asked(&self) -> u64 {
        *self.eps_asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_eps(&self) {
        *self.eps_asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// Keeps this answer and gives the one before it.
    fn last_reply(&self, answer: &str) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(answer.to_owned())
    }

    fn last_oqs(&self, answer: &[u8]) -> Option<Vec<u8>> {
        self.last_oqs.lock().unwrap_or_else(PoisonError::into_inner).replace(answer.to_vec())
    }

    /// Questions that reached the service, answered or not.
    pub fn asked(&self) -> u64 {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn knows(&self, req: &HttpRequest) -> bool {
        let given = req.headers().get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|issued| issued.born.elapsed() < TOKEN_LIVES);
        given.is_some_and(|given| tokens.iter().any(|issued| issued.token == given && issued.service == service_of(req.path())))
    }

    /// Every token ends now.
    pub fn end_tokens(&self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Tokens in force, for tests that look whether one leaked.
    pub fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|issued| issued.token.clone()).collect()
    }

    pub fn logins(&self) -> u64 {
        *self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 資格確認 takes five fifths of the time, a prescription two and a check one: five, two and one second in life.
    async fn think(&self, fifths: u64) {
        let Latency(least, most) = self.latency;
        let extra = u64::from(uuid::Uuid::new_v4().as_fields().0) % (most - least + 1);
        tokio::time::sleep(Duration::from_millis((least + extra) * fifths / 5)).await;
    }
}

/// TLS with client certificates of the same authority; anything else is shut out before a byte is read.
pub struct Certificates<'a> {
    pub authority: &'a Path,
    pub certificate: &'a Path,
    pub key: &'a Path,
}

impl Certificates<'_> {
    fn config(&self) -> anyhow::Result<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(self.authority)? {
            roots.add(certificate?)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build()?;
        let chain = CertificateDer::pem_file_iter(self.certificate)?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(self.key)?;
        Ok(rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?)
    }
}

/// The server on loopback; port 0 picks a free one. Gives the address and the server to run.
pub fn bind(national: National, certificates: &Certificates<'_>, port: u16) -> anyhow::Result<(std::net::SocketAddr, dev::Server)> {
    let tls = certificates.config().context("certificates of the national services")?;
    let state = web::Data::new(national);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .route("/healthz", web::get().to(health))
            .route("/oqs/v1/login", web::post().to(login))
            .route("/eps/v1/login", web::post().to(login))
            .service(
                web::scope("/oqs/v1")
                    .wrap(from_fn(replies::on_the_way))
                    .route("/OQSsiquc01", web::post().to(eligibility::confirm))
                    .route("/OQSmuquc01", web::post().to(bulk::submit))
                    .route("/OQSmuquc02", web::post().to(bulk::collect))
                    .route("/OQSsiimm01", web::post().to(bulk::register))
                    .route("/YZKsiquc01", web::post().to(history::care))
                    .route("/TKKsiquc01", web::post().to(history::checkups))
                    .route("/DISASTER", web::post().to(disaster::found))
                    .route("/OQS-IF-047", web::post().to(emergency::summary))
                    .route("/OQSsihvq01", web::post().to(remote::home))
                    .route("/OQSsionq01", web::post().to(remote::online))
                    .route("/OQSmuhvq01", web::post().to(remote::submit_home))
                    .route("/OQSmuonq01", web::post().to(remote::submit_online))
                    .route("/OQSmuhvq02", web::post().to(remote::collect))
                    .route("/OQSmuonq02", web::post().to(remote::collect))
                    .route("/OQSmutic01", web::post().to(entrusted::submit))
                    .route("/OQSmutic02", web::post().to(entrusted::collect))
                    .route("/OQSsihvd01", web::post().to(remote::cancel)),
            )
            .configure(eps::routes)
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .bind_rustls_0_23(("127.0.0.1", port), tls)?;
    let address = server.addrs().first().copied().context("no address")?;
    Ok((address, server.run()))
}

async fn health(national: web::Data<National>) -> HttpResponse {
    if national.faults.is_down() { HttpResponse::ServiceUnavailable().finish() } else { HttpResponse::Ok().body("ok\n") }
}

#[derive(Serialize)]
struct Login {
    status: &'static str,
    result: Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    id_token: String,
}

async fn login(national: web::Data<National>, req: HttpRequest) -> HttpResponse {
    let service = service_of(req.path()).to_owned();
    if service == "oqs" && national.faults.is_down() {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let token = uuid::Uuid::new_v4().to_string();
    *national.logins.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    let issued = Issued { service, token: token.clone(), born: Instant::now() };
    national.tokens.lock().unwrap_or_else(PoisonError::into_inner).push(issued);
    HttpResponse::Ok().json(Login { status: "success", result: Token { id_token: token } })
}
