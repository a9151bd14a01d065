//! Passkey ceremonies (WebAuthn level 3) over the library; the state between challenge and answer waits in the session store and is
//! used once. The person is always verified by the authenticator, so a passkey alone is two factors.

use actix_web::http::StatusCode;
use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::json;
use tenancy::session::Token;
use tenancy::staff::staff_passkey;
use tenancy::{StaffId, TenantTx, second_factor};
use webauthn_rs::prelude::{
    CreationChallengeResponse, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
};

use super::visitor::Visitor;
use crate::error::AppError;
use crate::web::PublicPage;

const ASKED: &str = "passkey-asked";
const OFFERED: &str = "passkey-offered";
const CEREMONY_S: u64 = 300;

#[derive(Deserialize)]
pub struct Answer {
    pub credential: PublicKeyCredential,
    #[serde(default)]
    pub next: String,
}

#[derive(Deserialize)]
pub struct NewKey {
    pub credential: RegisterPublicKeyCredential,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub next: String,
}

/// The relying party: the host people see in the address bar.
pub fn relying_party(public_url: &str) -> anyhow::Result<webauthn_rs::Webauthn> {
    let origin =
        webauthn_rs::prelude::Url::parse(public_url).with_context(|| format!("TSUMUGI_PUBLIC_URL の値「{public_url}」が読めません"))?;
    let id = match origin.domain() {
        Some(name) => name.to_owned(),
        None => bail!(
            "TSUMUGI_PUBLIC_URL「{public_url}」はIPアドレスです。パスキーは名前にしか結べないため、localhost かホスト名で書いてください"
        ),
    };
    Ok(webauthn_rs::WebauthnBuilder::new(&id, &origin)?.rp_name("つむぎ電子カルテ").allow_any_port(id == "localhost").build()?)
}

fn read(row: &staff_passkey::Model) -> Option<Passkey> {
    serde_json::from_value(row.credential.clone()).ok()
}

/// A challenge for one of these keys.
pub async fn ask(visitor: &Visitor, token: &Token, rows: &[staff_passkey::Model]) -> Result<PublicPage, AppError> {
    let keys: Vec<Passkey> = rows.iter().filter_map(read).collect();
    if keys.is_empty() {
        return refused();
    }
    let (challenge, state) = visitor.webauthn.start_passkey_authentication(&keys).map_err(AppError::internal)?;
    visitor.sign_in.sessions().park_under(ASKED, token, &state, CEREMONY_S).await?;
    Ok(PublicPage::json(StatusCode::OK, &serde_json::to_value(challenge).map_err(AppError::internal)?))
}

/// Was that one of the person's keys, answering our challenge? Keeps the authenticator's counter.
pub async fn verify(visitor: &Visitor, token: &Token, tx: &TenantTx, staff: StaffId, answer: &Answer) -> Result<bool, AppError> {
    let Some(state) = visitor.sign_in.sessions().take_parked::<PasskeyAuthentication>(ASKED, token).await? else { return Ok(false) };
    let Ok(result) = visitor.webauthn.finish_passkey_authentication(&answer.credential, &state) else { return Ok(false) };
    for row in second_factor::passkeys(tx, staff).await? {
        let Some(mut key) = read(&row).filter(|key| key.cred_id() == result.cred_id()) else { continue };
        key.update_credential(&result);
        second_factor::passkey_used(tx, row, serde_json::to_value(&key).map_err(AppError::internal)?).await?;
        return Ok(result.user_verified());
    }
    Ok(false)
}

/// Starts the making of a key; keys the person already has are excluded.
pub async fn offer(
    visitor: &Visitor,
    token: &Token,
    staff: StaffId,
    login_id: &str,
    name: &str,
    rows: &[staff_passkey::Model],
) -> Result<CreationChallengeResponse, AppError> {
    let known = rows.iter().filter_map(read).map(|key| key.cred_id().clone()).collect();
    let (challenge, state) =
        visitor.webauthn.start_passkey_registration(staff.as_uuid(), login_id, name, Some(known)).map_err(AppError::internal)?;
    visitor.sign_in.sessions().park_under(OFFERED, token, &state, CEREMONY_S).await?;
    Ok(challenge)
}

/// Stores the new key. False when the answer does not fit the challenge.
pub async fn keep(visitor: &Visitor, token: &Token, tx: &TenantTx, staff: StaffId, new: &NewKey) -> Result<bool, AppError> {
    let Some(state) = visitor.sign_in.sessions().take_parked::<PasskeyRegistration>(OFFERED, token).await? else { return Ok(false) };
    let Ok(key) = visitor.webauthn.finish_passkey_registration(&new.credential, &state) else { return Ok(false) };
    let label: String = new.name.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    let label = if label.is_empty() { "パスキー".to_owned() } else { label };
    second_factor::add_passkey(tx, staff, &label, hex::encode(key.cred_id()), serde_json::to_value(&key).map_err(AppError::internal)?)
        .await?;
    Ok(true)
}

/// Where the script goes next.
pub fn go(path: &str) -> Result<PublicPage, AppError> {
    Ok(PublicPage::json(StatusCode::OK, &json!({"location": path})))
}

pub fn refused() -> Result<PublicPage, AppError> {
    let message = "パスキーを確かめられませんでした。もう一度試すか、ほかの方法で続けてください。";
    Ok(PublicPage::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({"message": message})))
}

pub fn expired() -> Result<PublicPage, AppError> {
    Ok(PublicPage::json(StatusCode::UNAUTHORIZED, &json!({"message": "時間が空いたため、はじめからやり直してください。"})))
}
