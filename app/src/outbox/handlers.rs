//! 後処理: what is still on its way and what needs a person.

use actix_web::web;
use domain::outbox::{DeliveryRefusal, Pace, Parcel};
use domain::{MessageId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{DeliveryRead, DeliveryWrite};
use tenancy::{Access, Act, Audit, InfoClass};
use uuid::Uuid;

use super::store;
use super::views::OutboxPage;
use crate::devices::views::RelayLine;
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Redirect, Subjects};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OutboxQuery {
    /// What was just done: `sent` or `withdrawn`.
    done: String,
}

pub async fn list(access: Access<DeliveryRead>, query: web::Query<OutboxQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let lines = store::lines(&tx).await?;
    let page =
        OutboxPage::of(Chrome::of(access.principal(), Nav::Today), lines, tx.now(), access.may::<DeliveryWrite>(), query.done.as_str());
    let page = page.with_relay(RelayLine::read(&tx).await?);
    let receipt = tx.commit(Audit::viewed(InfoClass::Delivery).subjects(page.subjects())).await?;
    Page::full(receipt, &page)
}

#[derive(Debug, Deserialize)]
pub struct MoveForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    version: String,
    /// Empty for a message about nobody.
    #[serde(default)]
    patient_token: String,
}

/// 再送.
pub async fn resend(access: Access<DeliveryWrite>, path: web::Path<MessageId>, form: web::Form<MoveForm>) -> Result<Redirect, AppError> {
    turn(&access, *path, &form, "outbox.resend", "sent", |parcel, now, pace| parcel.resend(now, pace)).await
}

/// 取下げ.
pub async fn withdraw(access: Access<DeliveryWrite>, path: web::Path<MessageId>, form: web::Form<MoveForm>) -> Result<Redirect, AppError> {
    turn(&access, *path, &form, "outbox.withdraw", "withdrawn", |parcel, _, _| parcel.withdraw()).await
}

async fn turn(
    access: &Access<DeliveryWrite>,
    id: MessageId,
    form: &MoveForm,
    act: &'static str,
    done: &'static str,
    turn: impl FnOnce(&mut Parcel, chrono::DateTime<chrono::Utc>, &Pace) -> Result<(), DeliveryRefusal>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let mut row = store::lock(&tx, id).await?;
    if form.patient_token != row.patient_id.map(|id| id.to_string()).unwrap_or_default() {
        return Err(AppError::WrongPatient);
    }
    let to = format!("/outbox?done={done}");
    let audit = Audit::of(Act::Send, InfoClass::Delivery)
        .subjects(row.patient_id.map(PatientId::new))
        .entity("outbox_message", id)
        .detail("step", done);
    let key: Uuid = form.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してから、もう一度押してください。".into()))?;
    let key = tx.act_key(key, act, &id.to_string());
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, to));
    }
    match form.version.parse::<i32>() {
        Ok(version) if version == row.version => {}
        Ok(_) => return Err(AppError::Conflict),
        Err(_) => return Err(AppError::Invalid("版番号がありません。画面を開き直してください。".into())),
    }
    let mut parcel = row.parcel()?;
    turn(&mut parcel, tx.now(), &row.service()?.pace()).map_err(|refusal| AppError::Refused(sentence(refusal).into()))?;
    tx.remember(key, json!({})).await?;
    row.turn(&parcel, tx.now());
    store::save(&tx, row).await?;
    Ok(Redirect::to(tx.commit(audit).await?, to))
}

const fn sentence(refusal: DeliveryRefusal) -> &'static str {
    match refusal {
        DeliveryRefusal::Done => "もう届いています。送り直しや取下げはできません。",
        DeliveryRefusal::Underway => "いま送信中です。結果が出てからもう一度押してください。",
        DeliveryRefusal::Withdrawn => "もう取り下げてあります。",
    }
}
