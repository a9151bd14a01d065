//! First step: clinic, user, password.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::{Deserialize, Serialize};
use tenancy::sign_in::Credentials;

use super::views::{Ended, LoginPage};
use super::visitor::{Visitor, onward, safe_next};
use crate::error::AppError;
use crate::web::{FormState, PublicPage};

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    next: String,
    #[serde(default)]
    ended: String,
}

#[derive(Deserialize)]
pub struct LoginForm {
    tenant_code: String,
    login_id: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Serialize)]
struct Shown<'a> {
    tenant_code: &'a str,
    login_id: &'a str,
}

pub async fn show(query: web::Query<Arrival>) -> Result<PublicPage, AppError> {
    PublicPage::new(&LoginPage {
        form: FormState::default(),
        ended: Ended::from_code(&query.ended),
        refusal: None,
        next: safe_next(&query.next),
    })
}

pub async fn submit(visitor: Visitor, form: web::Form<LoginForm>) -> Result<PublicPage, AppError> {
    let tenant_code = form.tenant_code.trim().to_ascii_lowercase();
    let login_id = form.login_id.trim().to_ascii_lowercase();
    let given = Credentials { tenant_code: &tenant_code, login_id: &login_id, password: &form.password };
    match visitor.sign_in.check_password(given, &visitor.meta, visitor.ip).await? {
        Some((token, pending)) => Ok(PublicPage::redirect(&onward(pending.step(), &form.next)).cookie(visitor.pending_cookie(&token))),
        None => {
            let shown = FormState::of(&Shown { tenant_code: &form.tenant_code, login_id: &form.login_id });
            let refusal = Some("サインインできませんでした".to_owned());
            PublicPage::with_status(
                StatusCode::UNPROCESSABLE_ENTITY,
                &LoginPage { form: shown, ended: None, refusal, next: safe_next(&form.next) },
            )
        }
    }
}
