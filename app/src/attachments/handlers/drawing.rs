//! シェーマ: drawn in the browser, kept as a picture and as data, drawn on again as a further version.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::web;
use domain::attachment::{AttachmentKind, ContentType, FileRefusal, check_title};
use domain::drawing::{Base, Drawing};
use domain::{AttachmentId, EncounterId, PatientId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::DrawingWrite;
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::{check_token, visit_of};
use crate::attachments::add::{self, Arrival};
use crate::attachments::cabinet::Cabinet;
use crate::attachments::content;
use crate::attachments::store::{self, Reach};
use crate::attachments::upload::{self, Sent};
use crate::attachments::views::DrawingPage;
use crate::error::AppError;
use crate::notes::neighbours;
use crate::patients::store as patients;
use crate::web::{Chrome, Json, Nav, Page};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BeginQuery {
    encounter: String,
    template: String,
    /// A photo to draw on.
    photo: String,
}

/// シェーマを描く: on a template or on a photo.
pub async fn begin(
    access: Access<DrawingWrite>,
    path: web::Path<PatientId>,
    query: web::Query<BeginQuery>,
    cabinet: web::Data<Cabinet>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    cabinet.store()?;
    let encounter = visit_of(&tx, *path, &query.encounter).await?;
    let photo = match query.photo.parse::<AttachmentId>() {
        Ok(id) => Some(photo(&tx, *path, id).await?),
        Err(_) => None,
    };
    let mut page = DrawingPage::begun((Chrome::of(access.principal(), Nav::Patients), person.stripe), *path, encounter);
    page.act_key = tx.new_id();
    page.choose(&query.template, photo);
    let receipt = tx.commit(Audit::viewed(InfoClass::Attachment).subjects([*path, page.stripe.patient_id]).detail("drawing", true)).await?;
    Page::full(receipt, &page)
}

/// A clean picture of the same person.
async fn photo(tx: &TenantTx, patient: PatientId, id: AttachmentId) -> Result<store::Shown, AppError> {
    let shown = store::get_shown(tx, id, Reach::Chart).await?;
    check_token(tx, shown.patient(), patient).await.map_err(|_| AppError::NotFound)?;
    let is_picture = shown.content().is_some_and(ContentType::is_picture);
    if !is_picture || !shown.state().may_open() {
        return Err(AppError::Refused("検査の済んだ写真の上にだけ描けます。".into()));
    }
    Ok(shown)
}

/// 描き直す: what was drawn last is on the page.
pub async fn again(access: Access<DrawingWrite>, path: web::Path<AttachmentId>, cabinet: web::Data<Cabinet>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path, Reach::Chart).await?;
    cabinet.store()?;
    if row.drawing.is_empty() {
        return Err(AppError::Refused("描き直せるのはシェーマだけです。写真には「この上に描く」を使ってください。".into()));
    }
    let person = neighbours::person(&tx, PatientId::new(row.patient_id)).await?;
    let encounter = row.encounter_id.map(EncounterId::new);
    let patient = PatientId::new(row.patient_id);
    let mut page = DrawingPage::begun((Chrome::of(access.principal(), Nav::Patients), person.stripe), patient, encounter);
    page.act_key = tx.new_id();
    page.go_on(&row);
    let audit = Audit::viewed(InfoClass::Attachment).subjects([patient, page.stripe.patient_id]).entity("attachment", *path);
    Page::full(tx.commit(audit.detail("drawing", true)).await?, &page)
}

/// A new シェーマ.
pub async fn add(
    access: Access<DrawingWrite>,
    path: web::Path<PatientId>,
    form: Multipart,
    cabinet: web::Data<Cabinet>,
) -> Result<Json, AppError> {
    patients::get(&access.begin().await?, *path).await?;
    cabinet.store()?;
    keep(&access, &cabinet, *path, form, None).await
}

/// A further version of one.
pub async fn redraw(
    access: Access<DrawingWrite>,
    path: web::Path<AttachmentId>,
    form: Multipart,
    cabinet: web::Data<Cabinet>,
) -> Result<Json, AppError> {
    let row = store::get(&access.begin().await?, *path, Reach::Chart).await?;
    cabinet.store()?;
    if row.drawing.is_empty() || row.status == store::CANCELLED {
        return Err(AppError::Refused("取り消されたもの、シェーマでないものは描き直せません。".into()));
    }
    keep(&access, &cabinet, PatientId::new(row.patient_id), form, Some(*path)).await
}

async fn keep(
    access: &Access<DrawingWrite>,
    cabinet: &Cabinet,
    patient: PatientId,
    form: Multipart,
    of: Option<AttachmentId>,
) -> Result<Json, AppError> {
    let _turn = cabinet.turn().await?;
    let sent = upload::read(form).await?;
    let token: PatientId = sent.hidden("patient_token")?;
    let invalid = |says: &str| AppError::Invalid(says.to_owned());
    let drawing = Drawing::parse(sent.text("drawing")).map_err(|e| invalid(e.sentence()))?;
    let title = check_title(sent.text("title")).map_err(|e| invalid(e.sentence()))?;
    let tx = access.begin().await?;
    check_token(&tx, token, patient).await?;
    if let Base::Photo(id) = &drawing.base {
        photo(&tx, patient, AttachmentId::new(*id)).await?;
    }
    let encounter = visit_of(&tx, patient, sent.text("encounter_id")).await?;
    drop(tx);
    let replaces = of.map(|id| Ok::<_, AppError>((id, sent.hidden("version")?))).transpose()?;
    let file = picture(&sent).map_err(|refusal| invalid(refusal.sentence()))?;
    let judged = content::judge(file).map_err(|refusal| invalid(refusal.sentence()))?;
    let (kind, key) = (AttachmentKind::Schema, sent.key()?);
    let arrival = Arrival { patient, encounter, kind, title, bytes: file, judged, drawing: drawing.to_text(), key, replaces };
    let (id, receipt) = add::keep(access, cabinet, &arrival).await?;
    Json::of(receipt, StatusCode::CREATED, &[], &json!({ "location": format!("/attachments/{id}") }))
}

/// The picture the browser made of it: a PNG and nothing else.
fn picture(sent: &Sent) -> Result<&[u8], FileRefusal> {
    let file = sent.files.first().ok_or(FileRefusal::Empty)?;
    let is_png = !file.is_cut && file.bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    if is_png { Ok(&file.bytes) } else { Err(FileRefusal::Broken) }
}
