//! Sessions in Redis. Losing Redis signs people out and loses no text: drafts are in Postgres.
//!
//! A session is two keys under the hash of its token: the record, which ends absolutely, and an activity key that lives as long as
//! the idle limit and is renewed by what a person asks for, at most once in [`ACTIVITY_STEP_S`]. When it has gone the screen is locked
//! (GL-09).

use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use domain::{StaffId, TenantId};

use crate::versioned::sha256;
use crate::{Error, Principal};

/// A full sign-in lasts a working day and no longer.
pub const ABSOLUTE_S: u64 = 12 * 3600;
/// A screen may lock this much early, so that a page of many parts is noted once.
const ACTIVITY_STEP_S: i64 = 10;
/// Time to find the authenticator between two sign-in steps.
pub const PENDING_S: u64 = 600;

#[derive(Clone)]
pub struct Sessions {
    client: redis::Client,
    redis: ConnectionManager,
}

/// What a request finds behind its cookie.
pub enum Found {
    None,
    Active(Principal),
    /// Signed in, but idle too long or locked by hand.
    Locked(Principal),
}

/// The random value in the cookie. Only its hash is stored.
pub struct Token(SecretString);

impl Token {
    #[allow(clippy::disallowed_methods)]
    pub fn generate() -> Self {
        let mut bytes = [0u8; 32];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
        Self(hex::encode(bytes).into())
    }

    pub fn from_cookie(value: &str) -> Self {
        Self(value.to_owned().into())
    }

    pub fn cookie_value(&self) -> &str {
        self.0.expose_secret()
    }

    fn hash(&self) -> String {
        hex::encode(sha256(self.0.expose_secret().as_bytes()))
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    principal: Principal,
    locked: bool,
}

impl Sessions {
    /// Connects lazily and reconnects by itself.
    pub fn new(url: &str) -> Result<Self, Error> {
        let client = redis::Client::open(url).map_err(|_| Error::Internal("redis url cannot be parsed".into()))?;
        let redis = connect_lazily(&client)?;
        Ok(Self { client, redis })
    }

    /// The same store through a connection of its own, as [`crate::TenantPool::apart`].
    pub fn apart(&self) -> Result<Self, Error> {
        Ok(Self { redis: connect_lazily(&self.client)?, ..self.clone() })
    }

    pub async fn ping(&self) -> Result<(), Error> {
        redis::cmd("PING").exec_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.redis.clone()
    }

    /// One round trip, and a second when activity is due to be noted. `by_person` is false for polling, which must not keep an empty
    /// chair signed in.
    pub async fn find(&self, token: &Token, by_person: bool) -> Result<Found, Error> {
        let h = token.hash();
        let active = active_key(&h);
        let mut redis = self.redis.clone();
        let ((record, idle_s), left_ms): ((Option<String>, Option<i64>), i64) =
            redis::pipe().mget(&[record_key(&h), active.clone()]).pttl(&active).query_async(&mut redis).await?;
        let Some(Ok(record)) = record.map(|text| serde_json::from_str::<Record>(&text)) else { return Ok(Found::None) };
        let Some(idle_s) = idle_s.filter(|_| !record.locked) else { return Ok(Found::Locked(record.principal)) };
        if by_person && left_ms < (idle_s - ACTIVITY_STEP_S.min(idle_s / 20)) * 1000 {
            redis.expire::<_, ()>(&active, idle_s).await?;
        }
        Ok(Found::Active(record.principal))
    }

    /// Starts a session and says how many others the person has.
    pub async fn start(&self, mut principal: Principal) -> Result<(Token, Principal), Error> {
        let token = Token::generate();
        let h = token.hash();
        let everyone = person_key(principal.tenant_id, principal.staff_id);
        let mut redis = self.redis.clone();
        principal.other_sessions = self.live_sessions(&everyone).await?;
        let record = encode(&Record { principal: principal.clone(), locked: false })?;
        redis::pipe()
            .atomic()
            .set_ex(record_key(&h), record, ABSOLUTE_S)
            .set_ex(active_key(&h), principal.idle_lock_s, u64::from(principal.idle_lock_s))
            .sadd(&everyone, &h)
            .expire(&everyone, ABSOLUTE_S as i64)
            .exec_async(&mut redis)
            .await?;
        Ok((token, principal))
    }

    pub async fn count_of(&self, tenant: TenantId, staff: StaffId) -> Result<u32, Error> {
        self.live_sessions(&person_key(tenant, staff)).await
    }

    async fn live_sessions(&self, person: &str) -> Result<u32, Error> {
        let mut redis = self.redis.clone();
        let hashes: Vec<String> = redis.smembers(person).await?;
        let mut live = 0;
        for h in hashes {
            if redis.exists::<_, bool>(record_key(&h)).await? {
                live += 1;
            } else {
                redis.srem::<_, _, ()>(person, &h).await?;
            }
        }
        Ok(live)
    }

    pub async fn lock(&self, token: &Token) -> Result<(), Error> {
        let h = token.hash();
        self.rewrite(&h, |r| r.locked = true).await?;
        self.redis.clone().del::<_, ()>(active_key(&h)).await?;
        Ok(())
    }

    /// After the person has proved themselves again; `proved_at` when it was with more than a PIN. The absolute end stays.
    pub async fn unlock(&self, token: &Token, proved_at: Option<i64>) -> Result<(), Error> {
        let h = token.hash();
        let open = |r: &mut Record| {
            r.locked = false;
            r.principal.proved_at = proved_at.unwrap_or(r.principal.proved_at);
        };
        if let Some(record) = self.rewrite(&h, open).await? {
            let idle = record.principal.idle_lock_s;
            self.redis.clone().set_ex::<_, _, ()>(active_key(&h), idle, u64::from(idle)).await?;
        }
        Ok(())
    }

