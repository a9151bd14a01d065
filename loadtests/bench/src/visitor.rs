//! A person at a browser, as far as the server can tell: signs in with two factors and keeps the cookie.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::redirect::Policy;
use totp_rs::Builder;

/// The public secrets of the synthetic clinics.
const PASSWORD: &str = "Aizome-demo-2026!";
const TOTP_SECRET: &[u8] = b"Tsumugi-demo-secret!";

#[derive(Clone)]
pub struct Visitor {
    pub http: reqwest::Client,
    pub base: String,
    jar: Arc<Jar>,
}

impl Visitor {
    pub fn new(base: &str) -> anyhow::Result<Self> {
        let jar = Arc::new(Jar::default());
        let http = reqwest::Client::builder().redirect(Policy::none()).cookie_provider(jar.clone()).pool_max_idle_per_host(64).build()?;
        Ok(Self { http, base: base.to_owned(), jar })
    }

    /// `name=value` of the session, for a real browser.
    pub fn cookie(&self) -> anyhow::Result<String> {
        let held = self.jar.cookies(&self.base.parse()?).context("nobody is signed in")?;
        let session = held.to_str()?.split("; ").find(|cookie| cookie.starts_with("tsumugi_session=")).map(str::to_owned);
        session.context("no session")
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<String> {
        let response = self.http.get(format!("{}{path}", self.base)).send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            bail!("GET {path} answered {status}");
        }
        Ok(text)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<()> {
        let status = self.http.post(format!("{}{path}", self.base)).form(form).send().await?.status();
        if !status.is_redirection() {
            bail!("POST {path} answered {status}");
        }
        Ok(())
    }

    pub async fn sign_in(&self, tenant_code: &str) -> anyhow::Result<()> {
        self.post("/login", &[("tenant_code", tenant_code), ("login_id", "doctor"), ("password", PASSWORD)]).await?;
        self.post("/login/second-factor", &[("method", "totp"), ("code", &code()?)])
            .await
            .with_context(|| format!("signing in to {tenant_code}"))?;
        let places = self.get("/login/place").await?;
        let place = places.split("value=\"").find_map(|part| part.get(..36).filter(|id| id.bytes().filter(|b| *b == b'-').count() == 4));
        self.post("/login/place", &[("role", "doctor"), ("place", place.unwrap_or_default()), ("next", "/patients")]).await
    }
}

fn code() -> anyhow::Result<String> {
    let totp = Builder::new().with_secret(TOTP_SECRET.to_vec()).with_account_name("bench").build();
    let totp = totp.map_err(|e| anyhow::anyhow!("totp: {e:?}"))?;
    #[allow(clippy::disallowed_methods)] // the machine's clock is what an authenticator app goes by
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(totp.generate(now).to_string())
}
