//! What a person signs in with, when they cannot do it themselves: a forgotten password, a lost second factor (GL-05).

use actix_web::{Either, web};
use domain::StaffId;
use serde::Deserialize;
use serde_json::json;
use tenancy::sign_in::SignIn;
use tenancy::{Audit, InfoClass};
use uuid::Uuid;

use super::handlers::{Admin, Answer, chrome, managed};
use super::initial_password::InitialPassword;
use super::store::{self, Person};
use super::views::PasswordPage;
use crate::error::AppError;
use crate::web::{Page, Redirect};

const RENEW: &str = "staff.password";

#[derive(Deserialize)]
pub struct Keyed {
    #[serde(default)]
    idempotency_key: String,
}

/// An administrator's own secrets are changed on their own page, which asks for the password.
fn not_own(access: &Admin, id: StaffId) -> Result<(), AppError> {
    if access.principal().staff_id == id {
        return Err(AppError::Refused("自分のパスワードと本人確認は「自分の設定」で変えてください。".into()));
    }
    Ok(())
}

/// A new initial password, shown once. The old one and the PIN stop working and every open screen closes.
pub async fn renew_password(
    access: Admin,
    sign_in: web::Data<SignIn>,
    path: web::Path<StaffId>,
    form: web::Form<Keyed>,
) -> Result<Answer, AppError> {
    not_own(&access, *path)?;
    let password = InitialPassword::draw(sign_in.hasher()).await?;
    let tx = access.begin().await?;
    let person = store::get(&tx, *path).await?;
    if let Ok(key) = form.idempotency_key.parse::<Uuid>().map(|key| tx.act_key(key, RENEW, &path.to_string())) {
        if tx.idempotent(key).await?.is_some() {
            let receipt = tx.commit(Audit::viewed(InfoClass::Staff).entity("staff", *path).detail("repeated", true)).await?;
            return Ok(Either::Left(Redirect::to(receipt, format!("/staff/{}?done=repeated", *path))));
        }
        tx.remember(key, json!({})).await?;
    }
    store::set_initial_password(&tx, *path, password.phc.clone()).await?;
    let receipt = tx.commit(managed(*path).detail("changed", "password")).await?;
    close(&access, &sign_in, &person).await?;
    Ok(Either::Right(Page::full(receipt, &shown_once(&access, person, password))?))
}

fn shown_once(access: &Admin, person: Person, password: InitialPassword) -> PasswordPage {
    PasswordPage {
        chrome: chrome(access),
        tenant_code: access.principal().tenant_code.clone(),
        login_id: person.row.login_id,
        name: person.row.name,
        password: password.plain,
        is_new: false,
    }
}

/// Ends every session, and the waiting time after wrong passwords, which guarded the old one.
async fn close(access: &Admin, sign_in: &SignIn, person: &Person) -> Result<(), AppError> {
    sign_in.end_everywhere(access.tenant_id(), person.id()).await?;
    Ok(sign_in.sessions().forgive(&format!("{}/{}", access.principal().tenant_code, person.row.login_id)).await?)
}

/// Whoever lost the phone enrols anew at the next sign-in; until then nothing stays open.
pub async fn remove_second_factor(access: Admin, sign_in: web::Data<SignIn>, path: web::Path<StaffId>) -> Result<Redirect, AppError> {
    not_own(&access, *path)?;
    let tx = access.begin().await?;
    store::get(&tx, *path).await?;
    store::remove_second_factors(&tx, *path).await?;
    let receipt = tx.commit(managed(*path).detail("changed", "second_factor_removed")).await?;
    sign_in.end_everywhere(access.tenant_id(), *path).await?;
    Ok(Redirect::to(receipt, format!("/staff/{}?done=second-factor", *path)))
}
