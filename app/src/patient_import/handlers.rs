//! Upload, look, match the columns anew, apply, give up.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::{Either, HttpRequest, web};
use domain::ImportId;
use sea_orm::JsonValue;
use serde::Deserialize;
use tenancy::permission::PatientImport;
use tenancy::versioned::sha256;
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};

use super::columns::{self, Column};
use super::entity::Model;
use super::reading::{self, Sheet};
use super::store::{self, CHECKED, DISCARDED, QUEUED};
use super::upload;
use super::views::{ImportListPage, ImportPage, ImportRow};
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Redirect};

type Admin = Access<PatientImport>;
type Answer = Either<Redirect, Page>;

fn viewed() -> Audit {
    Audit::viewed(InfoClass::Patient).detail("import", true)
}

fn imported(id: ImportId, act: &'static str) -> Audit {
    Audit::of(Act::Import, InfoClass::Patient).entity("patient_import", id).detail("act", act)
}

/// これまでの取込, and the form for another file.
pub async fn list(access: Admin) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = list_page(&access, &tx, None).await?;
    Page::full(tx.commit(viewed()).await?, &page)
}

async fn list_page(access: &Admin, tx: &TenantTx, refused: Option<String>) -> Result<ImportListPage, AppError> {
    let rows = store::recent(tx).await?.iter().map(ImportRow::of).collect();
    Ok(ImportListPage { chrome: Chrome::of(access.principal(), Nav::Patients), rows, refused })
}

/// 調べる: nothing is registered by it. The same file again leads to what is known of it.
pub async fn upload(access: Admin, form: Multipart) -> Result<Answer, AppError> {
    let (name, bytes) = upload::file(form).await?;
    let sheet = match reading::read(&bytes) {
        Ok(sheet) => sheet,
        Err(error) => {
            let tx = access.begin().await?;
            let page = list_page(&access, &tx, Some(error.sentence())).await?;
            return Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?));
        }
    };
    let tx = access.begin().await?;
    let known = store::find_content(&tx, &sha256(&bytes)).await?;
    if let Some(row) = known.as_ref().filter(|row| row.state != DISCARDED) {
        let receipt = tx.commit(viewed().detail("repeated", true)).await?;
        return Ok(Either::Left(Redirect::to(receipt, format!("/patient-imports/{}?known=1", row.id))));
    }
    let id = keep(&access, &tx, known, (&name, &bytes), &sheet).await?;
    let receipt = tx.commit(imported(id, "checked").detail("lines", sheet.lines.len())).await?;
    Ok(Either::Left(Redirect::to(receipt, format!("/patient-imports/{id}"))))
}

async fn keep(
    access: &Admin,
    tx: &TenantTx,
    known: Option<Model>,
    (name, bytes): (&str, &[u8]),
    sheet: &Sheet,
) -> Result<ImportId, AppError> {
    let mut row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: known.as_ref().map_or_else(|| tx.new_id(), |row| row.id),
        file_name: if name.is_empty() { "(名前なし)".into() } else { name.to_owned() },
        content_sha256: sha256(bytes).to_vec(),
        content_sealed: store::seal(tx, bytes).await?,
        encoding: sheet.encoding.into(),
        state: CHECKED.into(),
        mapping: JsonValue::Null,
        total: 0,
        good: 0,
        done: 0,
        skipped: 0,
        problems: JsonValue::Null,
        created_at: tx.now(),
        created_by_id: tx.actor().as_uuid(),
        started_at: None,
        finished_at: None,
    };
    store::look_at(tx, &mut row, sheet, &Column::guess(&sheet.headings), access.clock().today_jst()).await?;
    let id = ImportId::new(row.id);
    if known.is_some() {
        store::save(tx, row).await?
    } else {
        store::insert(tx, row).await?
    }
    Ok(id)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    known: String,
}

