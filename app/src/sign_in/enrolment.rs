//! First login: an own password, then a second factor, then recovery codes shown once.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Deserialize;
use tenancy::keys::Envelope;
use tenancy::password::{PasswordError, check_new};
use tenancy::session::Token;
use tenancy::sign_in::{Pending, Step};
use tenancy::{Act, Audit, InfoClass, second_factor};

use super::passkeys::{self, NewKey};
use super::views::{EnrolmentPage, NewPasswordPage, RecoveryCodesPage};
use super::visitor::{Visitor, onward, safe_next};
use crate::error::AppError;
use crate::web::{FormErrors, FormState, PublicPage};

/// The offered secret, sealed, until it is confirmed; and codes until they are shown.
const TOTP_OFFER: &str = "totp-offer";
const CODES: &str = "recovery-codes";
const WAIT_S: u64 = 600;

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct PasswordForm {
    new_password: String,
    confirmation: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct CodeForm {
    code: String,
    #[serde(default)]
    next: String,
}

pub async fn show_password(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    match visitor.at(Step::NewPassword).await? {
        Ok((_, pending)) => PublicPage::new(&password_page(&pending, &query.next, FormErrors::default())),
        Err(elsewhere) => Ok(elsewhere),
    }
}

fn password_page(pending: &Pending, next: &str, errors: FormErrors) -> NewPasswordPage {
    NewPasswordPage { form: FormState::default().with_errors(errors), login_id: pending.login_id().to_owned(), next: safe_next(next) }
}

pub async fn change_password(visitor: Visitor, form: web::Form<PasswordForm>) -> Result<PublicPage, AppError> {
    let (token, pending) = match visitor.at(Step::NewPassword).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    let person = second_factor::find_staff(&tx, pending.staff_id()).await?;
    drop(tx);
    if !person.must_change_password {
        return Ok(PublicPage::redirect("/login?ended=expired"));
    }
    let mut errors = new_password_errors(&form.new_password, &form.confirmation, pending.login_id(), pending.tenant_code());
    if errors.is_empty() && visitor.sign_in.hasher().verify(&form.new_password, Some(&person.password_hash)).await? {
        errors.add("new_password", password_message(PasswordError::SameAsOld));
    }
    if !errors.is_empty() {
        return PublicPage::with_status(StatusCode::UNPROCESSABLE_ENTITY, &password_page(&pending, &form.next, errors));
    }
    let phc = visitor.sign_in.hasher().hash(&form.new_password).await?;
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    second_factor::set_password(&tx, pending.staff_id(), phc).await?;
    tx.commit(Audit::of(Act::Manage, InfoClass::Account).entity("staff", pending.staff_id()).detail("changed", "password")).await?;
    let pending = visitor.sign_in.password_changed(&token, pending).await?;
    Ok(PublicPage::redirect(&onward(pending.step(), &form.next)))
}

/// The rules of a new password, as messages beside the fields. Shared with the account page.
pub fn new_password_errors(new: &str, confirmation: &str, login_id: &str, tenant_code: &str) -> FormErrors {
    let mut errors = FormErrors::default();
    if let Err(e) = check_new(new, login_id, tenant_code) {
        errors.add("new_password", password_message(e));
    }
    if new != confirmation {
        errors.add("confirmation", password_message(PasswordError::Mismatch));
    }
    errors
}

pub fn password_message(error: PasswordError) -> &'static str {
    match error {
        PasswordError::TooShort => "13文字以上にしてください。",
        PasswordError::TooLong => "128文字以内にしてください。",
        PasswordError::Guessable => "推測されやすい文字です。IDや並び順の文字、よく使われる言葉を避けてください。",
        PasswordError::SameAsOld => "いまのパスワードと違うものにしてください。",
        PasswordError::Mismatch => "1回目と同じものを入れてください。",
    }
}

