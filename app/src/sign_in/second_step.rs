//! Second step: TOTP, passkey or a recovery code, by the person who gave the password.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Deserialize;
use tenancy::session::Token;
use tenancy::sign_in::{Pending, Step};
use tenancy::{Act, Audit, InfoClass, second_factor};

use super::passkeys::{self, Answer};
use super::views::SecondFactorPage;
use super::visitor::{Visitor, onward, safe_next};
use crate::error::AppError;
use crate::web::{FormErrors, FormState, PublicPage};

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    next: String,
    #[serde(default)]
    method: String,
}

#[derive(Deserialize, Default)]
pub struct SecondFactorForm {
    #[serde(default)]
    method: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    recovery_code: String,
    #[serde(default)]
    next: String,
}

pub async fn show(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    match visitor.at(Step::SecondFactor).await? {
        Ok((_, pending)) => PublicPage::new(&page(&pending, query.method == "recovery", &query.next, FormErrors::default())),
        Err(elsewhere) => Ok(elsewhere),
    }
}

fn page(pending: &Pending, with_recovery_code: bool, next: &str, errors: FormErrors) -> SecondFactorPage {
    SecondFactorPage {
        form: FormState::default().with_errors(errors),
        staff_name: pending.staff_name().to_owned(),
        clinic_code: pending.tenant_code().to_owned(),
        has_totp: pending.has_totp(),
        has_passkey: pending.has_passkey(),
        with_recovery_code,
        next: safe_next(next),
    }
}

pub async fn submit(visitor: Visitor, form: web::Form<SecondFactorForm>) -> Result<PublicPage, AppError> {
    let (token, pending) = match visitor.at(Step::SecondFactor).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if check(&visitor, &pending, &form).await? {
        return passed(&visitor, &token, pending, &form.next).await;
    }
    visitor.sign_in.second_factor_failed(&pending, &visitor.meta).await?;
    let recovery = form.method == "recovery";
    let mut errors = FormErrors::default();
    match recovery {
        true => errors.add("recovery_code", "使えない回復コードです。控えを確かめて、まだ使っていないものを入れてください。"),
        false => errors.add("code", "コードが合いません。認証アプリにいま出ている6桁を入れてください。"),
    }
    PublicPage::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page(&pending, recovery, &form.next, errors))
}

async fn check(visitor: &Visitor, pending: &Pending, form: &SecondFactorForm) -> Result<bool, AppError> {
    let Some(attempt) = visitor.sign_in.attempt_second_factor(pending, &visitor.meta).await? else { return Ok(false) };
    let tx = visitor.sign_in.begin(pending, &visitor.meta).await?;
    let staff = pending.staff_id();
    let right = match form.method.as_str() {
        "recovery" => second_factor::use_recovery_code(&tx, staff, &form.recovery_code).await?,
        _ => second_factor::check_totp(&tx, &visitor.keyring, staff, &form.code).await?,
    };
    if right {
        let step = if form.method == "recovery" { "recovery_code" } else { "totp" };
        tx.commit(Audit::of(Act::SignIn, InfoClass::Account).entity("staff", staff).detail("step", step)).await?;
        attempt.was_right().await?;
    }
    Ok(right)
}

async fn passed(visitor: &Visitor, token: &Token, pending: Pending, next: &str) -> Result<PublicPage, AppError> {
    let pending = visitor.sign_in.second_factor_passed(token, pending).await?;
    Ok(PublicPage::redirect(&onward(pending.step(), next)))
}

pub async fn passkey_challenge(visitor: Visitor) -> Result<PublicPage, AppError> {
    let Ok((token, pending)) = visitor.at(Step::SecondFactor).await? else { return passkeys::expired() };
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    let keys = second_factor::passkeys(&tx, pending.staff_id()).await?;
    passkeys::ask(&visitor, &token, &keys).await
}

pub async fn passkey_answer(visitor: Visitor, answer: web::Json<Answer>) -> Result<PublicPage, AppError> {
    let Ok((token, pending)) = visitor.at(Step::SecondFactor).await? else { return passkeys::expired() };
    let tx = visitor.sign_in.begin(&pending, &visitor.meta).await?;
    if !passkeys::verify(&visitor, &token, &tx, pending.staff_id(), &answer).await? {
        drop(tx);
        visitor.sign_in.second_factor_failed(&pending, &visitor.meta).await?;
        return passkeys::refused();
    }
    tx.commit(Audit::of(Act::SignIn, InfoClass::Account).entity("staff", pending.staff_id()).detail("step", "passkey")).await?;
    let pending = visitor.sign_in.second_factor_passed(&token, pending).await?;
    passkeys::go(&onward(pending.step(), &answer.next))
}
