//! One person at one browser: signs in as people do, keeps cookies, and asks again with the same form when nobody answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use reqwest::{Client, header, redirect};
use tokio::sync::{Mutex, RwLock};
use totp_rs::{Builder, Secret};

use loadtests::html::{self, Form};

const PATIENCE: Duration = Duration::from_secs(15);
/// Whatever was broken must work again within this time.
const GRACE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(400);
const STEP_S: u64 = 30;

/// What everybody shares: where the product is, and what was counted on the way.
pub struct Street {
    pub url: String,
    pub clinic: String,
    pub asked: AtomicUsize,
    pub repeated: AtomicUsize,
    pub signed_in: AtomicUsize,
}

pub struct Person {
    street: Arc<Street>,
    login: String,
    role: &'static str,
    password: String,
    secret: String,
    http: RwLock<Client>,
    /// The time step whose code was used last: a code works once.
    used: Mutex<u64>,
}

/// An answer the page gave; `again` says that it was not the first time of asking.
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub body: String,
    pub again: bool,
}

impl Answer {
    pub fn form(&self, action: &str) -> anyhow::Result<Form> {
        html::form(&self.body, action).with_context(|| format!("no form {action} on a page answered {}: {}", self.status, self.said()))
    }

    /// The page's own words, for a message.
    pub fn said(&self) -> String {
        let main = self.body.split("<main").nth(1).unwrap_or(&self.body);
        let mut is_tag = false;
        let words = main.chars().filter(|c| {
            is_tag = (is_tag || *c == '<') && *c != '>';
            !is_tag && *c != '>'
        });
        words.collect::<String>().split_whitespace().take(60).collect::<Vec<_>>().join(" ")
    }

    pub fn moved(self) -> anyhow::Result<String> {
        ensure!(self.status == 303, "answered {}: {}", self.status, self.said());
        Ok(self.location)
    }
}

impl Person {
    pub fn new(street: &Arc<Street>, login: &str, role: &'static str, password: &str, secret: &str) -> Self {
        Self {
            street: street.clone(),
            login: login.into(),
            role,
            password: password.into(),
            secret: secret.into(),
            http: RwLock::new(Client::new()),
            used: Mutex::new(0),
        }
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let answer = self.ask(|http, url| http.get(format!("{url}{path}"))).await?;
        ensure!(answer.status == 200, "{path} answered {}: {}", answer.status, answer.said());
        Ok(answer)
    }

    /// As htmx asks for a box of the page.
    pub async fn fragment(&self, path: &str) -> anyhow::Result<Answer> {
        let answer = self.ask(|http, url| http.get(format!("{url}{path}")).header("HX-Request", "true")).await?;
        ensure!(answer.status == 200, "{path} answered {}: {}", answer.status, answer.said());
        Ok(answer)
    }

    pub async fn send(&self, form: &Form) -> anyhow::Result<Answer> {
        self.ask(|http, url| http.post(format!("{url}{}", form.action)).form(form.fields())).await
    }

    /// As the page's script saves a section.
    pub async fn save(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.ask(|http, url| http.post(format!("{url}{path}")).header(header::ACCEPT, "application/json").form(fields)).await
    }

    pub async fn upload(&self, path: &str, name: &str, bytes: &[u8]) -> anyhow::Result<Answer> {
        self.ask(|http, url| {
            let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
            http.post(format!("{url}{path}")).multipart(reqwest::multipart::Form::new().part("file", part))
        })
        .await
    }

