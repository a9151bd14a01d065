//! A request from somebody who is not signed in, or not for the moment: what the sign-in steps need, and the cookies they set.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use tenancy::access::{RequestContext, SESSION_COOKIE};
use tenancy::keys::Keyring;
use tenancy::session::{ABSOLUTE_S, Found, PENDING_S, Token};
use tenancy::sign_in::{Pending, SignIn, Step};
use tenancy::{Principal, RequestMeta};
use uuid::Uuid;

use crate::error::AppError;
use crate::web::PublicPage;
use crate::web::context::Deployment;

const PENDING_COOKIE: &str = "tsumugi_sign_in";
const DEVICE_COOKIE: &str = "tsumugi_device";
const PLACE_COOKIE: &str = "tsumugi_place";
const YEAR_S: i64 = 365 * 24 * 3600;

pub struct Visitor {
    pub sign_in: web::Data<SignIn>,
    pub keyring: web::Data<Keyring>,
    pub webauthn: web::Data<webauthn_rs::Webauthn>,
    pub meta: RequestMeta,
    pub ip: Option<IpAddr>,
    /// Nobody outside can tell a decoy made with it from a real key's id.
    pub decoy_key: String,
    is_https: bool,
    req: HttpRequest,
}

impl FromRequest for Visitor {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(req).ok_or_else(|| AppError::internal("the sign-in parts are not configured")))
    }
}

impl Visitor {
    fn read(req: &HttpRequest) -> Option<Self> {
        let context = req.extensions().get::<RequestContext>().cloned()?;
        Some(Self {
            sign_in: req.app_data::<web::Data<SignIn>>()?.clone(),
            keyring: req.app_data::<web::Data<Keyring>>()?.clone(),
            webauthn: req.app_data::<web::Data<webauthn_rs::Webauthn>>()?.clone(),
            meta: context.meta,
            ip: context.ip,
            decoy_key: req.app_data::<web::Data<Deployment>>()?.decoy_key.clone(),
            is_https: req.app_data::<web::Data<Deployment>>()?.is_https,
            req: req.clone(),
        })
    }

    fn cookie(&self, name: &str) -> Option<String> {
        self.req.cookie(name).map(|c| c.value().to_owned()).filter(|v| !v.is_empty())
    }

    pub fn pending_token(&self) -> Option<Token> {
        self.cookie(PENDING_COOKIE).map(|v| Token::from_cookie(&v))
    }

    /// The person between two steps; without one the way starts again.
    pub async fn pending(&self) -> Result<Option<(Token, Pending)>, AppError> {
        let Some(token) = self.pending_token() else { return Ok(None) };
        Ok(self.sign_in.find_pending(&token).await?.map(|pending| (token, pending)))
    }

    /// The pending person, if this is the step they are at.
    pub async fn at(&self, step: Step) -> Result<Result<(Token, Pending), PublicPage>, AppError> {
        Ok(match self.pending().await? {
            Some((token, pending)) if pending.step() == step => Ok((token, pending)),
            Some((_, pending)) => Err(PublicPage::redirect(path_of(pending.step()))),
            None => Err(PublicPage::redirect("/login?ended=expired")),
        })
    }

    /// The session behind the cookie, locked or not.
    pub async fn session(&self) -> Result<Option<(Token, Principal)>, AppError> {
        let Some(token) = self.cookie(SESSION_COOKIE).map(|v| Token::from_cookie(&v)) else { return Ok(None) };
        Ok(match self.sign_in.sessions().find(&token, false).await? {
            Found::Active(principal) | Found::Locked(principal) => Some((token, principal)),
            Found::None => None,
        })
    }

    pub fn device(&self) -> Option<Uuid> {
        self.cookie(DEVICE_COOKIE).and_then(|v| v.parse().ok())
    }

    pub fn last_place(&self) -> Option<String> {
        self.cookie(PLACE_COOKIE)
    }

    pub fn pending_cookie(&self, token: &Token) -> Cookie<'static> {
        self.make(PENDING_COOKIE, token.cookie_value().to_owned(), PENDING_S as i64)
    }

    pub fn session_cookie(&self, token: &Token) -> Cookie<'static> {
        self.make(SESSION_COOKIE, token.cookie_value().to_owned(), ABSOLUTE_S as i64)
    }

    pub fn device_cookie(&self, device: Uuid) -> Cookie<'static> {
        self.make(DEVICE_COOKIE, device.to_string(), YEAR_S)
    }

    pub fn place_cookie(&self, place: String) -> Cookie<'static> {
        self.make(PLACE_COOKIE, place, YEAR_S)
    }

    pub fn forget_pending(&self) -> Cookie<'static> {
        self.make(PENDING_COOKIE, String::new(), 0)
    }

    pub fn forget_session(&self) -> Cookie<'static> {
        self.make(SESSION_COOKIE, String::new(), 0)
    }

    fn make(&self, name: &'static str, value: String, seconds: i64) -> Cookie<'static> {
        Cookie::build(name, value)
            .path("/")
            .http_only(true)
            .secure(self.is_https)
            .same_site(SameSite::Lax)
            .max_age(Duration::seconds(seconds))
            .finish()
    }
}

pub fn path_of(step: Step) -> &'static str {
    match step {
        Step::SecondFactor => "/login/second-factor",
        Step::NewPassword => "/login/password",
        Step::Enrolment => "/login/enrolment",
        Step::Place => "/login/place",
    }
}

/// The same step with the page to return to.
pub fn onward(step: Step, next: &str) -> String {
    let next = safe_next(next);
    if next == HOME { path_of(step).into() } else { format!("{}?next={next}", path_of(step)) }
}

pub const HOME: &str = "/board";

/// Only a path of ours; anything else lands on the home page.
pub fn safe_next(next: &str) -> String {
    let plain = next.starts_with('/') && !next.starts_with("//") && next.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c));
    if plain && !next.starts_with("/login") && !next.starts_with("/session") && next != "/" { next.to_owned() } else { HOME.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        for (next, lands) in [
            ("/patients", "/patients"),
            ("", HOME),
            ("//evil.example", HOME),
            ("https://evil.example", HOME),
            ("/\\evil.example", HOME),
            ("/login", HOME),
            ("/a?b=javascript:1", HOME),
        ] {
            assert_eq!(safe_next(next), lands, "{next}");
        }
    }
}
