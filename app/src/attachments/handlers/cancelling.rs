//! 取消 with a reason, and taking it back. Both are versions; no byte goes.

use actix_web::web;
use domain::note::Reason;
use domain::{AttachmentId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::AttachmentWrite;
use tenancy::{Access, Audit, InfoClass};
use uuid::Uuid;

use super::check_token;
use crate::attachments::store::{self, ACTIVE, CANCELLED, Reach};
use crate::error::AppError;
use crate::web::Redirect;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StatusForm {
    patient_token: String,
    idempotency_key: String,
    version: String,
    reason: String,
}

/// 取消.
pub async fn cancel(
    access: Access<AttachmentWrite>,
    path: web::Path<AttachmentId>,
    form: web::Form<StatusForm>,
) -> Result<Redirect, AppError> {
    turn(access, *path, &form, CANCELLED).await
}

/// 元に戻す.
pub async fn restore(
    access: Access<AttachmentWrite>,
    path: web::Path<AttachmentId>,
    form: web::Form<StatusForm>,
) -> Result<Redirect, AppError> {
    turn(access, *path, &form, ACTIVE).await
}

async fn turn(access: Access<AttachmentWrite>, id: AttachmentId, form: &StatusForm, to: &'static str) -> Result<Redirect, AppError> {
    let broken = || AppError::Invalid("画面の情報が欠けています。画面を開き直してください。".into());
    let tx = access.begin().await?;
    let row = store::get(&tx, id, Reach::of(&access)).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&tx, form.patient_token.parse().map_err(|_| broken())?, patient).await?;
    let is_cancelling = to == CANCELLED;
    let back = format!("/patients/{patient}/attachments{}", if is_cancelling { format!("?undo={id}") } else { String::new() });
    let key: Uuid = form.idempotency_key.parse().map_err(|_| broken())?;
    let key = tx.act_key(key, "attachment.turn", &format!("{id} {to} {form:?}"));
    let audit = Audit::updated(InfoClass::Attachment).subject(patient).entity("attachment", id).detail("status", to);
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, back));
    }
    let reason = match Reason::parse(&form.reason) {
        Ok(reason) => reason.as_str().to_owned(),
        Err(_) if !is_cancelling => String::new(),
        Err(error) => return Err(AppError::Invalid(format!("取消の理由: {}", error.message()))),
    };
    if form.version.parse::<i32>().map_err(|_| broken())? != row.version || row.status == to {
        return Err(AppError::Conflict);
    }
    tx.remember(key, json!({})).await?;
    store::set_status(&tx, row, to, &reason).await?;
    Ok(Redirect::to(tx.commit(audit).await?, back))
}
