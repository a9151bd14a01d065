//! Passkey in place of the password: the authenticator verifies the person, so it is both factors. Accounts without a passkey, and
//! accounts that do not exist, get a challenge no key can answer.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::web;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::session::Token;
use tenancy::sign_in::Pending;
use tenancy::versioned::sha256;
use tenancy::{Act, Audit, InfoClass, second_factor};

use super::passkeys::{self, Answer};
use super::visitor::{Visitor, onward};
use crate::error::AppError;
use crate::web::PublicPage;

const CLAIM: &str = "passkey-claim";

#[derive(Deserialize)]
pub struct WhoForm {
    #[serde(default)]
    tenant_code: String,
    #[serde(default)]
    login_id: String,
}

#[derive(Serialize, Deserialize)]
struct Claim {
    tenant_code: String,
    login_id: String,
}

/// Looking an account up takes longer than not finding it; both take at least this long.
const UNIFORM_ANSWER: Duration = Duration::from_millis(100);

pub async fn challenge(visitor: Visitor, who: web::Json<WhoForm>) -> Result<PublicPage, AppError> {
    let started = Instant::now();
    let answer = challenged(&visitor, &who).await;
    actix_web::rt::time::sleep_until((started + UNIFORM_ANSWER).into()).await;
    answer
}

async fn challenged(visitor: &Visitor, who: &WhoForm) -> Result<PublicPage, AppError> {
    let claim = Claim { tenant_code: who.tenant_code.trim().to_ascii_lowercase(), login_id: who.login_id.trim().to_ascii_lowercase() };
    let token = visitor.sign_in.sessions().park(CLAIM, &claim, 300).await?;
    let keys = match find(visitor, &claim).await? {
        Some(pending) => {
            let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
            second_factor::passkeys(&tx, pending.staff_id()).await?
        }
        None => vec![],
    };
    let page = if keys.is_empty() { decoy(visitor, &claim)? } else { passkeys::ask(visitor, &token, &keys).await? };
    Ok(page.cookie(visitor.pending_cookie(&token)))
}

async fn find(visitor: &Visitor, claim: &Claim) -> Result<Option<Pending>, AppError> {
    Ok(visitor.sign_in.find_for_passkey(&claim.tenant_code, &claim.login_id, &visitor.meta, visitor.ip).await?)
}

/// The same shape with a key id that is always the same for one name and belongs to nobody.
fn decoy(visitor: &Visitor, claim: &Claim) -> Result<PublicPage, AppError> {
    let mut challenge = [0u8; 32];
    aws_lc_rs::rand::fill(&mut challenge).map_err(AppError::internal)?;
    let id = sha256(format!("{}/{}/{}", visitor.decoy_key, claim.tenant_code, claim.login_id).as_bytes());
    let options = json!({"publicKey": {
        "challenge": BASE64_URL_SAFE_NO_PAD.encode(challenge),
        "timeout": 300_000,
        "allowCredentials": [{"type": "public-key", "id": BASE64_URL_SAFE_NO_PAD.encode(id)}],
        "userVerification": "required",
    }});
    Ok(PublicPage::json(StatusCode::OK, &options))
}

pub async fn answer(visitor: Visitor, answer: web::Json<Answer>) -> Result<PublicPage, AppError> {
    let Some((token, claim)) = claimed(&visitor).await? else { return passkeys::expired() };
    let Some(pending) = find(&visitor, &claim).await? else { return passkeys::refused() };
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    if !passkeys::verify(&visitor, &token, &tx, pending.staff_id(), &answer).await? {
        drop(tx);
        visitor.sign_in.second_factor_failed(&pending, &visitor.meta).await?;
        return passkeys::refused();
    }
    tx.commit(Audit::of(Act::SignIn, InfoClass::Account).entity("staff", pending.staff_id()).detail("step", "passkey")).await?;
    let token = visitor.sign_in.park(&pending).await?;
    let pending = visitor.sign_in.second_factor_passed(&token, pending).await?;
    Ok(passkeys::go(&onward(pending.step(), &answer.next))?.cookie(visitor.pending_cookie(&token)))
}

async fn claimed(visitor: &Visitor) -> Result<Option<(Token, Claim)>, AppError> {
    let Some(token) = visitor.pending_token() else { return Ok(None) };
    Ok(visitor.sign_in.sessions().take_parked::<Claim>(CLAIM, &token).await?.map(|claim| (token, claim)))
}
