//! 連携端末の鍵: a door for a machine of the clinic (資格確認端末), without session and without a person.
//!
//! The key names its clinic and carries 30 random bytes; only their hash is kept, and the first letters to tell keys apart. A key that
//! is unknown, revoked, or used from an address the clinic does not allow opens nothing and says nothing.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{DeviceId, TenantId};
use sea_orm::sea_query::{self, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, Iden, QueryResult};
use uuid::Uuid;

use crate::access::{RequestContext, context, gate, source_allowed};
use crate::tx::Actor;
use crate::versioned::sha256;
use crate::{AccessDenied, Error, Gate, RequestMeta, TenantPool, TenantTx};

const MARK: &str = "tsd_";
const SECRET: usize = 30;
/// Letters shown to tell keys apart: six of the thirty bytes.
const PREFIX: usize = MARK.len() + 8;
/// A contact is noted at most this often.
const NOTED_EVERY: TimeDelta = TimeDelta::seconds(20);

/// What the machine holds. Shown once, never logged.
pub struct DeviceKey {
    tenant_id: TenantId,
    secret: [u8; SECRET],
}

impl DeviceKey {
    #[allow(clippy::disallowed_methods)] // secrets are drawn in this crate
    pub fn draw(tenant_id: TenantId) -> Self {
        let mut secret = [0; SECRET];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut secret);
        Self { tenant_id, secret }
    }

    /// `None` for anything that cannot be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok().filter(|bytes| bytes.len() == SECRET + 16)?;
        let (secret, tenant) = bytes.split_at(SECRET);
        Some(Self { tenant_id: TenantId::new(Uuid::from_slice(tenant).ok()?), secret: secret.try_into().ok()? })
    }

    pub fn text(&self) -> String {
        format!("{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode([&self.secret[..], &self.tenant_id.as_uuid().as_bytes()[..]].concat()))
    }

    pub fn prefix(&self) -> String {
        self.text()[..PREFIX].to_owned()
    }

    pub fn hash(&self) -> Vec<u8> {
        sha256(&self.secret).to_vec()
    }
}

/// What a machine says of itself with every call.
struct Report {
    program: String,
    waiting: i32,
    aside: i32,
}

impl Report {
    fn of(req: &HttpRequest) -> Self {
        let text = |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let count = |name: &str| text(name).parse().unwrap_or(0).clamp(0, 1_000_000);
        Self {
            program: text("x-relay-version").chars().filter(char::is_ascii_graphic).take(40).collect(),
            waiting: count("x-relay-waiting"),
            aside: count("x-relay-aside"),
        }
    }
}

/// A machine with a good key; the clinic comes from the key.
pub struct DeviceAccess {
    pool: TenantPool,
    meta: RequestMeta,
    tenant_id: TenantId,
    device_id: DeviceId,
    /// The machine had not been heard of for a while.
    pub is_back: bool,
}

impl DeviceAccess {
    pub fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    pub fn device_id(&self) -> DeviceId {
        self.device_id
    }

    pub async fn begin(&self) -> Result<TenantTx, Error> {
        self.pool.begin(self.tenant_id, Actor::Device, self.meta.clone()).await
    }
}

impl FromRequest for DeviceAccess {
    type Error = AccessDenied;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AccessDenied>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { open(&req).await })
    }
}

