//! A file is taken in: judged, sealed, put into the object store, and only then written down as 検査待ち. Whatever fails in between
//! leaves no row behind; an object without a row is sealed bytes nobody asks for.

use domain::attachment::AttachmentKind;
use domain::{AttachmentId, EncounterId, FileId, PatientId};
use serde_json::json;
use tenancy::permission::{AttachmentWrite, DrawingWrite, Permission};
use tenancy::versioned::sha256;
use tenancy::{Access, Act, Audit, InfoClass, Receipt, TenantTx};
use uuid::Uuid;

use super::cabinet::{Cabinet, Part, away, object_key};
use super::content::Judged;
use super::store::{self, NewFile, Reach};
use crate::error::AppError;

const ACT: &str = "attachment.add";

/// What is taken in. The caller has looked up the patient and checked the token.
pub struct Arrival<'a> {
    pub patient: PatientId,
    pub encounter: Option<EncounterId>,
    pub kind: AttachmentKind,
    pub title: String,
    pub bytes: &'a [u8],
    pub judged: Judged,
    /// What was drawn; empty for photos and documents.
    pub drawing: String,
    pub key: Uuid,
    /// The シェーマ this is a further version of, as it was when drawing began.
    pub replaces: Option<(AttachmentId, i32)>,
}

/// Who may put something into the cabinet.
pub trait Keeps: Permission {}
impl Keeps for AttachmentWrite {}
impl Keeps for DrawingWrite {}

/// Keeps it once, however often it is sent.
pub async fn keep<P: Keeps>(access: &Access<P>, cabinet: &Cabinet, arrival: &Arrival<'_>) -> Result<(AttachmentId, Receipt), AppError> {
    match once(access, cabinet, arrival).await {
        // The same act at the same moment: the other one has done it by now.
        Err(AppError::Conflict) => once(access, cabinet, arrival).await,
        other => other,
    }
}

async fn once<P: Keeps>(access: &Access<P>, cabinet: &Cabinet, arrival: &Arrival<'_>) -> Result<(AttachmentId, Receipt), AppError> {
    let digest = sha256(arrival.bytes);
    let tx = with_key(access).await?;
    let sent = format!("{} {:?} {:?} {}", arrival.patient, arrival.encounter, arrival.replaces, hex::encode(digest));
    let key = tx.act_key(arrival.key, ACT, &sent);
    if let Some(done) = tx.idempotent(key).await? {
        return known(tx, arrival, &done).await;
    }
    let file = FileId::new(tx.new_id());
    let sealed = tx.seal(&Part::Upload.purpose(file), arrival.bytes).await?;
    let object = object_key(tx.tenant_id(), file, Part::Upload);
    drop(tx);
    cabinet.store()?.put(&object, sealed, "application/octet-stream").await.map_err(away)?;

    let tx = access.begin().await?;
    if let Some(done) = tx.idempotent(key).await? {
        return known(tx, arrival, &done).await;
    }
    let id = arrival.replaces.map_or_else(|| AttachmentId::new(tx.new_id()), |(id, _)| id);
    tx.remember(key, json!({ "attachment_id": id })).await?;
    let Judged { content, size } = arrival.judged;
    store::insert_file(&tx, &NewFile { id: file, patient: arrival.patient, content, size, bytes: arrival.bytes.len(), digest }).await?;
    let row = write(&tx, arrival, id, file).await?;
    let audit = if arrival.replaces.is_some() { Audit::updated(InfoClass::Attachment) } else { Audit::created(InfoClass::Attachment) };
    let audit = audit.subject(arrival.patient).entity("attachment", id).detail("kind", arrival.kind.code()).detail("version", row);
    Ok((id, tx.commit(audit.detail("type", content.ending())).await?))
}

/// A clinic's very first key is kept before anything is sealed under it: the sealing transaction below is given up.
async fn with_key<P: Keeps>(access: &Access<P>) -> Result<TenantTx, AppError> {
    let tx = access.begin().await?;
    if !tx.keyring()?.ensure(&tx).await.map_err(tenancy::Error::from)? {
        return Ok(tx);
    }
    tx.commit(Audit::of(Act::Manage, InfoClass::Clinic).detail("key_version", 1)).await?;
    Ok(access.begin().await?)
}

/// The version that was written.
async fn write(tx: &TenantTx, arrival: &Arrival<'_>, id: AttachmentId, file: FileId) -> Result<i32, AppError> {
    let row = match arrival.replaces {
        None => store::insert(tx, id, file, arrival).await?,
        Some((id, version)) => store::redraw(tx, store::get(tx, id, Reach::Chart).await?, version, file, arrival).await?,
    };
    Ok(row.version)
}

async fn known(tx: TenantTx, arrival: &Arrival<'_>, done: &serde_json::Value) -> Result<(AttachmentId, Receipt), AppError> {
    let id = serde_json::from_value(done["attachment_id"].clone()).map_err(AppError::internal)?;
    let audit = Audit::viewed(InfoClass::Attachment).subject(arrival.patient).entity("attachment", id).detail("repeated", true);
    Ok((id, tx.commit(audit).await?))
}
