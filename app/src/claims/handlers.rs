//! 修正して再送, and the settings of the connection.

use std::collections::BTreeMap;

use actix_web::{Either, web};
use domain::{EncounterId, PatientId, text};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::permission::{BillingWrite, ClinicManage};
use tenancy::{Access, Act, Audit, Error, InfoClass};

use super::engine::{self, Settings, UrlError, check_url};
use super::entity::receipt_engine;
use super::store;
use super::views::SettingsPage;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::patients::forms::text_message;
use crate::web::context::Deployment;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SendForm {
    patient_token: String,
    idempotency_key: String,
}

/// 修正して再送: what the visit says now, if that is not what was sent.
pub async fn send(access: Access<BillingWrite>, path: web::Path<EncounterId>, form: web::Form<SendForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    if form.patient_token != visit.patient_id.to_string() {
        return Err(AppError::WrongPatient);
    }
    let to = format!("/encounters/{path}/billing");
    let audit = Audit::of(Act::Send, InfoClass::Billing).subject(PatientId::new(visit.patient_id)).entity("encounter", *path);
    let key = form.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let key = tx.act_key(key, "claims.send", &path.to_string());
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, to));
    }
    if engine::find(&tx).await?.is_none_or(|engine| !engine.is_on()) {
        return Err(AppError::Refused("レセコンへの接続が設定されていません。管理者が設定の「レセコン接続」で登録します。".into()));
    }
    tx.remember(key, json!({})).await?;
    store::queue(&tx, *path).await?;
    Ok(Redirect::to(tx.commit(audit).await?, to))
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawSettings {
    version: String,
    status: String,
    url: String,
    user_name: String,
    #[serde(skip_serializing)]
    password: String,
    department_code: String,
    /// One line for each doctor: login id and code.
    physicians: String,
}

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    saved: bool,
}

pub async fn settings(access: Access<ClinicManage>, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let stored = engine::find(&tx).await?;
    let raw = stored.as_ref().map_or_else(RawSettings::begun, RawSettings::of);
    let page = SettingsPage::of(Chrome::of(access.principal(), Nav::Clinic), stored.as_ref(), FormState::of(&raw));
    let receipt = tx.commit(Audit::viewed(InfoClass::Clinic)).await?;
    Page::full(receipt, &SettingsPage { is_saved: query.saved, ..page })
}

/// 保存. A stale version keeps what was typed and shows the version that is stored.
pub async fn update(
    access: Access<ClinicManage>,
    deployment: web::Data<Deployment>,
    form: web::Form<RawSettings>,
) -> Result<Either<Redirect, Page>, AppError> {
    let raw = form.into_inner();
    let tx = access.begin().await?;
    let stored = engine::find(&tx).await?;
    let chrome = Chrome::of(access.principal(), Nav::Clinic);
    let version = stored.as_ref().map_or(0, |row| row.version);
    if raw.version.parse() != Ok(version) {
        let page = SettingsPage { is_stale: true, ..SettingsPage::of(chrome, stored.as_ref(), FormState::of(&raw)) };
        return Ok(Either::Right(Page::conflict(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?));
    }
    match raw.read(stored.is_some(), deployment.is_https) {
        Ok(settings) => {
            engine::keep(&tx, stored, settings).await.map_err(|error| match error {
                Error::Duplicate { .. } => AppError::Conflict,
                error => error.into(),
            })?;
            let audit = Audit::of(Act::Manage, InfoClass::Clinic).detail("changed", "receipt_engine");
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, "/clinic/receipt-computer?saved=true")))
        }
        Err(errors) => {
            let page = SettingsPage::of(chrome, stored.as_ref(), FormState::of(&raw).with_errors(errors));
            Ok(Either::Right(Page::invalid(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?))
        }
    }
}

impl RawSettings {
    fn begun() -> Self {
        Self { version: "0".into(), status: engine::OFF.into(), department_code: "01".into(), ..Self::default() }
    }

    fn of(row: &receipt_engine::Model) -> Self {
        let line = |(login, code): (&String, &serde_json::Value)| format!("{login} {}", code.as_str().unwrap_or_default());
        Self {
            version: row.version.to_string(),
            status: row.status.clone(),
            url: row.url.clone(),
            user_name: row.user_name.clone(),
            password: String::new(),
            department_code: row.department_code.clone(),
            physicians: row
                .physician_codes
                .as_object()
                .map(|codes| codes.iter().map(line).collect::<Vec<_>>().join("\n"))
                .unwrap_or_default(),
        }
    }

    fn read(&self, has_password: bool, is_https: bool) -> Result<Settings, FormErrors> {
        let mut e = FormErrors::default();
        let url = e.take("url", check_url(&self.url, is_https), |error| url_message(*error).into());
        let user_name = e.take("user_name", text::required_line(&self.user_name, 40), |error| text_message("利用者ID", *error));
        let password = match self.password.as_str() {
            "" if has_password => None,
            "" => {
                e.add("password", "パスワードを入れてください");
                None
            }
            typed if typed.chars().count() > 80 || typed.chars().any(char::is_control) => {
                e.add("password", "パスワードは80文字までです");
                None
            }
            typed => Some(typed.to_owned()),
        };
        let department = Some(self.department_code.trim()).filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit()));
        let department_code = e.take("department_code", department.ok_or(()), |()| "診療科コードは2桁の数字です".into());
        let physician_codes = e.take("physicians", physicians(&self.physicians), String::clone);
        match (url, user_name, department_code, physician_codes) {
            (Some(url), Some(user_name), Some(department_code), Some(physician_codes)) if e.is_empty() => Ok(Settings {
                is_on: self.status == engine::ON,
                url,
                user_name,
                password,
                department_code: department_code.to_owned(),
                physician_codes,
            }),
            _ => Err(e),
        }
    }
}

const fn url_message(error: UrlError) -> &'static str {
    match error {
        UrlError::Unreadable => "接続先を読めません。https://receipt.example.jp/api のように入れてください",
        UrlError::NotHttps => "接続先は https で始まるものだけ使えます",
        UrlError::Inside => "この接続先には送れません。クラウドのレセコンの名前で入れてください",
    }
}

/// `doctor 10001` on each line.
fn physicians(typed: &str) -> Result<BTreeMap<String, String>, String> {
    let mut codes = BTreeMap::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()).take(200) {
        let pair = line.split_once(char::is_whitespace).map(|(login, code)| (login, code.trim()));
        match pair {
            Some((login, code)) if (1..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) && login.len() <= 40 => {
                codes.insert(login.to_owned(), code.to_owned());
            }
            _ => {
                return Err(format!(
                    "「{}」を読めません。1行に「利用者ID 医師コード」を書いてください",
                    line.chars().take(40).collect::<String>()
                ));
            }
        }
    }
    if codes.is_empty() { Err("医師を1人以上書いてください。例 doctor 10001".into()) } else { Ok(codes) }
}
