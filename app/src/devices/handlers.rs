//! 連携端末: issue a key, see the last contact, revoke.

use actix_web::{Either, web};
use domain::{DeviceId, text};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::permission::ClinicManage;
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};

use super::views::DevicesPage;
use super::{connection, store};
use crate::error::AppError;
use crate::patients::forms::text_message;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

type Admin = Access<ClinicManage>;

const ISSUE: &str = "device.issue";
const REVOKE: &str = "device.revoke";
const CONNECT: &str = "device.connect";
const NAME_LETTERS: usize = 30;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawDevice {
    name: String,
    version: String,
    transport: String,
    idempotency_key: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrival {
    revoked: bool,
    saved: bool,
}

fn key(tx: &TenantTx, form: &RawDevice, act: &'static str, what: &str) -> Result<tenancy::ActKey, AppError> {
    let key = form.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    Ok(tx.act_key(key, act, what))
}

pub async fn list(access: Admin, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let said = match (query.revoked, query.saved) {
        (true, _) => "鍵を無効にしました。その端末からはもうつながりません",
        (_, true) => "つなぎ方を保存しました。次の照会から変わります",
        _ => "",
    };
    let page = page(&access, &tx, FormErrors::default(), &RawDevice::default()).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Clinic)).await?;
    Page::full(receipt, &DevicesPage { said, ..page })
}

pub(super) async fn page(access: &Admin, tx: &TenantTx, errors: FormErrors, raw: &RawDevice) -> Result<DevicesPage, AppError> {
    let (transport, version) = connection::read(tx).await?;
    let form = RawDevice { idempotency_key: tx.new_id().to_string(), name: raw.name.clone(), version: version.to_string(), transport };
    let rows = store::all(tx).await?;
    let open = store::open_arrivals(tx).await?;
    Ok(DevicesPage::of(Chrome::of(access.principal(), Nav::Clinic), &rows, tx.now(), open, FormState::of(&form).with_errors(errors)))
}

/// The one answer that shows the key. The same press again shows that it was made, not the key.
pub async fn issue(access: Admin, form: web::Form<RawDevice>) -> Result<Either<Redirect, Page>, AppError> {
    let mut errors = FormErrors::default();
    let name = errors.take("name", text::required_line(&form.name, NAME_LETTERS), |e| text_message("名前", *e));
    let tx = access.begin().await?;
    let Some(name) = name else {
        let page = page(&access, &tx, errors, &form).await?;
        return Ok(Either::Right(Page::invalid(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?));
    };
    let key = key(&tx, &form, ISSUE, &name)?;
    if tx.idempotent(key).await?.is_some() {
        return Ok(Either::Left(Redirect::to(tx.commit(Audit::viewed(InfoClass::Clinic).detail("repeated", true)).await?, "/devices")));
    }
    tx.remember(key, json!({})).await?;
    let (id, secret) = store::issue(&tx, &name).await?;
    let shown = DevicesPage { key: Some((name, secret.text())), ..page(&access, &tx, FormErrors::default(), &RawDevice::default()).await? };
    let audit = Audit::of(Act::Manage, InfoClass::Clinic).entity("device", id).detail("step", "issued").detail("prefix", secret.prefix());
    Ok(Either::Right(Page::full(tx.commit(audit).await?, &shown)?))
}

pub async fn revoke(access: Admin, path: web::Path<DeviceId>, form: web::Form<RawDevice>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let key = key(&tx, &form, REVOKE, &path.to_string())?;
    let audit = Audit::of(Act::Manage, InfoClass::Clinic).entity("device", *path).detail("step", "revoked");
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, "/devices?revoked=true"));
    }
    tx.remember(key, json!({})).await?;
    let version = form.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
    store::revoke(&tx, &row, version).await?;
    Ok(Redirect::to(tx.commit(audit).await?, "/devices?revoked=true"))
}

/// 国のサービスへのつなぎ方. Questions through a folder need somebody who fetches them.
pub async fn connect(access: Admin, form: web::Form<RawDevice>) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let transport = connection::TRANSPORTS.iter().map(|(code, _)| *code).find(|code| *code == form.transport);
    let mut errors = FormErrors::default();
    match transport {
        None => errors.add("transport", "つなぎ方を選んでください"),
        Some(connection::FOLDER) if store::active(&tx).await?.is_empty() => {
            errors.add("transport", "先に下の「端末を足す」で鍵を発行してください")
        }
        Some(_) => {}
    }
    let Some(transport) = transport.filter(|_| errors.is_empty()) else {
        let page = page(&access, &tx, errors, &RawDevice::default()).await?;
        return Ok(Either::Right(Page::invalid(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?));
    };
    let key = key(&tx, &form, CONNECT, transport)?;
    let audit = Audit::of(Act::Manage, InfoClass::Clinic).detail("national", transport);
    if tx.idempotent(key).await?.is_none() {
        tx.remember(key, json!({})).await?;
        let version = form.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
        connection::write(&tx, transport, version).await?;
    }
    Ok(Either::Left(Redirect::to(tx.commit(audit).await?, "/devices?saved=true")))
}
