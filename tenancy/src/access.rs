//! `Access<P>`: who is asking, for which clinic, and that they may. It is an extractor, so a handler that names it cannot run
//! without it, and the only way to a [`TenantTx`] for a request.

use std::future::Future;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use domain::TenantId;
use uuid::Uuid;

use crate::permission::Permission;
use crate::session::{Found, Sessions, Token};
use crate::tx::Actor;
use crate::{Act, Audit, Clock, Error, InfoClass, Outcome, Principal, RequestMeta, TenantPool, TenantTx};

pub const SESSION_COOKIE: &str = "tsumugi_session";
/// Set by scripts that poll; such a request does not count as a person's activity.
pub const BACKGROUND_HEADER: &str = "x-background";

/// The pool and the sessions, put into the application once.
#[derive(Clone)]
pub struct Gate {
    pub(crate) pool: TenantPool,
    pub(crate) sessions: Sessions,
}

impl Gate {
    pub fn new(pool: TenantPool, sessions: Sessions) -> Self {
        Self { pool, sessions }
    }

    /// For one server thread: the same stores through connections of its own.
    pub fn apart(&self, max_connections: u32) -> Result<Self, Error> {
        Ok(Self { pool: self.pool.apart(max_connections), sessions: self.sessions.apart()? })
    }

    pub fn clock(&self) -> &Clock {
        self.pool.clock()
    }

    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub fn pool(&self) -> &TenantPool {
        &self.pool
    }

    /// Records that a signed-in person was refused (GL-15). `what` is a route pattern, never a path with ids.
    pub async fn record_refusal(&self, principal: &Principal, meta: RequestMeta, what: &str, status: StatusCode) -> Result<(), Error> {
        let tx = self.pool.begin(principal.tenant_id, Actor::Staff(principal.staff_id, principal.role), meta).await?;
        let audit =
            Audit::of(Act::View, InfoClass::Clinic).outcome(Outcome::Refused).detail("route", what).detail("status", status.as_u16());
        tx.commit(audit).await.map(drop)
    }
}

/// The request's id and peer, put into the request by the first middleware.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub meta: RequestMeta,
    pub ip: Option<IpAddr>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccessDenied {
    #[error("not signed in")]
    Unauthenticated,
    #[error("locked")]
    Locked(Box<Principal>),
    #[error("no permission {right}")]
    Forbidden { principal: Box<Principal>, right: &'static str },
    #[error("source address is not on the clinic's list")]
    Source,
    #[error(transparent)]
    Store(#[from] Error),
}

impl ResponseError for AccessDenied {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::Locked(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } | Self::Source => StatusCode::FORBIDDEN,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A signed-in person holding permission `P` in one clinic.
pub struct Access<P: Permission> {
    pool: TenantPool,
    principal: Principal,
    meta: RequestMeta,
    permission: PhantomData<P>,
}

impl<P: Permission> Access<P> {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn tenant_id(&self) -> TenantId {
        self.principal.tenant_id
    }

    pub fn clock(&self) -> &Clock {
        self.pool.clock()
    }

    pub fn request_id(&self) -> Uuid {
        self.meta.request_id
    }

    /// Opens the clinic's transaction. Call it after the input is read and parsed, so that a slow upload holds no connection.
    pub async fn begin(&self) -> Result<TenantTx, Error> {
        let actor = Actor::Staff(self.principal.staff_id, self.principal.role);
        self.pool.begin(self.principal.tenant_id, actor, self.meta.clone()).await
    }

    /// Does the same person also hold `Q`? For showing or hiding an act on a page.
    pub fn may<Q: Permission>(&self) -> bool {
        Q::RIGHT.is_open_to(&self.principal)
    }
}

impl<P: Permission> FromRequest for Access<P> {
    type Error = AccessDenied;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AccessDenied>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let gate = gate(&req)?;
            let context = context(&req)?;
            let mut principal = match find_session(&req, gate).await? {
                Found::None => return Err(AccessDenied::Unauthenticated),
                Found::Locked(principal) => return Err(AccessDenied::Locked(principal.into())),
                Found::Active(principal) => principal,
            };
            if principal.valid_to.is_some_and(|last| last < gate.clock().today_jst()) {
                return Err(AccessDenied::Unauthenticated);
            }
            if !source_allowed(&principal.source_allow_list, context.ip) {
                return Err(AccessDenied::Source);
            }
            if !P::RIGHT.is_open_to(&principal) {
                return Err(AccessDenied::Forbidden { principal: principal.into(), right: P::RIGHT.name });
            }
            principal.standing = gate.pool.standing().clone();
            Ok(Self { pool: gate.pool.clone(), principal, meta: context.meta, permission: PhantomData })
        })
    }
}

pub(crate) fn gate(req: &HttpRequest) -> Result<&Gate, AccessDenied> {
    req.app_data::<web::Data<Gate>>().map(|g| g.get_ref()).ok_or_else(|| Error::Internal("Gate is not configured".into()).into())
}

pub(crate) fn context(req: &HttpRequest) -> Result<RequestContext, AccessDenied> {
    req.extensions().get::<RequestContext>().cloned().ok_or_else(|| Error::Internal("no request context".into()).into())
}

async fn find_session(req: &HttpRequest, gate: &Gate) -> Result<Found, Error> {
    let Some(cookie) = req.cookie(SESSION_COOKIE) else { return Ok(Found::None) };
    let by_person = !req.headers().contains_key(BACKGROUND_HEADER);
    gate.sessions.find(&Token::from_cookie(cookie.value()), by_person).await
}

/// An empty list allows every address. Entries are addresses or `address/prefix`; one that cannot be read allows nothing.
pub fn source_allowed(list: &[String], ip: Option<IpAddr>) -> bool {
    if list.is_empty() {
        return true;
    }
    let Some(ip) = ip.map(|ip| ip.to_canonical()) else { return false };
    list.iter().any(|entry| network_contains(entry, ip).unwrap_or(false))
}

/// `None` when the entry is not an address range.
pub fn network_contains(entry: &str, ip: IpAddr) -> Option<bool> {
    let (address, prefix) = entry.split_once('/').map_or((entry, None), |(a, p)| (a, Some(p)));
    let network: IpAddr = address.trim().parse().ok()?;
    let width = if network.is_ipv4() { 32 } else { 128 };
    let prefix: u32 = prefix.map_or(Some(width), |p| p.trim().parse().ok())?;
    if prefix > width {
        return None;
    }
    let (a, b) = match (network, ip) {
        (IpAddr::V4(n), IpAddr::V4(i)) => (u128::from(n.to_bits()), u128::from(i.to_bits())),
        (IpAddr::V6(n), IpAddr::V6(i)) => (n.to_bits(), i.to_bits()),
        _ => return Some(false),
    };
    let shift = width - prefix;
    Some(shift == width || a >> shift == b >> shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_list_matches_ranges_and_fails_closed() {
        let ip = |s: &str| Some(s.parse().unwrap());
        assert!(source_allowed(&[], None));
        assert!(source_allowed(&["192.0.2.0/24".into()], ip("192.0.2.77")));
        assert!(source_allowed(&["192.0.2.0/24".into()], ip("::ffff:192.0.2.77")));
        assert!(!source_allowed(&["192.0.2.0/24".into()], ip("192.0.3.1")));
        assert!(source_allowed(&["2001:db8::/32".into()], ip("2001:db8::1")));
        assert!(!source_allowed(&["nonsense".into(), "192.0.2.0/99".into()], ip("192.0.2.1")));
        assert!(!source_allowed(&["192.0.2.1".into()], None));
    }
}
