//! Handlers of the account page. Every change asks for the password again or for a recent proof.

use actix_web::http::StatusCode;
use actix_web::web;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use tenancy::permission::{OwnAccount, PrescriptionSign};
use tenancy::session::Token;
use tenancy::staff::staff;
use tenancy::{Access, Act, Audit, InfoClass, TenantTx, second_factor};
use uuid::Uuid;

use super::views::{AccountPage, PasskeyRow, TotpPage};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::error::AppError;
use crate::sign_in::enrolment::{in_fours, keep_offer, new_password_errors, offered, password_message, qr_svg};
use crate::sign_in::passkeys::{self, NewKey};
use crate::sign_in::views::RecoveryCodesPage;
use crate::sign_in::visitor::Visitor;
use crate::web::{Chrome, FormErrors, FormState, Json, Nav, Page, PublicPage, Redirect};

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub struct PasswordForm {
    current_password: String,
    new_password: String,
    confirmation: String,
}

#[derive(Deserialize)]
pub struct PinForm {
    pin_password: String,
    pin: String,
}

#[derive(Deserialize)]
pub struct CodeForm {
    code: String,
}

type Me = Access<OwnAccount>;

/// Changing what one signs in with asks for a recent proof with more than a PIN.
const PROOF_S: i64 = 15 * 60;

fn recently_proved(me: &Me) -> Result<(), AppError> {
    if me.clock().now().timestamp().saturating_sub(me.principal().proved_at) <= PROOF_S {
        return Ok(());
    }
    Err(AppError::Refused(
        "この変更には、もう一度の本人確認が必要です。いったんサインアウトして入り直し、15分以内に行ってください。".into(),
    ))
}

pub async fn show(me: Me, visitor: Visitor, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let done = match query.done.as_str() {
        "password" => Some("パスワードを替えました"),
        "pin" => Some("PINを替えました"),
        "totp" => Some("認証アプリを登録しました"),
        "passkey" => Some("パスキーを足しました"),
        "passkey-removed" => Some("パスキーを外しました"),
        _ => None,
    };
    let (tx, page) = account_page(&me, &visitor, FormErrors::default(), done).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Account).entity("staff", me.principal().staff_id)).await?;
    Page::full(receipt, &page)
}

async fn account_page(me: &Me, visitor: &Visitor, errors: FormErrors, done: Option<&str>) -> Result<(TenantTx, AccountPage), AppError> {
    let principal = me.principal();
    let sessions = visitor.sign_in.sessions().count_of(principal.tenant_id, principal.staff_id).await?;
    let tx = me.begin().await?;
    let person = second_factor::find_staff(&tx, principal.staff_id).await?;
    let keys = second_factor::passkeys(&tx, principal.staff_id).await?;
    let page = AccountPage {
        chrome: Chrome::of(principal, Nav::Account),
        form: FormState::default().with_errors(errors),
        done: done.map(str::to_owned),
        login_id: person.login_id,
        password_changed_on: day(Some(person.password_changed_at)),
        has_pin: person.pin_hash.is_some(),
        has_totp: second_factor::has_totp(&tx, principal.staff_id).await?,
        passkeys: keys
            .iter()
            .map(|k| PasskeyRow {
                id: k.id.to_string(),
                name: k.label.clone(),
                registered_on: day(Some(k.created_at)),
                last_used_on: day(k.last_used_at),
            })
            .collect(),
        suggested_passkey_name: format!("{}の端末", principal.place_name),
        recovery_codes_left: u32::try_from(second_factor::unused_recovery_codes(&tx, principal.staff_id).await?).unwrap_or_default(),
        other_sessions: sessions.saturating_sub(1),
        may_sign: me.may::<PrescriptionSign>(),
    };
    Ok((tx, page))
}

fn day(at: Option<DateTime<Utc>>) -> String {
    at.map_or("–".into(), |t| domain::clock::jst(t).format("%Y-%m-%d").to_string())
}

async fn refused(me: &Me, visitor: &Visitor, errors: FormErrors) -> Result<actix_web::Either<Redirect, Page>, AppError> {
    let (tx, page) = account_page(me, visitor, errors, None).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Account).entity("staff", me.principal().staff_id)).await?;
    Ok(actix_web::Either::Right(Page::invalid(receipt, &page)?))
}

