//! HPKIカード: the key never leaves a card in a reader beside one of the clinic's 連携端末. The relay there asks for the PIN, keeps it
//! nowhere, and signs what we lay on the desk: digests, nothing of a patient. What comes back is verified with the very certificate
//! the doctor signed in with before it is believed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{StaffId, TenantId};
use serde::{Deserialize, Serialize};
use tenancy::Clock;
use tenancy::session::{Sessions, Token};
use uuid::Uuid;

use super::certificate::{Certificate, certificate_facts, in_force};
use super::document::Unsigned;
use super::refusal::SigningRefusal;
use super::revocation::Revocations;
use super::signer::{PrescriptionSigner, SeenCard, SigningSession};
use crate::live::{Live, Topic};

/// How long a page waits for a card that is unlocked already.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Long enough for a person to find their PIN.
const SIGN_IN_WAITS_S: u64 = 120;
const JOB_WAITS_S: u64 = 10;
const SEEN_FOR: TimeDelta = TimeDelta::seconds(40);
/// A signing session ends with the working day.
const LASTS_S: u64 = 12 * 3600;
const CHALLENGE: &str = "tsumugi sign-in ";

/// What a relay is asked to do with the card in its reader.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub id: Uuid,
    pub errand: Errand,
    /// What is signed, base64.
    pub content: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Ask for the PIN, then sign.
    SignIn,
    Sign,
    /// Forget the PIN's session.
    SignOut,
}

/// What a relay says of a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// base64; empty when there is none
    pub signature: String,
    /// `pin`, `locked`, `signed_out`, `card`
    pub refusal: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    fingerprint: String,
    certificate: String,
    at: DateTime<Utc>,
}

/// One doctor's session with one card.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    certificate: Vec<u8>,
    sign_in: Job,
    is_in: bool,
}

/// Where relays and pages leave notes for each other. Everything on it is gone after minutes.
#[derive(Clone)]
pub struct CardDesk {
    sessions: Sessions,
    clock: Clock,
    /// Tells the relays at once; without it they look by themselves.
    live: Option<Live>,
}

pub fn fingerprint(der: &[u8]) -> String {
    hex::encode(digest(&SHA256, der))
}

fn of(parts: &[&str]) -> Token {
    Token::from_cookie(&parts.join("/"))
}

impl CardDesk {
    pub fn new(sessions: Sessions, clock: Clock) -> Self {
        Self { sessions, clock, live: None }
    }

    #[must_use]
    pub fn telling(self, live: Live) -> Self {
        Self { live: Some(live), ..self }
    }

    /// A relay has this card in its reader.
    pub async fn see(&self, clinic: TenantId, der: &[u8]) -> Result<String, tenancy::Error> {
        let fingerprint = fingerprint(der);
        let mut seen = self.seen(clinic).await?;
        seen.retain(|card| card.fingerprint != fingerprint);
        seen.push(Seen { fingerprint: fingerprint.clone(), certificate: STANDARD.encode(der), at: self.clock.now() });
        self.sessions.park_under("card_seen", &of(&[&clinic.to_string()]), &seen, 60).await?;
        Ok(fingerprint)
    }

    async fn seen(&self, clinic: TenantId) -> Result<Vec<Seen>, tenancy::Error> {
        let seen: Vec<Seen> = self.sessions.parked("card_seen", &of(&[&clinic.to_string()])).await?.unwrap_or_default();
        let now = self.clock.now();
        Ok(seen.into_iter().filter(|card| now - card.at < SEEN_FOR).collect())
    }

    /// What waits for this card; taken once.
    pub async fn job(&self, clinic: TenantId, fingerprint: &str) -> Result<Option<Job>, tenancy::Error> {
        self.sessions.take_parked("card_job", &of(&[&clinic.to_string(), fingerprint])).await
    }

    pub async fn done(&self, clinic: TenantId, job: Uuid, done: &Done) -> Result<(), tenancy::Error> {
        self.sessions.park_under("card_done", &of(&[&clinic.to_string(), &job.to_string()]), done, SIGN_IN_WAITS_S).await
    }

    async fn ask(&self, clinic: TenantId, fingerprint: &str, job: &Job) -> Result<(), SigningRefusal> {
        let waits = if job.errand == Errand::Sign { JOB_WAITS_S } else { SIGN_IN_WAITS_S };
        let key = of(&[&clinic.to_string(), fingerprint]);
        self.sessions.park_under("card_job", &key, job, waits).await.map_err(|_| SigningRefusal::Away)?;
        if let Some(live) = &self.live {
            live.announce(clinic, Topic::Request);
        }
        Ok(())
    }