    /// Asks until somebody answers: the same question, with the same keys in it.
    async fn ask(&self, question: impl Fn(&Client, &str) -> reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let until = Instant::now() + GRACE;
        let mut again = false;
        loop {
            self.street.asked.fetch_add(1, Ordering::Relaxed);
            let http = self.http.read().await.clone();
            let (asked_by, sent) = (http.clone(), question(&http, &self.street.url).timeout(PATIENCE).send().await);
            drop(asked_by);
            if let Ok(sent) = sent {
                let status = sent.status().as_u16();
                let location = sent.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
                let is_out = status == 401
                    || status == 423
                    || (status == 303 && (location.starts_with("/login") || location.starts_with("/session")));
                match sent.text().await {
                    _ if is_out => drop(self.sign_in().await),
                    Ok(body) if status < 500 => return Ok(Answer { status, location, body, again }),
                    _ => {}
                }
            }
            ensure!(Instant::now() < until, "{} got no answer for {GRACE:?}", self.login);
            again = true;
            self.street.repeated.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One task signs in; the others wait and find the session made.
    pub async fn sign_in(&self) -> anyhow::Result<()> {
        let mut used = self.used.lock().await;
        if self.is_in().await {
            return Ok(());
        }
        let http = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).timeout(PATIENCE).build()?;
        let first = [("tenant_code", self.street.clinic.as_str()), ("login_id", &self.login), ("password", &self.password), ("next", "")];
        step(&http, &self.street.url, "/login", &first).await?;
        let code = self.fresh_code(&mut used).await?;
        step(&http, &self.street.url, "/login/second-factor", &[("method", "totp"), ("code", &code), ("next", "")]).await?;
        self.take_place(&http).await?;
        *self.http.write().await = http;
        self.street.signed_in.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn is_in(&self) -> bool {
        let http = self.http.read().await.clone();
        let answer = http.get(format!("{}/account", self.street.url)).timeout(PATIENCE).send().await;
        answer.is_ok_and(|a| a.status().as_u16() == 200 && a.url().path() == "/account")
    }

    async fn take_place(&self, http: &Client) -> anyhow::Result<()> {
        let page = http.get(format!("{}/login/place", self.street.url)).send().await?.error_for_status()?.text().await?;
        let form = html::form(&page, "/login/place").context("no place to choose")?;
        let place = form.choice("place", "診察室").or(form.choice("place", "受付")).unwrap_or_default().to_owned();
        let form = form.with("place", place).with("role", self.role);
        let fields: Vec<(&str, &str)> = form.fields().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        step(http, &self.street.url, "/login/place", &fields).await.map(drop)
    }

    async fn fresh_code(&self, used: &mut u64) -> anyhow::Result<String> {
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            if now / STEP_S > *used {
                *used = now / STEP_S;
                return code_of(&self.secret, now);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The first day of somebody new: a password of one's own, an authenticator, recovery codes, a place.
    pub async fn first_day(street: &Arc<Street>, login: &str, given: &str, own: &str) -> anyhow::Result<Self> {
        let http = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).timeout(PATIENCE).build()?;
        let first = [("tenant_code", street.clinic.as_str()), ("login_id", login), ("password", given), ("next", "")];
        let next = step(&http, &street.url, "/login", &first).await?;
        ensure!(next.starts_with("/login/password"), "a new person was sent to {next}");
        step(&http, &street.url, "/login/password", &[("new_password", own), ("confirmation", own), ("next", "")]).await?;
        let page = http.get(format!("{}/login/enrolment", street.url)).send().await?.text().await?;
        let secret = page.split("class=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).context("no secret to enrol")?;
        let secret: String = secret.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        step(&http, &street.url, "/login/enrolment", &[("code", &code_of(&secret, now)?), ("next", "")]).await?;
        http.get(format!("{}/login/recovery-codes", street.url)).send().await?.error_for_status()?;
        let person = Self::new(street, login, "doctor", own, &secret);
        *person.used.lock().await = now / STEP_S;
        person.take_place(&http).await?;
        *person.http.write().await = http;
        street.signed_in.fetch_add(1, Ordering::Relaxed);
        Ok(person)
    }
}

fn code_of(secret: &str, at: u64) -> anyhow::Result<String> {
    let secret = Secret::try_from_base32(secret).map_err(|_| anyhow::anyhow!("the TOTP secret is not base32"))?;
    Ok(Builder::new().with_secret(secret).build_noncompliant().generate(at).to_string())
}

/// Where the server sends us next.
async fn step(http: &Client, url: &str, path: &str, form: &[(&str, &str)]) -> anyhow::Result<String> {
    let answer = http.post(format!("{url}{path}")).form(form).send().await?;
    match answer.headers().get(header::LOCATION) {
        Some(to) => Ok(to.to_str()?.to_owned()),
        None => bail!("{path} answered {} and led nowhere", answer.status()),
    }
}