/// Commits a change to the person's own account.
async fn commit(me: &Me, tx: TenantTx, changed: &str) -> Result<tenancy::Receipt, AppError> {
    Ok(tx.commit(Audit::of(Act::Manage, InfoClass::Account).entity("staff", me.principal().staff_id).detail("changed", changed)).await?)
}

/// The person's own row, and whether this is their password: throttled like a sign-in, a wrong one is audited (GL-03).
async fn knows_password(me: &Me, visitor: &Visitor, password: &str) -> Result<(staff::Model, bool), AppError> {
    let p = me.principal();
    let tx = me.begin().await?;
    let person = second_factor::find_staff(&tx, p.staff_id).await?;
    drop(tx); // given back before the slow hash
    let knows = visitor.sign_in.knows_password(p, &person, password, &visitor.meta).await?;
    Ok((person, knows))
}

pub async fn change_password(
    me: Me,
    visitor: Visitor,
    form: web::Form<PasswordForm>,
) -> Result<actix_web::Either<Redirect, Page>, AppError> {
    let p = me.principal();
    let mut errors = FormErrors::default();
    let (person, knows) = knows_password(&me, &visitor, &form.current_password).await?;
    if !knows {
        errors.add("current_password", "いまのパスワードが合いません。");
    }
    for (field, message) in new_password_errors(&form.new_password, &form.confirmation, &person.login_id, &p.tenant_code).iter() {
        errors.add(field, message);
    }
    if form.new_password == form.current_password {
        errors.add("new_password", password_message(tenancy::password::PasswordError::SameAsOld));
    }
    if !errors.is_empty() {
        return refused(&me, &visitor, errors).await;
    }
    let phc = visitor.sign_in.hasher().hash(&form.new_password).await?;
    let tx = me.begin().await?;
    second_factor::set_password(&tx, p.staff_id, phc).await?;
    let receipt = commit(&me, tx, "password").await?;
    if let Some((token, _)) = visitor.session().await? {
        visitor.sign_in.sessions().end_others(p.tenant_id, p.staff_id, &token).await?;
    }
    Ok(actix_web::Either::Left(Redirect::to(receipt, "/account?done=password")))
}

pub async fn change_pin(me: Me, visitor: Visitor, form: web::Form<PinForm>) -> Result<actix_web::Either<Redirect, Page>, AppError> {
    let mut errors = FormErrors::default();
    if !knows_password(&me, &visitor, &form.pin_password).await?.1 {
        errors.add("pin_password", "いまのパスワードが合いません。");
    }
    if !second_factor::is_acceptable_pin(&form.pin) {
        errors.add("pin", "6桁の数字で、同じ数字の並びや続き番号は避けてください。");
    }
    if !errors.is_empty() {
        return refused(&me, &visitor, errors).await;
    }
    let phc = visitor.sign_in.hasher().hash(&form.pin).await?;
    let tx = me.begin().await?;
    second_factor::set_pin(&tx, me.principal().staff_id, phc).await?;
    Ok(actix_web::Either::Left(Redirect::to(commit(&me, tx, "pin").await?, "/account?done=pin")))
}

/// Offers wait under a name of the person's own, not of a sign-in step.
fn offer_token(me: &Me) -> Token {
    Token::from_cookie(&format!("account/{}", me.principal().staff_id))
}

pub async fn show_totp(me: Me, visitor: Visitor) -> Result<Page, AppError> {
    recently_proved(&me)?;
    totp_page(&me, &visitor, FormErrors::default()).await
}

async fn totp_page(me: &Me, visitor: &Visitor, errors: FormErrors) -> Result<Page, AppError> {
    let staff = me.principal().staff_id;
    let tx = me.begin().await?;
    let account = second_factor::find_staff(&tx, staff).await?.login_id;
    let totp = match offered(visitor, &offer_token(me)).await? {
        Some(sealed) => second_factor::reopen_offer(&tx, &visitor.keyring, &sealed, &account).await?,
        None => {
            let (totp, sealed) = second_factor::offer_totp(&tx, &visitor.keyring, &account).await?;
            keep_offer(visitor, &offer_token(me), &sealed).await?;
            totp
        }
    };
    let is_valid = errors.is_empty();
    let receipt = tx.commit(Audit::viewed(InfoClass::Account).entity("staff", staff)).await?;
    let page = TotpPage {
        chrome: Chrome::of(me.principal(), Nav::Account),
        form: FormState::default().with_errors(errors),
        qr_svg: qr_svg(&totp.url)?,
        secret: in_fours(&totp.secret),
    };
    if is_valid { Page::full(receipt, &page) } else { Page::invalid(receipt, &page) }
}

