//! Starts the product once for the whole binary and gives each test its own client.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use migrations::{Migrator, MigratorTrait};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::keys::{DataKey, Keyring, LocalFileProvider};
use tenancy::operator::Operator;
use tenancy::session::Sessions;
use tenancy::{Clock, TenantPool};
use tsumugi::config::Config;
use tsumugi::objectstore::StoreConfig;
use tsumugi::serve::{self, State};
use tsumugi::telemetry::Metrics;

/// The running product and what is needed to look behind it.
pub struct Harness {
    pub url: String,
    pub database: String,
    pub metrics: Metrics,
    shift: Mutex<TimeDelta>,
}

pub fn env(name: &str) -> String {
    std::env::var(format!("TSUMUGI_TEST_{name}")).unwrap_or_else(|_| panic!("TSUMUGI_TEST_{name} is not set: run through make test"))
}

/// The role's address, but in this run's database.
pub fn role_url(name: &str, database: &str) -> String {
    let url = env(name);
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

static HARNESS: OnceLock<Harness> = OnceLock::new();

/// The product's clock in tests: real, plus what a test has shifted it by.
#[allow(clippy::disallowed_methods)]
fn shifted_now() -> DateTime<Utc> {
    let shift = HARNESS.get().map_or_else(TimeDelta::zero, |h| *h.shift.lock().unwrap());
    Utc::now() + shift
}

impl Harness {
    pub fn get() -> &'static Harness {
        HARNESS.get_or_init(|| std::thread::spawn(start).join().expect("the product did not start"))
    }

    pub fn clock(&self) -> Clock {
        Clock::from_fn(shifted_now)
    }

    /// Pools belong to the runtime that made them, so each test makes its own.
    pub fn tenants(&self) -> TenantPool {
        TenantPool::new(&role_url("APP_DATABASE_URL", &self.database), 4, self.clock()).unwrap().with_keyring(keyring())
    }

    pub fn operator(&self) -> Operator {
        Operator::new(&role_url("OPERATOR_DATABASE_URL", &self.database), self.tenants()).unwrap()
    }

    pub fn sessions(&self) -> Sessions {
        Sessions::new(&env("REDIS_URL")).unwrap()
    }

    /// Superuser: for looking behind the product's back, and for being the attacker.
    pub async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&role_url("SUPERUSER_DATABASE_URL", &self.database)).await.unwrap()
    }

    /// As one of the product's own roles, without its code; the check of statements leaves these sessions out.
    pub async fn role(&self, name: &str) -> PgConnection {
        let url = role_url(name, &self.database) + "?application_name=attacker";
        PgConnection::connect(&url).await.unwrap()
    }

    /// A browser without scripts: keeps cookies, follows nothing.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url, None)
    }
}

/// Keys under one KEK for the whole run.
pub fn keyring() -> Keyring {
    static KEK: OnceLock<[u8; 32]> = OnceLock::new();
    let kek = KEK.get_or_init(|| *DataKey::generate().unwrap().expose());
    Keyring::new(Arc::new(LocalFileProvider::from_key(DataKey::from_slice(kek).unwrap())), None)
}

/// Everything the product has logged in this run, as it would stand on standard output.
pub static LOGS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Capture;

impl std::io::Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGS.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The product's settings in this run.
pub fn config(database: &str) -> Config {
    Config {
        bind: "127.0.0.1".into(),
        port: 0,
        tls_port: 0,
        tls: None,
        admin_bind: "127.0.0.1".into(),
        admin_port: 0,
        public_url: "http://localhost".into(),
        trusted_proxy: Some("127.0.0.1".into()),
        workers: 1,
        drain_s: 0,
        database_url: role_url("APP_DATABASE_URL", database).into(),
        database_pool: 16,
        redis_url: env("REDIS_URL").into(),
        object_store: None,
        attachments: attachment_store(),
        spool_dir: None,
        signer_dir: Some(crate::signers::folder()),
        cardless_url: None,
        cardless_ca_file: None,
        has_card_signing: true,
        signer_crl_file: None,
    }
}

/// The bucket of pictures and documents; None where the run has none.
pub fn attachment_store() -> Option<StoreConfig> {
    std::env::var("TSUMUGI_TEST_ATTACHMENT_BUCKET").ok().filter(|bucket| !bucket.is_empty()).map(|bucket| StoreConfig {
        endpoint: env("S3_ENDPOINT"),
        region: env("S3_REGION"),
        bucket,
        access_key: env("ATTACHMENT_ACCESS_KEY"),
        secret_key: env("ATTACHMENT_SECRET_KEY").into(),
        ca_pem: Some(std::fs::read(env("CA_FILE")).unwrap()),
    })
}

/// Another web process over the same database; one that watches follows the declared mode.
pub fn serve_with(config: Config, is_watching: bool) -> (String, Metrics) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let keyring = keyring();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let state = State::new(&config, Clock::from_fn(shifted_now), keyring).unwrap();
            if is_watching {
                actix_web::rt::spawn(tsumugi::modes::watch::watch(state.gate.pool().clone()));
            }
            let metrics = state.metrics.get_ref().clone();
            let server =
                actix_web::HttpServer::new(move || serve::app(&state)).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
            sender.send((server.addrs()[0], metrics)).unwrap();
            server.run().await.unwrap();
        });
    });
    let (address, metrics) = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
    (format!("http://{address}"), metrics)
}

fn start() -> Harness {
    tsumugi::telemetry::init_logs_to("debug", || Capture);
    let database = format!("it_{}", std::process::id());
    let config = config(&database);
    tokio::runtime::Runtime::new().unwrap().block_on(make_database(&database));
    let (url, metrics) = serve_with(config, false);
    Harness { url, database, metrics, shift: Mutex::new(TimeDelta::zero()) }
}

pub async fn make_database(name: &str) {
    let mut superuser = PgConnection::connect(&env("SUPERUSER_DATABASE_URL")).await.unwrap();
    for sql in [
        format!("CREATE DATABASE {name} OWNER tsumugi_owner"),
        format!("GRANT CONNECT ON DATABASE {name} TO tsumugi_app, tsumugi_operator, tsumugi_backup, tsumugi_restore"),
        format!("GRANT TEMPORARY ON DATABASE {name} TO tsumugi_restore"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
    }
    let owner = sea_orm::Database::connect(role_url("OWNER_DATABASE_URL", name)).await.unwrap();
    Migrator::up(&owner, None).await.unwrap();
}

/// One visitor. Redirects are not followed, so that tests see them.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    base: String,
    cookie: Option<String>,
}

pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// Statements the page took, as the product reports them.
    pub fn statements(&self) -> u32 {
        self.header("server-timing").split('"').nth(1).and_then(|n| n.parse().ok()).unwrap_or(u32::MAX)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

impl Client {
    pub fn new(base: &str, session: Option<&str>) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true).build().unwrap();
        Self { http, base: base.to_owned(), cookie: session.map(|token| format!("{}={token}", tenancy::access::SESSION_COOKIE)) }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream has no end to wait for.
        let is_stream = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        Answer { status, headers, body: if is_stream { String::new() } else { response.text().await.unwrap() } }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// As htmx asks: for the fragment.
    pub async fn get_fragment(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).header("hx-request", "true")).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", path).form(form)).await
    }

    /// As a script posts: wants JSON.
    pub async fn post_json(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request("POST", path).header("accept", "application/json").form(form)).await
    }
}