    async fn rewrite(&self, h: &str, change: impl FnOnce(&mut Record)) -> Result<Option<Record>, Error> {
        let mut redis = self.redis.clone();
        let Some(text) = redis.get::<_, Option<String>>(record_key(h)).await? else { return Ok(None) };
        let mut record: Record = serde_json::from_str(&text).map_err(Error::internal)?;
        change(&mut record);
        redis::cmd("SET").arg(record_key(h)).arg(encode(&record)?).arg("XX").arg("KEEPTTL").exec_async(&mut redis).await?;
        Ok(Some(record))
    }

    pub async fn end(&self, token: &Token) -> Result<(), Error> {
        let h = token.hash();
        self.redis.clone().del::<_, ()>(&[record_key(&h), active_key(&h)]).await?;
        Ok(())
    }

    /// Ends every session of the person but this one: after a changed password.
    pub async fn end_others(&self, tenant: TenantId, staff: StaffId, keep: &Token) -> Result<(), Error> {
        let mine = keep.hash();
        let mut redis = self.redis.clone();
        let hashes: Vec<String> = redis.smembers(person_key(tenant, staff)).await?;
        let keys: Vec<String> = hashes.iter().filter(|h| **h != mine).flat_map(|h| [record_key(h), active_key(h)]).collect();
        if !keys.is_empty() {
            redis.del::<_, ()>(&keys).await?;
        }
        Ok(())
    }

    /// Signs the person out on every device, at once.
    pub async fn end_all(&self, tenant: TenantId, staff: StaffId) -> Result<u32, Error> {
        let everyone = person_key(tenant, staff);
        let mut redis = self.redis.clone();
        let hashes: Vec<String> = redis.smembers(&everyone).await?;
        let mut keys = vec![everyone];
        keys.extend(hashes.iter().flat_map(|h| [record_key(h), active_key(h)]));
        redis.del::<_, ()>(&keys).await?;
        Ok(hashes.len() as u32)
    }

    /// From `at` (seconds since 1970) on, a PIN no longer brings the person back anywhere; a new full sign-in does.
    pub async fn forget_devices(&self, tenant: TenantId, staff: StaffId, at: i64) -> Result<(), Error> {
        self.redis.clone().set_ex::<_, _, ()>(forgotten_key(tenant, staff), at, ABSOLUTE_S).await?;
        Ok(())
    }

    /// For each person, in one round trip.
    pub async fn forgotten_at(&self, people: impl Iterator<Item = (TenantId, StaffId)>) -> Result<Vec<Option<i64>>, Error> {
        let keys: Vec<String> = people.map(|(tenant, staff)| forgotten_key(tenant, staff)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.redis.clone().mget(&keys).await?)
    }

    /// Changes what the open sessions of a person believe; used when the clinic's settings change.
    pub async fn refresh(&self, tenant: TenantId, staff: StaffId, change: impl Fn(&mut Principal)) -> Result<(), Error> {
        let hashes: Vec<String> = self.redis.clone().smembers(person_key(tenant, staff)).await?;
        for h in hashes {
            self.rewrite(&h, |record| change(&mut record.principal)).await?;
        }
        Ok(())
    }

    /// Keeps something small between two steps of a ceremony under a fresh token.
    pub async fn park<T: Serialize>(&self, kind: &str, value: &T, seconds: u64) -> Result<Token, Error> {
        let token = Token::generate();
        self.park_under(kind, &token, value, seconds).await?;
        Ok(token)
    }

    pub async fn park_under<T: Serialize>(&self, kind: &str, token: &Token, value: &T, seconds: u64) -> Result<(), Error> {
        self.redis.clone().set_ex::<_, _, ()>(format!("{kind}:{}", token.hash()), encode(value)?, seconds).await?;
        Ok(())
    }

    pub async fn parked<T: DeserializeOwned>(&self, kind: &str, token: &Token) -> Result<Option<T>, Error> {
        let text: Option<String> = self.redis.clone().get(format!("{kind}:{}", token.hash())).await?;
        Ok(text.and_then(|t| serde_json::from_str(&t).ok()))
    }

    /// Reads and removes, so that a challenge is answered once.
    pub async fn take_parked<T: DeserializeOwned>(&self, kind: &str, token: &Token) -> Result<Option<T>, Error> {
        let text: Option<String> = self.redis.clone().get_del(format!("{kind}:{}", token.hash())).await?;
        Ok(text.and_then(|t| serde_json::from_str(&t).ok()))
    }
}

fn connect_lazily(client: &redis::Client) -> Result<ConnectionManager, Error> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(Duration::from_secs(1)))
        .set_number_of_retries(1)
        .set_max_delay(Duration::from_millis(200));
    Ok(ConnectionManager::new_lazy_with_config(client.clone(), config)?)
}

fn record_key(h: &str) -> String {
    format!("session:{h}")
}

fn active_key(h: &str) -> String {
    format!("active:{h}")
}

fn person_key(tenant: TenantId, staff: StaffId) -> String {
    format!("sessions-of:{tenant}:{staff}")
}

fn forgotten_key(tenant: TenantId, staff: StaffId) -> String {
    format!("forgotten:{tenant}:{staff}")
}

fn encode<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}