pub async fn confirm_totp(me: Me, visitor: Visitor, form: web::Form<CodeForm>) -> Result<actix_web::Either<Redirect, Page>, AppError> {
    recently_proved(&me)?;
    let tx = me.begin().await?;
    let confirmed = match offered(&visitor, &offer_token(&me)).await? {
        Some(sealed) => second_factor::confirm_totp(&tx, &visitor.keyring, me.principal().staff_id, &sealed, &form.code).await?,
        None => false,
    };
    if !confirmed {
        let mut errors = FormErrors::default();
        errors.add("code", "コードが合いません。認証アプリにいま出ている6桁を入れてください。");
        return Ok(actix_web::Either::Right(totp_page(&me, &visitor, errors).await?));
    }
    Ok(actix_web::Either::Left(Redirect::to(commit(&me, tx, "totp").await?, "/account?done=totp")))
}

pub async fn renew_recovery_codes(me: Me) -> Result<Page, AppError> {
    recently_proved(&me)?;
    let tx = me.begin().await?;
    let codes = second_factor::issue_recovery_codes(&tx, me.principal().staff_id).await?;
    let receipt = commit(&me, tx, "recovery_codes").await?;
    Page::full(receipt, &RecoveryCodesPage { codes, during_sign_in: false, onward: "/account".into() })
}

pub async fn passkey_challenge(me: Me, visitor: Visitor) -> Result<Json, AppError> {
    recently_proved(&me)?;
    let tx = me.begin().await?;
    let person = second_factor::find_staff(&tx, me.principal().staff_id).await?;
    let keys = second_factor::passkeys(&tx, me.principal().staff_id).await?;
    let challenge = passkeys::offer(&visitor, &offer_token(&me), me.principal().staff_id, &person.login_id, &person.name, &keys).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Account).entity("staff", me.principal().staff_id)).await?;
    Json::of(receipt, StatusCode::OK, &[], &serde_json::to_value(challenge).map_err(AppError::internal)?)
}

pub async fn add_passkey(me: Me, visitor: Visitor, new: web::Json<NewKey>) -> Result<actix_web::Either<Json, PublicPage>, AppError> {
    recently_proved(&me)?;
    let tx = me.begin().await?;
    if !passkeys::keep(&visitor, &offer_token(&me), &tx, me.principal().staff_id, &new).await? {
        return Ok(actix_web::Either::Right(passkeys::refused()?));
    }
    let receipt = commit(&me, tx, "passkey").await?;
    let there = serde_json::json!({"location": "/account?done=passkey"});
    Ok(actix_web::Either::Left(Json::of(receipt, StatusCode::OK, &[], &there)?))
}

/// The last factor stays: nobody may end up with a password alone.
pub async fn remove_passkey(me: Me, path: web::Path<Uuid>) -> Result<Redirect, AppError> {
    recently_proved(&me)?;
    let staff = me.principal().staff_id;
    let tx = me.begin().await?;
    second_factor::lock_staff(&tx, staff).await?;
    if !second_factor::remove_passkey(&tx, staff, *path).await? {
        return Err(AppError::NotFound);
    }
    if !second_factor::has_totp(&tx, staff).await? && second_factor::passkeys(&tx, staff).await?.is_empty() {
        return Err(AppError::Refused("本人確認の方法がなくなるため、このパスキーは外せません。先に認証アプリを登録してください。".into()));
    }
    Ok(Redirect::to(commit(&me, tx, "passkey_removed").await?, "/account?done=passkey-removed"))
}

pub async fn logout_everywhere(me: Me, visitor: Visitor, signer: web::Data<dyn PrescriptionSigner>) -> Result<Redirect, AppError> {
    let p = me.principal();
    signer.end_session(p.tenant_id, p.staff_id).await.map_err(|refusal| AppError::Unavailable(format!("signing service: {refusal}")))?;
    let tx = me.begin().await?;
    let receipt = tx.commit(Audit::of(Act::SignOut, InfoClass::Account).entity("staff", p.staff_id).detail("scope", "everywhere")).await?;
    visitor.sign_in.end_everywhere(p.tenant_id, p.staff_id).await?;
    Ok(Redirect::to(receipt, "/login?ended=everywhere"))
}
