//! The locked screen, the quick switch of a shared terminal, and signing out.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Deserialize;
use tenancy::device::Known;
use tenancy::{Act, Audit, InfoClass, Principal, second_factor};

use super::passkeys::{self, Answer};
use super::views::{LockedPage, SwitchPage, SwitchPerson};
use super::visitor::{Visitor, safe_next};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::error::AppError;
use crate::web::{FormErrors, FormState, PublicPage};

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct UnlockForm {
    #[serde(default)]
    password: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct SwitchForm {
    #[serde(default)]
    staff_id: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    next: String,
}

const SIGNED_OUT: &str = "/login?ended=expired";

pub async fn lock(visitor: Visitor) -> Result<PublicPage, AppError> {
    if let Some((token, principal)) = visitor.session().await? {
        visitor.sign_in.sessions().lock(&token).await?;
        let tx = visitor.sign_in.begin_resuming(&principal, &visitor.meta).await?;
        tx.commit(Audit::of(Act::Lock, InfoClass::Account).entity("staff", principal.staff_id)).await?;
    }
    Ok(PublicPage::redirect("/session/locked"))
}

pub async fn show(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    match visitor.session().await? {
        Some((_, principal)) => PublicPage::new(&locked_page(&visitor, &principal, &query.next, FormErrors::default()).await?),
        None => Ok(PublicPage::redirect(SIGNED_OUT)),
    }
}

async fn locked_page(visitor: &Visitor, principal: &Principal, next: &str, errors: FormErrors) -> Result<LockedPage, AppError> {
    let tx = visitor.sign_in.begin_resuming(principal, &visitor.meta).await?;
    let person = second_factor::find_staff(&tx, principal.staff_id).await?;
    let keys = second_factor::passkeys(&tx, principal.staff_id).await?;
    Ok(LockedPage {
        form: FormState::default().with_errors(errors),
        staff_name: principal.staff_name.clone(),
        clinic: principal.tenant_name.clone(),
        place: principal.place_name.clone(),
        has_pin: person.pin_hash.is_some(),
        has_passkey: !keys.is_empty(),
        next: safe_next(next),
    })
}

pub async fn unlock(visitor: Visitor, form: web::Form<UnlockForm>) -> Result<PublicPage, AppError> {
    let Some((token, principal)) = visitor.session().await? else { return Ok(PublicPage::redirect(SIGNED_OUT)) };
    if visitor.sign_in.unlock(&token, &principal, &form.password, &form.pin, &visitor.meta).await? {
        return Ok(PublicPage::redirect(&safe_next(&form.next)));
    }
    let mut errors = FormErrors::default();
    match form.pin.is_empty() {
        true => errors.add("password", "パスワードが合いません。5回続けて違うと15分待ちになります。"),
        false => errors.add("pin", "PINが合いません。5回続けて違うと15分待ちになります。"),
    }
    PublicPage::with_status(StatusCode::UNPROCESSABLE_ENTITY, &locked_page(&visitor, &principal, &form.next, errors).await?)
}

pub async fn passkey_challenge(visitor: Visitor) -> Result<PublicPage, AppError> {
    let Some((token, principal)) = visitor.session().await? else { return passkeys::expired() };
    let tx = visitor.sign_in.begin_resuming(&principal, &visitor.meta).await?;
    let keys = second_factor::passkeys(&tx, principal.staff_id).await?;
    passkeys::ask(&visitor, &token, &keys).await
}

pub async fn passkey_answer(visitor: Visitor, answer: web::Json<Answer>) -> Result<PublicPage, AppError> {
    let Some((token, principal)) = visitor.session().await? else { return passkeys::expired() };
    let tx = visitor.sign_in.begin_resuming(&principal, &visitor.meta).await?;
    if !passkeys::verify(&visitor, &token, &tx, principal.staff_id, &answer).await? {
        return passkeys::refused();
    }
    tx.commit(Audit::of(Act::SignIn, InfoClass::Account).entity("staff", principal.staff_id).detail("step", "resume_passkey")).await?;
    visitor.sign_in.sessions().unlock(&token, Some(visitor.sign_in.clock().now().timestamp())).await?;
    passkeys::go(&safe_next(&answer.next))
}

pub async fn show_switch(visitor: Visitor, query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    let mut page = switch_page(&visitor, FormState::default(), &query.next).await?;
    let own = visitor.session().await?.map(|(_, p)| p.staff_id.to_string());
    // Whoever worked here last besides the person at the screen: a PIN is all that is left to type.
    if let Some(next) = page.people.iter().find(|p| p.has_pin && Some(&p.staff_id) != own.as_ref()) {
        page.form = FormState::default().set("staff_id", next.staff_id.as_str());
    }
    PublicPage::new(&page)
}

/// The people of the open clinic; without an open session, of the clinic last used here.
async fn people(visitor: &Visitor) -> Result<Vec<Known>, AppError> {
    let Some(device) = visitor.device() else { return Ok(vec![]) };
    let mut known = visitor.sign_in.known_on(device).await?;
    let here = visitor.session().await?.map(|(_, p)| p.tenant_id).or(known.first().map(|k| k.tenant_id));
    known.retain(|k| Some(k.tenant_id) == here);
    Ok(known)
}

async fn switch_page(visitor: &Visitor, form: FormState, next: &str) -> Result<SwitchPage, AppError> {
    let known = people(visitor).await?;
    let mut shown = Vec::with_capacity(known.len());
    for person in known {
        let profile = visitor.sign_in.profile(person.tenant_id, person.staff_id, &visitor.meta).await?;
        shown.push(SwitchPerson {
            staff_id: person.staff_id.to_string(),
            name: person.name,
            role: person.role.label(),
            has_pin: profile.staff.pin_hash.is_some(),
        });
    }
    Ok(SwitchPage { form, people: shown, signed_in: visitor.session().await?.is_some(), next: safe_next(next) })
}

pub async fn switch(visitor: Visitor, form: web::Form<SwitchForm>) -> Result<PublicPage, AppError> {
    let current = visitor.session().await?;
    let place = current.as_ref().and_then(|(_, p)| p.place_id);
    let person = people(&visitor).await?.into_iter().find(|k| k.staff_id.to_string() == form.staff_id);
    if let (Some(person), Some(device)) = (person, visitor.device())
        && let Some((session, _)) =
            visitor.sign_in.switch(device, person.tenant_id, person.staff_id, &form.pin, place, &visitor.meta).await?
    {
        if let Some((old, _)) = current {
            visitor.sign_in.sessions().end(&old).await?;
        }
        return Ok(PublicPage::redirect(&safe_next(&form.next)).cookie(visitor.session_cookie(&session)));
    }
    let mut errors = FormErrors::default();
    errors.add("pin", "PINが合いません。PINを決めていない人はパスワードで入ってください。");
    let shown = FormState::default().set("staff_id", form.staff_id.as_str()).with_errors(errors);
    PublicPage::with_status(StatusCode::UNPROCESSABLE_ENTITY, &switch_page(&visitor, shown, &form.next).await?)
}

/// What the person signed in to for signing ends with them.
pub async fn logout(visitor: Visitor, signer: web::Data<dyn PrescriptionSigner>) -> Result<PublicPage, AppError> {
    if let Some((token, principal)) = visitor.session().await? {
        let ended = signer.end_session(principal.tenant_id, principal.staff_id).await;
        ended.map_err(|refusal| AppError::Unavailable(format!("signing service: {refusal}")))?;
        visitor.sign_in.sessions().end(&token).await?;
        let tx = visitor.sign_in.begin_resuming(&principal, &visitor.meta).await?;
        tx.commit(Audit::of(Act::SignOut, InfoClass::Account).entity("staff", principal.staff_id)).await?;
    }
    Ok(PublicPage::redirect("/login?ended=signed_out").cookie(visitor.forget_session()))
}
