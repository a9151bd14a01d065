//! カードレス署名: the doctor signs in at the key service (HPKIカード, マイナンバーカード or FIDO, as the service offers), and for the rest
//! of that session the service signs with the doctor's key. We hold a token, never a key.
//!
//! What comes back is not believed: it must carry exactly the records that were sent, and a doctor's certificate in force. Addresses
//! and fields are the ones in use; `state`, which ties a sign-in to one person, is ours until the specification is at hand.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::{StaffId, TenantId};
use reqwest::{Certificate, Client};
use serde::{Deserialize, Serialize};
use tenancy::session::{Sessions, Token};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate::{certificate_of, check};
use super::refusal::SigningRefusal;
use super::signer::{PrescriptionSigner, SigningSession};

const PATIENCE: Duration = Duration::from_secs(5);
/// A signing session ends with the working day, whatever the service says.
const LASTS_S: u64 = 12 * 3600;
const KIND: &str = "cardless";
const ANSWER_MAX: usize = 1024 * 1024;

pub struct Cardless {
    http: Client,
    base: String,
    sessions: Sessions,
}

/// What is known of one person's session there.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    state: String,
    token: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    result: bool,
    #[serde(default)]
    source: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignQuestion<'a> {
    token: &'a str,
    csv_data: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SignAnswer {
    is_success: bool,
    signed_xml_data: String,
    error_code: String,
}

impl Cardless {
    /// `authority` where the service's certificate comes from a private one.
    pub fn new(base: &str, authority: Option<&Path>, sessions: Sessions) -> anyhow::Result<Self> {
        // A token never crosses a network unprotected.
        if !["https://", "http://127.0.0.1:", "http://localhost:"].iter().any(|start| base.starts_with(start)) {
            bail!("TSUMUGI_CARDLESS_URL は https:// で始めてください");
        }
        let mut http = Client::builder().timeout(PATIENCE);
        if let Some(file) = authority {
            http = http.tls_certs_only([Certificate::from_pem(&std::fs::read(file)?).context("カードレス署名の認証局を読めません")?]);
        }
        Ok(Self { http: http.build()?, base: base.trim_end_matches('/').to_owned(), sessions })
    }

    async fn kept(&self, clinic: TenantId, doctor: StaffId) -> Result<Option<Kept>, SigningRefusal> {
        self.sessions.parked(KIND, &key(clinic, doctor)).await.map_err(|_| SigningRefusal::Away)
    }

    async fn keep(&self, clinic: TenantId, doctor: StaffId, kept: &Kept) -> Result<(), SigningRefusal> {
        self.sessions.park_under(KIND, &key(clinic, doctor), kept, LASTS_S).await.map_err(|_| SigningRefusal::Away)
    }

    async fn ask(&self, token: &str, csv: &str) -> Result<SignAnswer, SigningRefusal> {
        let question = SignQuestion { token, csv_data: STANDARD.encode(csv) };
        let request = self.http.post(format!("{}/signature/prescription/sign", self.base)).json(&question);
        let answer = request.send().await.map_err(|_| SigningRefusal::Away)?;
        let bytes = answer.bytes().await.map_err(|_| SigningRefusal::Away)?;
        if bytes.len() > ANSWER_MAX {
            return Err(SigningRefusal::Module);
        }
        serde_json::from_slice(&bytes).map_err(|_| SigningRefusal::Module)
    }
}

/// One person in one clinic.
fn key(clinic: TenantId, doctor: StaffId) -> Token {
    Token::from_cookie(&format!("{clinic}/{doctor}"))
}

#[async_trait]
impl PrescriptionSigner for Cardless {
    fn has_service(&self) -> bool {
        true
    }

    async fn session(&self, clinic: TenantId, doctor: StaffId) -> Result<SigningSession, SigningRefusal> {
        let is_in = self.kept(clinic, doctor).await?.is_some_and(|kept| !kept.token.is_empty());
        Ok(if is_in { SigningSession::In } else { SigningSession::Out })
    }

    async fn begin_session(&self, clinic: TenantId, doctor: StaffId) -> Result<Option<String>, SigningRefusal> {
        let state = Token::generate().cookie_value().to_owned();
        self.keep(clinic, doctor, &Kept { state: state.clone(), token: String::new() }).await?;
        Ok(Some(format!("{}/auth/login?secondarycert-id=main&state={state}", self.base)))
    }

    async fn finish_session(&self, clinic: TenantId, doctor: StaffId) -> Result<bool, SigningRefusal> {
        let Some(kept) = self.kept(clinic, doctor).await? else { return Ok(false) };
        let request = self.http.get(format!("{}/token", self.base)).query(&[("secondarycert-id", "main"), ("state", &kept.state)]);
        let answer: TokenAnswer =
            request.send().await.map_err(|_| SigningRefusal::Away)?.json().await.map_err(|_| SigningRefusal::Module)?;
        if !answer.result || answer.source.is_empty() {
            return Ok(false);
        }
        self.keep(clinic, doctor, &Kept { token: answer.source, ..kept }).await?;
        Ok(true)
    }

    /// The token is forgotten; the service ends its session by itself.
    async fn end_session(&self, clinic: TenantId, doctor: StaffId) -> Result<(), SigningRefusal> {
        self.sessions.take_parked::<Kept>(KIND, &key(clinic, doctor)).await.map(drop).map_err(|_| SigningRefusal::Away)
    }

    async fn sign(&self, clinic: TenantId, doctor: StaffId, csv: &str, at: DateTime<Utc>) -> Result<String, SigningRefusal> {
        let kept = self.kept(clinic, doctor).await?.filter(|kept| !kept.token.is_empty()).ok_or(SigningRefusal::SignedOut)?;
        let answer = self.ask(&kept.token, csv).await?;
        if !answer.is_success {
            let refusal = refusal_of(&answer.error_code);
            if refusal == SigningRefusal::SessionEnded {
                self.keep(clinic, doctor, &Kept { token: String::new(), ..kept }).await?;
            }
            return Err(refusal);
        }
        let xml =
            STANDARD.decode(&answer.signed_xml_data).ok().and_then(|xml| String::from_utf8(xml).ok()).ok_or(SigningRefusal::Module)?;
        believe(&xml, csv, at)?;
        Ok(xml)
    }
}

/// The codes are the simulator's until the service's list is at hand; an unknown one is the service's own trouble.
fn refusal_of(code: &str) -> SigningRefusal {
    match code {
        "SIMH001E" | "SIMH002E" => SigningRefusal::SessionEnded,
        "SIMH004E" => SigningRefusal::Revoked,
        _ => SigningRefusal::Module,
    }
}

/// The very records we sent, once, and under them a doctor's certificate in force.
fn believe(xml: &str, csv: &str, at: DateTime<Utc>) -> Result<(), SigningRefusal> {
    let ours = format!("<PrescriptionDocument id=\"PrescriptionDocument\">{}</PrescriptionDocument>", STANDARD.encode(csv));
    if xml.matches(&ours).count() != 1 || xml.matches("<PrescriptionDocument").count() != 1 {
        return Err(SigningRefusal::OtherDocument);
    }
    let der = certificate_of(xml).ok_or(SigningRefusal::BadKey)?;
    let (_, read) = X509Certificate::from_der(&der).map_err(|_| SigningRefusal::BadKey)?;
    check(&read, at)
}