    async fn answer(&self, clinic: TenantId, job: Uuid) -> Result<Option<Done>, SigningRefusal> {
        let key = of(&[&clinic.to_string(), &job.to_string()]);
        self.sessions.take_parked("card_done", &key).await.map_err(|_| SigningRefusal::Away)
    }
}

impl Done {
    /// The signature over `content`, by this key and no other.
    fn signature(&self, content: &[u8], public_key: &[u8]) -> Result<Vec<u8>, SigningRefusal> {
        match self.refusal.as_str() {
            "" => {}
            "pin" => return Err(SigningRefusal::Pin),
            "locked" => return Err(SigningRefusal::Locked),
            "signed_out" => return Err(SigningRefusal::SessionEnded),
            _ => return Err(SigningRefusal::Module),
        }
        let value = STANDARD.decode(&self.signature).map_err(|_| SigningRefusal::Module)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key);
        key.verify(content, &value).map_err(|_| SigningRefusal::OtherDocument)?;
        Ok(value)
    }
}

pub struct CardSigner {
    desk: CardDesk,
    revocations: Revocations,
}

impl CardSigner {
    pub fn new(desk: CardDesk, revocations: Revocations) -> Self {
        Self { desk, revocations }
    }

    /// In force, a doctor's, and not revoked.
    async fn judge(&self, der: Vec<u8>, at: DateTime<Utc>) -> Result<(Certificate, Vec<u8>), SigningRefusal> {
        self.revocations.check(&der, at).await?;
        in_force(der, at)
    }

    fn key(clinic: TenantId, doctor: StaffId) -> Token {
        of(&[&clinic.to_string(), &doctor.to_string()])
    }

    async fn kept(&self, clinic: TenantId, doctor: StaffId) -> Result<Option<Kept>, SigningRefusal> {
        self.desk.sessions.parked("card_session", &Self::key(clinic, doctor)).await.map_err(|_| SigningRefusal::Away)
    }

    async fn keep(&self, clinic: TenantId, doctor: StaffId, kept: &Kept) -> Result<(), SigningRefusal> {
        self.desk.sessions.park_under("card_session", &Self::key(clinic, doctor), kept, LASTS_S).await.map_err(|_| SigningRefusal::Away)
    }

    async fn drop_session(&self, clinic: TenantId, doctor: StaffId) -> Result<Option<Kept>, SigningRefusal> {
        self.desk.sessions.take_parked("card_session", &Self::key(clinic, doctor)).await.map_err(|_| SigningRefusal::Away)
    }
}

#[async_trait]
impl PrescriptionSigner for CardSigner {
    async fn session(&self, clinic: TenantId, doctor: StaffId) -> Result<SigningSession, SigningRefusal> {
        let is_in = self.kept(clinic, doctor).await?.is_some_and(|kept| kept.is_in);
        Ok(if is_in { SigningSession::In } else { SigningSession::Out })
    }

    async fn cards(&self, clinic: TenantId) -> Result<Vec<SeenCard>, SigningRefusal> {
        let now = self.desk.clock.now();
        let mut cards = Vec::new();
        for seen in self.desk.seen(clinic).await.map_err(|_| SigningRefusal::Away)? {
            let Ok(der) = STANDARD.decode(&seen.certificate) else { continue };
            let Some(facts) = certificate_facts(&der) else { continue };
            let refusal = self.judge(der, now).await.err();
            cards.push(SeenCard { fingerprint: seen.fingerprint, subject: facts.subject, valid_to: facts.valid_to, refusal });
        }
        Ok(cards)
    }

    async fn begin_with_card(&self, clinic: TenantId, doctor: StaffId, fingerprint: &str) -> Result<(), SigningRefusal> {
        let seen = self.desk.seen(clinic).await.map_err(|_| SigningRefusal::Away)?;
        let card = seen.into_iter().find(|card| card.fingerprint == fingerprint).ok_or(SigningRefusal::NoKey)?;
        let der = STANDARD.decode(&card.certificate).map_err(|_| SigningRefusal::BadKey)?;
        self.judge(der.clone(), self.desk.clock.now()).await?;
        let id = job_id();
        let sign_in = Job { id, errand: Errand::SignIn, content: STANDARD.encode(format!("{CHALLENGE}{id}")) };
        self.keep(clinic, doctor, &Kept { certificate: der, sign_in: sign_in.clone(), is_in: false }).await?;
        self.desk.ask(clinic, fingerprint, &sign_in).await
    }

