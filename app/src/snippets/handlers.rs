//! Keeping 定型文, and lending them to the chart.

use actix_web::http::StatusCode;
use actix_web::{Either, HttpRequest, web};
use domain::note::{SECTION_MAX_CHARS, SectionText};
use serde::{Deserialize, Serialize};
use tenancy::permission::{NoteSign, NoteWrite};
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::Model;
use super::store;
use super::views::{SnippetLine, SnippetsPage};
use crate::AppError;
use crate::web::{Chrome, FormErrors, FormState, Json, Nav, Page, Redirect, wants_json};

const ADD: &str = "snippet.add";
/// Longest text of one snippet; a section takes more.
const BODY_MAX: usize = SECTION_MAX_CHARS / 10;
type Answer = Either<Redirect, Page>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawSnippet {
    idempotency_key: String,
    version: String,
    short_name: String,
    body: String,
    /// `clinic` for everybody's.
    owner: String,
}

impl RawSnippet {
    fn read(&self) -> Result<(String, String), FormErrors> {
        let mut e = FormErrors::default();
        let name = self.short_name.trim().trim_start_matches([';', '；']).to_owned();
        if name.is_empty() || name.len() > 12 || !name.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()) {
            e.add("short_name", "略号は半角の英小文字と数字で12文字までにしてください(例 ht)。");
        }
        let body = e.take("body", SectionText::parse(self.body.trim()), domain::note::TextError::message);
        let body = body.map(SectionText::into_inner).unwrap_or_default();
        if body.is_empty() && e.of("body").is_none() {
            e.add("body", "文を入れてください。");
        }
        if body.chars().count() > BODY_MAX {
            e.add("body", format!("文は{BODY_MAX}文字までです。"));
        }
        if e.is_empty() { Ok((name, body)) } else { Err(e) }
    }
}

/// The edit screen; for the chart's script the texts by short name, one's own over the clinic's.
pub async fn list(access: Access<NoteWrite>, req: HttpRequest) -> Result<Either<Json, Page>, AppError> {
    let tx = access.begin().await?;
    if wants_json(&req) {
        let (own, clinics): (Vec<Model>, Vec<Model>) = store::mine(&tx).await?.into_iter().partition(|row| !row.owner_id.is_nil());
        let texts: std::collections::BTreeMap<String, String> =
            clinics.into_iter().chain(own).map(|row| (row.short_name, row.body)).collect();
        let receipt = tx.commit(Audit::viewed(InfoClass::Account).detail("snippets", texts.len())).await?;
        return Ok(Either::Left(Json::of(receipt, StatusCode::OK, &[], &serde_json::json!({ "snippets": texts }))?));
    }
    let page = page(&tx, &access, FormState::default().set("idempotency_key", tx.new_id().to_string())).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Account)).await?, &page).map(Either::Right)
}

async fn page(tx: &TenantTx, access: &Access<NoteWrite>, form: FormState) -> Result<SnippetsPage, AppError> {
    let may = access.may::<NoteSign>();
    let lines = store::mine(tx).await?.iter().map(|row| SnippetLine::of(row, may)).collect();
    Ok(SnippetsPage { chrome: Chrome::of(access.principal(), Nav::Account), lines, may_write_clinics: may, form })
}

async fn again(access: &Access<NoteWrite>, raw: &RawSnippet, errors: FormErrors) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let fresh = RawSnippet { idempotency_key: tx.new_id().to_string(), ..raw.clone() };
    let page = page(&tx, access, FormState::of(&fresh).with_errors(errors)).await?;
    Page::invalid(tx.commit(Audit::viewed(InfoClass::Account)).await?, &page).map(Either::Right)
}

fn taken() -> FormErrors {
    let mut e = FormErrors::default();
    e.add("short_name", "同じ略号がすでにあります。下の一覧で直すか、別の略号にしてください。");
    e
}

/// 定型文を足す.
pub async fn add(access: Access<NoteWrite>, form: web::Form<RawSnippet>) -> Result<Answer, AppError> {
    let (name, body) = match form.read() {
        Ok(good) => good,
        Err(errors) => return again(&access, &form, errors).await,
    };
    let is_clinics = form.owner == "clinic";
    if is_clinics && !access.may::<NoteSign>() {
        return Err(AppError::Refused("院内共通の定型文は医師が足します。".into()));
    }
    let key: Uuid = form.idempotency_key.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let tx = access.begin().await?;
    let act = tx.act_key(key, ADD, &format!("{:?}", *form));
    if tx.idempotent(act).await?.is_none() {
        tx.remember(act, serde_json::json!({})).await?;
        let owner = if is_clinics { Uuid::nil() } else { tx.actor().as_uuid() };
        match store::insert(&tx, owner, name, body).await {
            Ok(_) => {}
            Err(Error::Duplicate { .. }) => {
                drop(tx);
                return again(&access, &form, taken()).await;
            }
            Err(e) => return Err(e.into()),
        }
    }
    Ok(Either::Left(Redirect::to(tx.commit(Audit::created(InfoClass::Account).detail("clinic", is_clinics)).await?, "/snippets")))
}

/// The row as it was seen, if this person may change it.
async fn seen(tx: &TenantTx, access: &Access<NoteWrite>, id: Uuid, version: &str) -> Result<Model, AppError> {
    let row = store::get(tx, id).await?;
    if row.owner_id.is_nil() && !access.may::<NoteSign>() {
        return Err(AppError::Refused("院内共通の定型文は医師が直します。".into()));
    }
    if version.parse() == Ok(row.version) { Ok(row) } else { Err(AppError::Conflict) }
}

pub async fn change(access: Access<NoteWrite>, path: web::Path<Uuid>, form: web::Form<RawSnippet>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = seen(&tx, &access, *path, &form.version).await?;
    let (short_name, body) = match form.read() {
        Ok(good) => good,
        Err(errors) => {
            drop(tx);
            return again(&access, &form, errors).await;
        }
    };
    match store::update(&tx, Model { short_name, body, ..row }).await {
        Ok(_) => Ok(Either::Left(Redirect::to(tx.commit(Audit::updated(InfoClass::Account)).await?, "/snippets"))),
        Err(Error::Duplicate { .. }) => {
            drop(tx);
            again(&access, &form, taken()).await
        }
        Err(e) => Err(e.into()),
    }
}

/// やめる: the short name is free again; the text stays in the history.
pub async fn retire(access: Access<NoteWrite>, path: web::Path<Uuid>, form: web::Form<RawSnippet>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = seen(&tx, &access, *path, &form.version).await?;
    store::update(&tx, Model { status: store::RETIRED.to_owned(), ..row }).await?;
    Ok(Redirect::to(tx.commit(Audit::updated(InfoClass::Account).detail("retired", true)).await?, "/snippets"))
}
