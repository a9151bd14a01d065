//! The way to the national services: HTTPS with the client certificate of オンライン資格確認, a login whose token is kept while it
//! works, answers bounded in size, and every failure told apart by whether the question may have arrived.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use domain::outbox::Trouble;
use reqwest::{Certificate, Client, Identity, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::outbox::Outcome;

const ANSWER_MAX: usize = 5 * 1024 * 1024;
/// An answer takes three to seven seconds; who waits longer waits in vain.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[derive(Clone)]
pub struct NationalClient {
    http: Client,
    base: String,
    /// One for each service, as each has a login of its own.
    tokens: Arc<Mutex<HashMap<String, SecretString>>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer {
    pub trouble: Trouble,
    /// The question may have been taken all the same.
    pub may_have_arrived: bool,
}

impl From<NoAnswer> for Outcome {
    fn from(none: NoAnswer) -> Self {
        if none.may_have_arrived { Self::Unknown(none.trouble) } else { Self::Retry(none.trouble) }
    }
}

const fn before(trouble: Trouble) -> NoAnswer {
    NoAnswer { trouble, may_have_arrived: false }
}

const fn after(trouble: Trouble) -> NoAnswer {
    NoAnswer { trouble, may_have_arrived: true }
}

#[derive(Deserialize)]
struct Login {
    result: Token,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    id_token: String,
}

impl NationalClient {
    pub fn new(base: &str, client_pem: &Path, authority: &Path) -> anyhow::Result<Self> {
        let identity = Identity::from_pem(&std::fs::read(client_pem).context("資格確認用の電子証明書を読めません")?)?;
        let root = Certificate::from_pem(&std::fs::read(authority).context("国のサービスの認証局を読めません")?)?;
        let http = Client::builder().identity(identity).tls_certs_only([root]).https_only(true).build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), tokens: Arc::default() })
    }

    /// Is it there? No question is asked.
    pub async fn probe(&self) -> Result<(), Trouble> {
        self.probe_at("/healthz").await
    }

    /// One service of several at the same address.
    pub async fn probe_at(&self, path: &str) -> Result<(), Trouble> {
        let answer = self.http.get(format!("{}{path}", self.base)).timeout(std::time::Duration::from_secs(5)).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(status_trouble(answer.status())),
            Err(error) => Err(sending(&error).trouble),
        }
    }

    /// One question, within the time an answer takes.
    pub async fn ask(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, NoAnswer> {
        tokio::time::timeout(PATIENCE, self.asked(path, body)).await.unwrap_or(Err(after(Trouble::Timeout)))
    }

    /// A token that is no longer known is renewed once.
    async fn asked(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, NoAnswer> {
        for _ in 0..2 {
            let service = service_of(path);
            let token = self.token(service).await?;
            let request =
                self.http.post(format!("{}{path}", self.base)).bearer_auth(token.expose_secret()).header("content-type", "application/xml");
            let answer = request.body(body.clone()).send().await.map_err(|e| sending(&e))?;
            match answer.status() {
                StatusCode::UNAUTHORIZED => self.forget(service, &token).await,
                StatusCode::OK => return bounded(answer).await,
                status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => return Err(before(status_trouble(status))),
                status => return Err(after(status_trouble(status))),
            }
        }
        Err(before(Trouble::Failing))
    }

    /// Only the token that was refused: another question may have brought a new one meanwhile.
    async fn forget(&self, service: &str, refused: &SecretString) {
        let mut kept = self.tokens.lock().await;
        if kept.get(service).is_some_and(|token| token.expose_secret() == refused.expose_secret()) {
            kept.remove(service);
        }
    }

    async fn token(&self, service: &str) -> Result<SecretString, NoAnswer> {
        let mut kept = self.tokens.lock().await;
        if let Some(token) = kept.get(service) {
            return Ok(token.clone());
        }
        let answer = self.http.post(format!("{}/{service}/v1/login", self.base)).send().await.map_err(|e| before(sending(&e).trouble))?;
        if !answer.status().is_success() {
            return Err(before(status_trouble(answer.status())));
        }
        let login: Login = answer.json().await.map_err(|_| before(Trouble::Unreadable))?;
        let token = SecretString::from(login.result.id_token);
        kept.insert(service.to_owned(), token.clone());
        Ok(token)
    }
}

/// `/oqs/v1/…` → `oqs`
fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn status_trouble(status: StatusCode) -> Trouble {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Trouble::Busy,
        StatusCode::SERVICE_UNAVAILABLE => Trouble::Closed,
        _ => Trouble::Failing,
    }
}

/// A connection that was never made carried nothing.
fn sending(error: &reqwest::Error) -> NoAnswer {
    match error {
        e if e.is_connect() => before(Trouble::Unreachable),
        e if e.is_timeout() => after(Trouble::Timeout),
        _ => after(Trouble::Unreachable),
    }
}

async fn bounded(mut answer: reqwest::Response) -> Result<Vec<u8>, NoAnswer> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| after(Trouble::Unreachable))? {
        if bytes.len() + chunk.len() > ANSWER_MAX {
            return Err(after(Trouble::Unreadable));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