pub async fn show(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    match visitor.at(Step::Enrolment).await? {
        Ok((token, pending)) => PublicPage::new(&enrolment_page(&visitor, &token, &pending, &query.next, FormErrors::default()).await?),
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// The offer stays the same until it is confirmed, so that a reload keeps the QR code valid.
async fn enrolment_page(
    visitor: &Visitor,
    token: &Token,
    pending: &Pending,
    next: &str,
    errors: FormErrors,
) -> Result<EnrolmentPage, AppError> {
    let tx = visitor.sign_in.begin(pending, &visitor.meta).await?;
    let totp = match offered(visitor, token).await? {
        Some(sealed) => second_factor::reopen_offer(&tx, &visitor.keyring, &sealed, pending.login_id()).await?,
        None => {
            let (totp, sealed) = second_factor::offer_totp(&tx, &visitor.keyring, pending.login_id()).await?;
            tx.commit(Audit::viewed(InfoClass::Account).entity("staff", pending.staff_id())).await?;
            keep_offer(visitor, token, &sealed).await?;
            totp
        }
    };
    Ok(EnrolmentPage {
        form: FormState::default().with_errors(errors),
        qr_svg: qr_svg(&totp.url)?,
        secret: in_fours(&totp.secret),
        next: safe_next(next),
    })
}

/// The sealed secret waiting under this token.
pub async fn offered(visitor: &Visitor, token: &Token) -> Result<Option<Envelope>, AppError> {
    let parked: Option<String> = visitor.sign_in.sessions().parked(TOTP_OFFER, token).await?;
    Ok(parked.and_then(|hex| hex::decode(hex).ok()).and_then(|bytes| Envelope::from_bytes(&bytes).ok()))
}

pub async fn keep_offer(visitor: &Visitor, token: &Token, sealed: &Envelope) -> Result<(), AppError> {
    Ok(visitor.sign_in.sessions().park_under(TOTP_OFFER, token, &hex::encode(sealed.to_bytes()), WAIT_S).await?)
}

/// An `<svg>` of dark squares, no XML prologue, that scales to its box.
pub fn qr_svg(text: &str) -> Result<String, AppError> {
    let code = qrcode::QrCode::new(text).map_err(AppError::internal)?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(180, 180).build();
    Ok(svg.split_once("?>").map(|(_, rest)| rest.to_owned()).unwrap_or(svg))
}

pub fn in_fours(secret: &str) -> String {
    secret.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join(" ")
}

pub async fn confirm_totp(visitor: Visitor, form: web::Form<CodeForm>) -> Result<PublicPage, AppError> {
    let (token, pending) = match visitor.at(Step::Enrolment).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    if has_factor(&tx, &pending).await? {
        return Ok(PublicPage::redirect("/login?ended=expired"));
    }
    let confirmed = match offered(&visitor, &token).await? {
        Some(sealed) => second_factor::confirm_totp(&tx, &visitor.keyring, pending.staff_id(), &sealed, &form.code).await?,
        None => false,
    };
    if !confirmed {
        let mut errors = FormErrors::default();
        errors.add("code", "コードが合いません。認証アプリにいま出ている6桁を入れてください。");
        return PublicPage::with_status(
            StatusCode::UNPROCESSABLE_ENTITY,
            &enrolment_page(&visitor, &token, &pending, &form.next, errors).await?,
        );
    }
    finish(&visitor, tx, &token, &pending, "totp").await?;
    visitor.sign_in.enrolled_totp(&token, pending).await?;
    Ok(PublicPage::redirect(&codes_path(&form.next)))
}

/// Somebody enrolled since the password was given: whoever is here now must start again and show that factor.
async fn has_factor(tx: &tenancy::TenantTx, pending: &Pending) -> Result<bool, AppError> {
    let staff = pending.staff_id();
    Ok(second_factor::has_totp(tx, staff).await? || !second_factor::passkeys(tx, staff).await?.is_empty())
}

/// Commits the enrolment together with fresh recovery codes, which wait to be shown once.
async fn finish(visitor: &Visitor, tx: tenancy::TenantTx, token: &Token, pending: &Pending, factor: &str) -> Result<(), AppError> {
    let codes = second_factor::issue_recovery_codes(&tx, pending.staff_id()).await?;
    tx.commit(Audit::of(Act::Manage, InfoClass::Account).entity("staff", pending.staff_id()).detail("enrolled", factor)).await?;
    Ok(visitor.sign_in.sessions().park_under(CODES, token, &codes, WAIT_S).await?)
}

fn codes_path(next: &str) -> String {
    format!("/login/recovery-codes?next={}", safe_next(next))
}

pub async fn recovery_codes(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    let Some((token, pending)) = visitor.pending().await? else { return Ok(PublicPage::redirect("/login?ended=expired")) };
    let onward = onward(pending.step(), &query.next);
    match visitor.sign_in.sessions().parked::<Vec<String>>(CODES, &token).await? {
        Some(codes) => PublicPage::new(&RecoveryCodesPage { codes, during_sign_in: true, onward }),
        None => Ok(PublicPage::redirect(&onward)),
    }
}

pub async fn passkey_challenge(visitor: Visitor) -> Result<PublicPage, AppError> {
    let Ok((token, pending)) = visitor.at(Step::Enrolment).await? else { return passkeys::expired() };
    let challenge = passkeys::offer(&visitor, &token, pending.staff_id(), pending.login_id(), pending.staff_name(), &[]).await?;
    Ok(PublicPage::json(StatusCode::OK, &serde_json::to_value(challenge).map_err(AppError::internal)?))
}

pub async fn passkey_answer(visitor: Visitor, new: web::Json<NewKey>) -> Result<PublicPage, AppError> {
    let Ok((token, pending)) = visitor.at(Step::Enrolment).await? else { return passkeys::expired() };
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    if has_factor(&tx, &pending).await? {
        return passkeys::expired();
    }
    if !passkeys::keep(&visitor, &token, &tx, pending.staff_id(), &new).await? {
        return passkeys::refused();
    }
    finish(&visitor, tx, &token, &pending, "passkey").await?;
    visitor.sign_in.enrolled_passkey(&token, pending).await?;
    passkeys::go(&codes_path(&new.next))
}
