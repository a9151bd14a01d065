//! The demo's doctors, signing in again whenever the sessions are gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, StatusCode, header, redirect};
use tokio::sync::{Mutex, RwLock};
use totp_rs::{Builder, Secret, Totp};

const PATIENCE: Duration = Duration::from_secs(15);
const STEP_S: u64 = 30;
const LOGINS: [&str; 2] = ["doctor", "director"];

pub struct Doctors {
    url: String,
    password: String,
    totp: Arc<Totp>,
    known: std::sync::Mutex<HashMap<(String, usize), Arc<Doctor>>>,
    retries: Arc<AtomicUsize>,
    unanswered: Arc<AtomicUsize>,
}

/// One account and its session; several writers share it.
pub struct Doctor {
    pub url: String,
    clinic: String,
    login: &'static str,
    password: String,
    totp: Arc<Totp>,
    http: RwLock<Client>,
    /// The time step whose code was used last: a code works once.
    used: Mutex<u64>,
    retries: Arc<AtomicUsize>,
    unanswered: Arc<AtomicUsize>,
}

impl Doctors {
    pub fn new(url: &str, password: &str, totp_secret: &str) -> anyhow::Result<Self> {
        let secret = Secret::try_from_base32(totp_secret).map_err(|_| anyhow::anyhow!("the TOTP secret is not base32"))?;
        let totp = Builder::new().with_secret(secret).build_noncompliant();
        Ok(Self {
            url: url.into(),
            password: password.into(),
            totp: totp.into(),
            known: Default::default(),
            retries: Default::default(),
            unanswered: Default::default(),
        })
    }

    pub fn of(&self, clinic: &str, number: usize) -> Arc<Doctor> {
        let which = number % LOGINS.len();
        let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let made = || Doctor {
            url: self.url.clone(),
            clinic: clinic.to_owned(),
            login: LOGINS[which],
            password: self.password.clone(),
            totp: self.totp.clone(),
            http: RwLock::new(Client::new()),
            used: Mutex::new(0),
            retries: self.retries.clone(),
            unanswered: self.unanswered.clone(),
        };
        known.entry((clinic.to_owned(), which)).or_insert_with(|| made().into()).clone()
    }

    pub fn retries(&self) -> usize {
        self.retries.load(Ordering::Relaxed)
    }

    /// Saves nobody answered, or that were answered with a failure.
    pub fn unanswered(&self) -> usize {
        self.unanswered.load(Ordering::Relaxed)
    }
}

impl Doctor {
    pub async fn http(&self) -> Client {
        self.http.read().await.clone()
    }

    pub fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count_silence(&self) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
    }

    /// One writer signs in; the others wait and find the session made.
    pub async fn sign_in(&self) -> anyhow::Result<()> {
        let mut used = self.used.lock().await;
        if self.is_signed_in().await {
            return Ok(());
        }
        let http = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).timeout(PATIENCE).build()?;
        let password = [("tenant_code", self.clinic.as_str()), ("login_id", self.login), ("password", &self.password), ("next", "")];
        self.step(&http, "/login", &password).await?;
        let code = self.fresh_code(&mut used).await?;
        let place = self.step(&http, "/login/second-factor", &[("method", "totp"), ("code", &code), ("next", "")]).await?;
        if place.contains("/login/place") {
            let page = http.get(format!("{}{place}", self.url)).send().await?.error_for_status()?.text().await?;
            let place = first_option(&page).context("no place to choose")?;
            self.step(&http, "/login/place", &[("place", place), ("role", "doctor"), ("next", "")]).await?;
        }
        *self.http.write().await = http;
        Ok(())
    }

    async fn is_signed_in(&self) -> bool {
        let answer = self.http().await.get(format!("{}/patients", self.url)).timeout(PATIENCE).send().await;
        answer.is_ok_and(|a| a.status() == StatusCode::OK && a.url().path() == "/patients")
    }

    /// Where the server sends us next.
    async fn step(&self, http: &Client, path: &str, form: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = http.post(format!("{}{path}", self.url)).form(form).send().await?;
        location(&answer).with_context(|| format!("{path} answered {}", answer.status()))
    }

    async fn fresh_code(&self, used: &mut u64) -> anyhow::Result<String> {
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            if now / STEP_S > *used {
                *used = now / STEP_S;
                return Ok(self.totp.generate(now).to_string());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

fn location(answer: &Response) -> anyhow::Result<String> {
    match answer.headers().get(header::LOCATION) {
        Some(to) => Ok(to.to_str()?.to_owned()),
        None => bail!("the server went no further"),
    }
}

/// The value of the first choice in a `<select>`.
fn first_option(page: &str) -> Option<&str> {
    page.split("<option value=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(value, _)| value).find(|value| !value.is_empty())
}