/// 結果: counts, problems line by line, the columns; while it runs, how far it is.
pub async fn show(access: Admin, path: web::Path<ImportId>, query: web::Query<ShowQuery>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, path.as_uuid()).await?;
    let page = page_of(&access, &tx, &row, !query.known.is_empty()).await?;
    let receipt = tx.commit(viewed().entity("patient_import", *path)).await?;
    Page::full_or(&req, receipt, &page, page.as_progress())
}

async fn page_of(access: &Admin, tx: &TenantTx, row: &Model, is_known: bool) -> Result<ImportPage, AppError> {
    let headings = if row.state == CHECKED { sheet_of(tx, row).await?.headings } else { Vec::new() };
    Ok(ImportPage::of(Chrome::of(access.principal(), Nav::Patients), row, headings, is_known))
}

async fn sheet_of(tx: &TenantTx, row: &Model) -> Result<Sheet, AppError> {
    let bytes = store::open(tx, row).await?;
    reading::read(&bytes).map_err(|_| AppError::internal("a file that was read before cannot be read"))
}

/// The columns as matched by hand: `column_0=name_ideographic`.
#[derive(Debug, Default, Deserialize)]
pub struct MapForm {
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

impl MapForm {
    fn columns(&self, count: usize) -> Result<Vec<Column>, AppError> {
        let code = |at: usize| self.fields.get(&format!("column_{at}")).map_or("", String::as_str);
        let mut found: Vec<Column> = Vec::new();
        for at in 0..count {
            let column = Column::from_code(code(at)).ok_or_else(|| AppError::Invalid("列の使い道を一覧から選んでください。".into()))?;
            if column != Column::Ignored && found.contains(&column) {
                let says = format!("「{}」を二つの列で選んでいます。一つにしてください。", column.label());
                return Err(AppError::Refused(says));
            }
            found.push(column);
        }
        Ok(found)
    }
}

/// 列の使い道を変えて、もう一度調べる.
pub async fn map(access: Admin, path: web::Path<ImportId>, form: web::Form<MapForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let mut row = locked(&tx, *path).await?;
    let sheet = sheet_of(&tx, &row).await?;
    let mapping = form.columns(sheet.headings.len())?;
    store::look_at(&tx, &mut row, &sheet, &mapping, access.clock().today_jst()).await?;
    store::save(&tx, row).await?;
    Ok(Redirect::to(tx.commit(imported(*path, "mapped")).await?, format!("/patient-imports/{}", *path)))
}

/// Only what was looked at and not begun can be changed, begun or given up.
async fn locked(tx: &TenantTx, id: ImportId) -> Result<Model, AppError> {
    let row = store::lock(tx, id.as_uuid()).await?;
    if row.state == CHECKED {
        Ok(row)
    } else {
        Err(AppError::Refused("この取込はもう始まったか、終わっています。画面を開き直してください。".into()))
    }
}

/// 取り込む: in the background. Pressed twice it is one import.
pub async fn apply(access: Admin, path: web::Path<ImportId>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let mut row = store::lock(&tx, path.as_uuid()).await?;
    let to = format!("/patient-imports/{}", *path);
    if row.state != CHECKED && row.state != DISCARDED {
        return Ok(Redirect::to(tx.commit(viewed().detail("repeated", true)).await?, to));
    }
    if row.state == DISCARDED || row.good == 0 || !columns::missing(&row.columns()).is_empty() {
        return Err(AppError::Refused("取り込める行がありません。列の使い道を直すか、ファイルを選び直してください。".into()));
    }
    row.state = QUEUED.into();
    row.created_by_id = tx.actor().as_uuid();
    store::save(&tx, row).await?;
    Ok(Redirect::to(tx.commit(imported(*path, "applied")).await?, to))
}

/// やめる: the file is forgotten.
pub async fn discard(access: Admin, path: web::Path<ImportId>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let mut row = locked(&tx, *path).await?;
    row.state = DISCARDED.into();
    row.content_sealed = Vec::new();
    store::save(&tx, row).await?;
    Ok(Redirect::to(tx.commit(imported(*path, "discarded")).await?, "/patient-imports"))
}
