//! Looking at one attachment: the page, the bytes, the small picture, the print. Every look is in the log.

use actix_web::web;
use domain::AttachmentId;
use domain::attachment::{ContentType, FileState};
use serde::Deserialize;
use tenancy::permission::{AttachmentRead, AttachmentWrite, DrawingWrite};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};

use crate::attachments::cabinet::{Cabinet, Part};
use crate::attachments::store::{self, Reach, Shown, Wanted};
use crate::attachments::views::{PrintPage, ScannerLine, ViewerPage};
use crate::error::AppError;
use crate::notes::neighbours;
use crate::notes::store::staff;
use crate::notes::views::labels;
use crate::web::{Chrome, Download, Nav, Page};

/// Neighbours a viewer leafs through.
const LEAFED: u64 = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ViewQuery {
    /// An earlier version of a シェーマ.
    version: String,
}

/// 見る.
pub async fn show(
    access: Access<AttachmentRead>,
    path: web::Path<AttachmentId>,
    query: web::Query<ViewQuery>,
    cabinet: web::Data<Cabinet>,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let shown = store::get_shown(&tx, *path, Reach::of(&access)).await?;
    let person = neighbours::person(&tx, shown.patient()).await?;
    let all = store::of_patients(&tx, &person.group, Wanted { limit: LEAFED, ..Wanted::default() }, Reach::of(&access)).await?;
    let versions = store::versions(&tx, *path).await?;
    let names = staff(&tx, versions.iter().map(|v| v.by)).await?.names;
    let scanner = ScannerLine::of(access.principal().standing.snapshot().scanner.as_ref(), tx.now());
    let seen = version_of(&tx, &shown, &query).await?;
    let mut page =
        ViewerPage::of((Chrome::of(access.principal(), Nav::Patients), person.stripe), (&shown, &all), (&versions, &names), scanner);
    page.show_version(query.version.parse().ok(), seen.state());
    page.can_write = access.may::<AttachmentWrite>() && !cabinet.is_off();
    page.can_draw = page.can_write && access.may::<DrawingWrite>();
    let audit = Audit::viewed(InfoClass::Attachment).subjects([shown.patient(), page.stripe.patient_id]).entity("attachment", *path);
    Page::full(tx.commit(audit).await?, &page)
}

/// The attachment with the file an earlier version showed.
async fn version_of(tx: &TenantTx, shown: &Shown, query: &ViewQuery) -> Result<Shown, AppError> {
    let Ok(version) = query.version.parse::<i32>() else { return Ok(shown.clone()) };
    let earlier = store::versions(tx, shown.id()).await?.into_iter().find(|v| v.version == version).ok_or(AppError::NotFound)?;
    Ok(Shown { row: shown.row.clone(), file: store::get_file(tx, earlier.file).await? })
}

/// The bytes. Nobody gets what was not found clean.
pub async fn file(
    access: Access<AttachmentRead>,
    path: web::Path<AttachmentId>,
    query: web::Query<ViewQuery>,
    cabinet: web::Data<Cabinet>,
) -> Result<Download, AppError> {
    let tx = access.begin().await?;
    let shown = version_of(&tx, &store::get_shown(&tx, *path, Reach::of(&access)).await?, &query).await?;
    let content = opened(&shown)?;
    let bytes = cabinet.read(&tx, shown.file_id(), Part::Whole).await?;
    let audit = Audit::viewed(InfoClass::Attachment).subject(shown.patient()).entity("attachment", *path).detail("bytes", bytes.len());
    // A document leaves as a file: no reader of ours opens it inside the chart.
    let disposition = if content.is_picture() { "inline" } else { "attachment" };
    let name = format!("attachment-{}.{}", *path, content.ending());
    Ok(Download::of(tx.commit(audit).await?, &[shown.patient()], content.mime(), disposition, &name, bytes)?.sandboxed())
}

/// Only a clean file is opened; the sentence says why another is not.
fn opened(shown: &Shown) -> Result<ContentType, AppError> {
    let content = shown.content().ok_or_else(|| AppError::internal("a file of an unknown kind"))?;
    match shown.state() {
        FileState::Clean => Ok(content),
        FileState::Quarantine => Err(AppError::Refused("安全の検査が終わるまで開けません。終わると自動で開けるようになります。".into())),
        FileState::Infected => Err(AppError::Refused("ウイルスが見つかったため、開けません。取り消してください。".into())),
        FileState::Refused => Err(AppError::Refused("受け付けられなかったファイルのため、開けません。取り消してください。".into())),
    }
}

/// 一覧の小さな絵.
pub async fn thumbnail(
    access: Access<AttachmentRead>,
    path: web::Path<AttachmentId>,
    cabinet: web::Data<Cabinet>,
) -> Result<Download, AppError> {
    let tx = access.begin().await?;
    let shown = store::get_shown(&tx, *path, Reach::of(&access)).await?;
    if !opened(&shown)?.is_picture() {
        return Err(AppError::NotFound);
    }
    let bytes = cabinet.read(&tx, shown.file_id(), Part::Thumbnail).await?;
    let audit = Audit::viewed(InfoClass::Attachment).subject(shown.patient()).entity("attachment", *path).detail("part", "thumbnail");
    let jpeg = ContentType::Jpeg.mime();
    Ok(Download::of(tx.commit(audit).await?, &[shown.patient()], jpeg, "inline", "thumbnail.jpg", bytes)?.sandboxed())
}

/// 印刷 of a picture.
pub async fn print(access: Access<AttachmentRead>, path: web::Path<AttachmentId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let shown = store::get_shown(&tx, *path, Reach::of(&access)).await?;
    if !opened(&shown)?.is_picture() {
        return Err(AppError::Refused("文書は「ファイルを保存」で取り出してから印刷してください。".into()));
    }
    let person = neighbours::person(&tx, shown.patient()).await?;
    let page = PrintPage {
        clinic: access.principal().tenant_name.clone(),
        printed_at: labels::stamp(tx.now()),
        printed_by: access.principal().staff_name.clone(),
        id: *path,
        title: shown.row.title.clone(),
        kind: shown.kind().label(),
        day: labels::day(shown.row.noted_on),
        words: crate::attachments::views::words_of(&shown.row),
        stripe: person.stripe,
    };
    let audit =
        Audit::of(Act::Print, InfoClass::Attachment).subjects([shown.patient(), page.stripe.patient_id]).entity("attachment", *path);
    Page::full(tx.commit(audit).await?, &page)
}
