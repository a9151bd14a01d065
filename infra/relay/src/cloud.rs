//! The product as the relay sees it: two doors, and for every answer what to do with the file.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;

use crate::Counts;
use crate::card::{Done, Job};
use crate::config::Config;
use crate::files;
use crate::spool::Held;

const PATIENCE: Duration = Duration::from_secs(30);
/// How long the product holds the question open, and a margin.
const LONG_POLL: Duration = Duration::from_secs(40);

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// The product has it, whatever it thinks of it.
    Done,
    /// Not now: away, busy, or the key is not accepted.
    Later,
    /// It will never be taken.
    Never,
}

/// A file to be written into `req`.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    pub id: String,
    pub name: String,
    content: String,
}

impl Request {
    pub fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.content).ok()
    }
}

/// May it be written now?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Go,
    /// Its time is over; somebody else has taken care of it.
    Gone,
    Later,
}

#[derive(Clone)]
pub struct Cloud {
    http: Client,
    base: String,
    key: String,
    counts: Arc<Counts>,
}

impl Cloud {
    pub fn new(config: &Config, counts: Arc<Counts>) -> anyhow::Result<Self> {
        let mut http = Client::builder().connect_timeout(Duration::from_secs(10));
        if let Some(file) = &config.ca_file {
            let pem = std::fs::read(file).with_context(|| format!("認証局のファイルを読めません: {}", file.display()))?;
            http = http.tls_certs_only([Certificate::from_pem(&pem).context("認証局のファイルを読めません")?]);
        }
        Ok(Self { http: http.build()?, base: config.url.trim_end_matches('/').to_owned(), key: config.device_key.clone(), counts })
    }

    fn request(&self, method: Method, path: &str, patience: Duration) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .timeout(patience)
            .bearer_auth(&self.key)
            .header("accept", "application/json")
            .header("x-relay-version", env!("CARGO_PKG_VERSION"))
            .header("x-relay-waiting", self.counts.waiting.load(Ordering::Relaxed))
            .header("x-relay-aside", self.counts.aside.load(Ordering::Relaxed))
    }

    pub async fn hand_over(&self, held: &Held) -> Handover {
        let request = self
            .request(Method::POST, "/relay/v1/files", PATIENCE)
            .header("x-relay-folder", &held.origin.folder)
            .header("x-relay-name", URL_SAFE_NO_PAD.encode(&held.origin.name))
            .header("x-relay-sha256", files::sha256(&held.bytes));
        match request.body(held.bytes.clone()).send().await {
            Ok(answer) => handover(answer.status()),
            Err(_) => Handover::Later,
        }
    }

    /// Holds the line until there is something to write; `None` when the product is not to be reached.
    pub async fn requests(&self) -> Option<Vec<Request>> {
        let answer = self.request(Method::GET, "/relay/v1/requests", LONG_POLL).send().await.ok()?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            tracing::error!("the device key is not accepted: issue a new one in 連携端末 and put it into the settings file");
        }
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }

    /// These certificates are in a reader: what is to be done with one; `None` when the product is not to be reached.
    pub async fn card(&self, certificates: Vec<String>) -> Option<Option<Job>> {
        #[derive(Deserialize)]
        struct Answer {
            job: Option<Job>,
        }
        let shown = serde_json::json!({ "certificates": certificates });
        let answer = self.request(Method::POST, "/relay/v1/cards", LONG_POLL).json(&shown).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        Some(answer.json::<Answer>().await.ok()?.job)
    }

    /// An answer that is lost makes the doctor press again; nothing is signed twice.
    pub async fn card_done(&self, job: &str, done: &Done) {
        let request = self.request(Method::POST, &format!("/relay/v1/signings/{job}"), PATIENCE).json(done);
        if request.send().await.is_err() {
            tracing::warn!("what a card signed could not be handed over");
        }
    }

    /// Asked right before the rename, so that what the product has given up is not written after all.
    pub async fn may_write(&self, id: &str) -> Leave {
        match self.request(Method::POST, &format!("/relay/v1/requests/{id}/receipt"), PATIENCE).send().await {
            Ok(answer) if answer.status().is_success() => Leave::Go,
            Ok(answer) if matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE) => Leave::Gone,
            _ => Leave::Later,
        }
    }
}

fn handover(status: StatusCode) -> Handover {
    match status {
        status if status.is_success() => Handover::Done,
        // A key may be renewed, a clock mended, a limit lifted.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Handover::Later,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => Handover::Never,
        _ => Handover::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_lets_a_file_go() {
        let code = |n: u16| handover(StatusCode::from_u16(n).unwrap());
        assert_eq!((code(200), code(413), code(422)), (Handover::Done, Handover::Never, Handover::Never));
        for later in [302, 401, 403, 404, 408, 429, 500, 502, 503] {
            assert_eq!(code(later), Handover::Later, "{later}");
        }
    }
}
