//! The clinic's connection to its receipt computer.

use std::collections::BTreeMap;
use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use tenancy::{Authorship, Error, TenantTx, versioned};

use super::entity::receipt_engine::{Column, Entity, Model};

pub const ON: &str = "on";
pub const OFF: &str = "off";
/// What the sealed bytes are for.
const PASSWORD: &str = "receipt_engine.password";

pub async fn find(tx: &TenantTx) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).one(tx).await?)
}

pub async fn password(tx: &TenantTx, engine: &Model) -> Result<String, Error> {
    String::from_utf8(tx.open(PASSWORD, &engine.password_sealed).await?).map_err(Error::internal)
}

/// As typed and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub is_on: bool,
    pub url: String,
    pub user_name: String,
    /// `None` keeps the one that is stored.
    pub password: Option<String>,
    pub department_code: String,
    pub physician_codes: BTreeMap<String, String>,
}

pub async fn keep(tx: &TenantTx, stored: Option<Model>, settings: Settings) -> Result<Model, Error> {
    let password_sealed = match (&settings.password, &stored) {
        (Some(password), _) => tx.seal(PASSWORD, password.as_bytes()).await?,
        (None, Some(row)) => row.password_sealed.clone(),
        (None, None) => return Err(Error::internal("a connection without a password")),
    };
    let own = tx.tenant_id().as_uuid();
    let row = Model {
        tenant_id: own,
        id: own,
        version: stored.as_ref().map_or(0, |row| row.version),
        recorded_at: tx.now(),
        author_id: own,
        entered_by_id: own,
        status: if settings.is_on { ON } else { OFF }.to_owned(),
        digest: Vec::new(),
        url: settings.url,
        user_name: settings.user_name,
        password_sealed,
        department_code: settings.department_code,
        physician_codes: json!(settings.physician_codes),
    };
    match stored {
        Some(_) => versioned::update(tx, row, Authorship::own(tx), "").await,
        None => versioned::insert(tx, row, Authorship::own(tx)).await,
    }
}

impl Model {
    pub fn is_on(&self) -> bool {
        self.status == ON
    }

    /// The receipt computer's code of that doctor.
    pub fn physician(&self, login_id: &str) -> Option<String> {
        self.physician_codes.get(login_id).and_then(|code| code.as_str()).map(str::to_owned)
    }
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    Unreadable,
    NotHttps,
    /// Addresses inside our own network.
    Inside,
}

/// A clinic names the address, our servers ask it: it must lead out of our own network. Only a machine that itself is not reached by
/// https (a demo, a test) may ask its own loopback.
pub fn check_url(url: &str, is_https_deployment: bool) -> Result<String, UrlError> {
    let read = reqwest::Url::parse(url.trim()).map_err(|_| UrlError::Unreadable)?;
    let host = read.host_str().ok_or(UrlError::Unreadable)?.trim_matches(['[', ']']).to_owned();
    if !read.username().is_empty() || read.password().is_some() || read.query().is_some() || read.fragment().is_some() {
        return Err(UrlError::Unreadable);
    }
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_loopback && !is_https_deployment {
        return Ok(read.as_str().trim_end_matches('/').to_owned());
    }
    if read.scheme() != "https" {
        return Err(UrlError::NotHttps);
    }
    let is_inside =
        is_loopback || host.parse::<IpAddr>().is_ok() || !host.contains('.') || host.ends_with(".internal") || host.ends_with(".local");
    if is_inside { Err(UrlError::Inside) } else { Ok(read.as_str().trim_end_matches('/').to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_outside_are_asked() {
        assert_eq!(check_url(" https://receipt.example.jp/api/ ", true).as_deref(), Ok("https://receipt.example.jp/api"));
        assert_eq!(check_url("http://receipt.example.jp", true), Err(UrlError::NotHttps));
        assert_eq!(check_url("nonsense", true), Err(UrlError::Unreadable));
        assert_eq!(check_url("https://user:pass@receipt.example.jp", true), Err(UrlError::Unreadable));
        for inside in [
            "https://127.0.0.1",
            "https://localhost",
            "https://10.0.0.1",
            "https://169.254.169.254",
            "https://[::1]",
            "https://db",
            "https://x.internal",
        ] {
            assert_eq!(check_url(inside, true), Err(UrlError::Inside), "{inside}");
        }
        assert!(check_url("http://127.0.0.1:8090/orca", false).is_ok());
    }
}