    /// Proof that the card opened: its signature over the challenge.
    async fn finish_session(&self, clinic: TenantId, doctor: StaffId) -> Result<bool, SigningRefusal> {
        let Some(kept) = self.kept(clinic, doctor).await? else { return Ok(false) };
        if kept.is_in {
            return Ok(true);
        }
        let Some(done) = self.desk.answer(clinic, kept.sign_in.id).await? else { return Ok(false) };
        let (_, public_key) = self.judge(kept.certificate.clone(), self.desk.clock.now()).await?;
        done.signature(format!("{CHALLENGE}{}", kept.sign_in.id).as_bytes(), &public_key)?;
        self.keep(clinic, doctor, &Kept { is_in: true, ..kept }).await?;
        Ok(true)
    }

    async fn end_session(&self, clinic: TenantId, doctor: StaffId) -> Result<(), SigningRefusal> {
        let Some(kept) = self.drop_session(clinic, doctor).await? else { return Ok(()) };
        let job = Job { id: job_id(), errand: Errand::SignOut, content: String::new() };
        self.desk.ask(clinic, &fingerprint(&kept.certificate), &job).await
    }

    async fn sign(&self, clinic: TenantId, doctor: StaffId, csv: &str, at: DateTime<Utc>) -> Result<String, SigningRefusal> {
        let kept = self.kept(clinic, doctor).await?.filter(|kept| kept.is_in).ok_or(SigningRefusal::SignedOut)?;
        let card = fingerprint(&kept.certificate);
        let (certificate, public_key) = self.judge(kept.certificate, at).await?;
        let unsigned = Unsigned::new(csv, &certificate, at);
        let job = Job { id: job_id(), errand: Errand::Sign, content: STANDARD.encode(unsigned.signed_info()) };
        self.desk.ask(clinic, &card, &job).await?;
        let end = tokio::time::Instant::now() + PATIENCE;
        let done = loop {
            if let Some(done) = self.desk.answer(clinic, job.id).await? {
                break done;
            }
            if tokio::time::Instant::now() >= end {
                return Err(SigningRefusal::Away);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let value = done.signature(unsigned.signed_info(), &public_key);
        if value == Err(SigningRefusal::SessionEnded) {
            self.drop_session(clinic, doctor).await?;
        }
        Ok(unsigned.finish(&value?))
    }
}

/// Both ways beside each other: a card that is unlocked signs, otherwise what the deployment has.
pub struct Signers {
    pub card: CardSigner,
    pub other: Arc<dyn PrescriptionSigner>,
}

impl Signers {
    async fn by_card(&self, clinic: TenantId, doctor: StaffId) -> Result<bool, SigningRefusal> {
        Ok(self.card.session(clinic, doctor).await?.is_in())
    }
}

#[async_trait]
impl PrescriptionSigner for Signers {
    fn has_service(&self) -> bool {
        self.other.has_service()
    }

    async fn session(&self, clinic: TenantId, doctor: StaffId) -> Result<SigningSession, SigningRefusal> {
        if self.by_card(clinic, doctor).await? {
            return Ok(SigningSession::In);
        }
        if self.other.is_on() { self.other.session(clinic, doctor).await } else { Ok(SigningSession::Out) }
    }

    async fn begin_session(&self, clinic: TenantId, doctor: StaffId) -> Result<Option<String>, SigningRefusal> {
        self.other.begin_session(clinic, doctor).await
    }

    async fn finish_session(&self, clinic: TenantId, doctor: StaffId) -> Result<bool, SigningRefusal> {
        Ok(self.card.finish_session(clinic, doctor).await? || self.other.finish_session(clinic, doctor).await?)
    }

    async fn end_session(&self, clinic: TenantId, doctor: StaffId) -> Result<(), SigningRefusal> {
        self.card.end_session(clinic, doctor).await?;
        self.other.end_session(clinic, doctor).await
    }

    async fn cards(&self, clinic: TenantId) -> Result<Vec<SeenCard>, SigningRefusal> {
        self.card.cards(clinic).await
    }

    async fn begin_with_card(&self, clinic: TenantId, doctor: StaffId, fingerprint: &str) -> Result<(), SigningRefusal> {
        self.card.begin_with_card(clinic, doctor, fingerprint).await
    }

    async fn sign(&self, clinic: TenantId, doctor: StaffId, csv: &str, at: DateTime<Utc>) -> Result<String, SigningRefusal> {
        match self.by_card(clinic, doctor).await? {
            true => self.card.sign(clinic, doctor, csv, at).await,
            false if self.other.is_on() => self.other.sign(clinic, doctor, csv, at).await,
            false => Err(SigningRefusal::SignedOut),
        }
    }
}

/// Of a job that lives seconds in Redis and in no table.
#[allow(clippy::disallowed_methods)]
fn job_id() -> Uuid {
    Uuid::now_v7()
}