/// Every way of not getting in is the same answer. Only wrong keys are counted: nobody guesses one, and a good one that is counted
/// first would be held back by calls that were cut off before the count was given back.
async fn open(req: &HttpRequest) -> Result<DeviceAccess, AccessDenied> {
    let (gate, context) = (gate(req)?, context(req)?);
    let given = req.headers().get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let Some(given) = given else { return Err(AccessDenied::Unauthenticated) };
    let account = format!("device/{}", hex::encode(sha256(given.as_bytes())));
    if gate.sessions().is_held_back(&account, &context.meta.source_ip).await? {
        return Err(AccessDenied::Unauthenticated);
    }
    let Some((key, tx, found)) = right(gate, &context, given).await? else {
        drop(gate.sessions().attempt(&account, &context.meta.source_ip).await?);
        return Err(AccessDenied::Unauthenticated);
    };
    let quiet_for = found.last_seen_at.map(|seen| tx.now() - seen);
    if quiet_for.is_none_or(|quiet| quiet >= NOTED_EVERY) {
        note(tx, found.id, &Report::of(req)).await?;
    }
    let is_back = quiet_for.is_none_or(|quiet| quiet >= NOTED_EVERY * 3);
    Ok(DeviceAccess {
        pool: gate.pool().clone(),
        meta: context.meta,
        tenant_id: key.tenant_id,
        device_id: DeviceId::new(found.id),
        is_back,
    })
}

/// The key, if it opens this door from where it is used.
async fn right(gate: &Gate, context: &RequestContext, given: &str) -> Result<Option<(DeviceKey, TenantTx, Found)>, Error> {
    let Some(key) = DeviceKey::parse(given) else { return Ok(None) };
    let tx = gate.pool().begin(key.tenant_id, Actor::Device, context.meta.clone()).await?;
    let found = find(&tx, &key).await?.filter(|found| source_allowed(&found.allowed, context.ip));
    Ok(found.map(|found| (key, tx, found)))
}

struct Found {
    id: Uuid,
    last_seen_at: Option<DateTime<Utc>>,
    allowed: Vec<String>,
}

async fn find(tx: &TenantTx, key: &DeviceKey) -> Result<Option<Found>, Error> {
    let tenant = key.tenant_id.as_uuid();
    let query = Query::select()
        .columns([(Device::Table, Device::Id), (Device::Table, Device::LastSeenAt)])
        .column(("tenant", "source_allow_list"))
        .from(Device::Table)
        .inner_join("tenant", Expr::col(("tenant", "id")).eq(tenant))
        .and_where(Expr::col((Device::Table, Device::TenantId)).eq(tenant))
        .and_where(Expr::col((Device::Table, Device::SecretSha256)).eq(key.hash()))
        .and_where(Expr::col((Device::Table, Device::RevokedAt)).is_null())
        .take();
    let read = |row: QueryResult| {
        Ok(Found {
            id: row.try_get("", "id")?,
            last_seen_at: row.try_get("", "last_seen_at")?,
            allowed: row.try_get("", "source_allow_list")?,
        })
    };
    tx.query_one(&query).await?.map(read).transpose()
}

/// The last contact. A sign of life is nobody's act, so it leaves no audit event; while nothing can be written it is left out.
async fn note(tx: TenantTx, id: Uuid, report: &Report) -> Result<(), Error> {
    if tx.is_read_only() {
        return Ok(());
    }
    let query = Query::update()
        .table(Device::Table)
        .value(Device::LastSeenAt, tx.now())
        .value(Device::Program, report.program.clone())
        .value(Device::Waiting, report.waiting)
        .value(Device::Aside, report.aside)
        .and_where(Expr::col(Device::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(Device::Id).eq(id))
        .take();
    tx.execute(&query).await?;
    tx.commit_sign_of_life().await
}

#[derive(Iden)]
enum Device {
    Table,
    TenantId,
    Id,
    SecretSha256,
    RevokedAt,
    LastSeenAt,
    Program,
    Waiting,
    Aside,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_is_one() {
        let key = DeviceKey::draw(TenantId::new(Uuid::from_u128(7)));
        let again = DeviceKey::parse(&key.text()).unwrap();
        assert_eq!((again.tenant_id, again.secret), (key.tenant_id, key.secret));
        assert!(key.text().starts_with(&key.prefix()) && key.prefix().len() == 12);
        assert_ne!(DeviceKey::draw(key.tenant_id).prefix(), key.prefix());
        for text in ["", "tsd_", &key.text()[4..], &key.text()[..40], &format!("{}AAAA", key.text()), "tsd_あいうえお"] {
            assert!(DeviceKey::parse(text).is_none(), "{text}");
        }
    }
}
