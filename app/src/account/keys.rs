//! 自分のキー (R7): what a person presses instead of the usual keys; the pages' script asks for it once in each tab.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{Either, HttpRequest, web};
use askama::Template;
use domain::keys::{self, KEYS, KeyError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use tenancy::permission::OwnAccount;
use tenancy::{Access, Act, Audit, Authorship, Error, InfoClass, TenantTx, versioned};
use uuid::Uuid;

use super::key_settings::{Column, Entity, Model};
use crate::error::AppError;
use crate::web::{Chrome, FormErrors, Json, Nav, Page, Redirect, wants_json};

type Answer = Either<Redirect, Page>;
const ACTIVE: &str = "active";

async fn find(tx: &TenantTx) -> Result<Option<Model>, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(tx.actor().as_uuid()));
    Ok(own.one(tx).await?)
}

fn blank(tx: &TenantTx) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: tx.actor().as_uuid(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: vec![],
        has_letters: true,
        is_ctrl_alt: None,
        own_keys: serde_json::json!({}),
    }
}

fn own_keys(row: &Model) -> BTreeMap<String, String> {
    serde_json::from_value(row.own_keys.clone()).unwrap_or_default()
}

/// What the form sends: one field for each key, named as the pages declare it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct KeysForm {
    version: String,
    has_letters: String,
    ctrl_alt: String,
    /// 「すべて元に戻す」
    reset: String,
    #[serde(flatten)]
    typed: BTreeMap<String, String>,
}

/// One key of the table.
pub struct KeyRow {
    pub declared: &'static str,
    pub label: &'static str,
    pub own: String,
    pub error: Option<String>,
}

#[derive(Template)]
#[template(path = "account/keys.html")]
pub struct KeysPage {
    pub chrome: Chrome,
    pub rows: Vec<KeyRow>,
    pub version: i32,
    pub has_letters: bool,
    /// `yes`, `no` or empty: as the machine's system is used to.
    pub ctrl_alt: &'static str,
    pub is_saved: bool,
    pub is_stale: bool,
    /// For the script: this tab presses these from now on.
    pub settings: String,
}

crate::no_subjects!(KeysPage);

impl KeysPage {
    pub fn wrong(&self) -> usize {
        self.rows.iter().filter(|row| row.error.is_some()).count()
    }
}

fn settings(row: &Model) -> serde_json::Value {
    serde_json::json!({ "letters": row.has_letters, "ctrlAlt": row.is_ctrl_alt, "own": own_keys(row) })
}

const fn ctrl_alt_code(chosen: Option<bool>) -> &'static str {
    match chosen {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

fn page(access: &Access<OwnAccount>, row: &Model, typed: &BTreeMap<String, String>, errors: &FormErrors) -> KeysPage {
    let shown = |declared: &str| typed.get(declared).cloned().unwrap_or_else(|| declared.to_owned());
    let rows = KEYS.iter().map(|(declared, label)| KeyRow {
        declared,
        label,
        own: shown(declared),
        error: errors.of(declared).map(str::to_owned),
    });
    KeysPage {
        chrome: Chrome::of(access.principal(), Nav::Account),
        rows: rows.collect(),
        version: row.version,
        has_letters: row.has_letters,
        ctrl_alt: ctrl_alt_code(row.is_ctrl_alt),
        is_saved: false,
        is_stale: false,
        settings: settings(row).to_string(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrival {
    saved: String,
}

/// The table; for the pages' script the person's own keys.
pub async fn show(access: Access<OwnAccount>, query: web::Query<Arrival>, req: HttpRequest) -> Result<Either<Json, Page>, AppError> {
    let tx = access.begin().await?;
    let row = find(&tx).await?.unwrap_or_else(|| blank(&tx));
    let receipt = tx.commit(Audit::viewed(InfoClass::Account).entity("staff", access.principal().staff_id)).await?;
    if wants_json(&req) {
        return Ok(Either::Left(Json::of(receipt, StatusCode::OK, &[], &settings(&row))?));
    }
    let page = KeysPage { is_saved: !query.saved.is_empty(), ..page(&access, &row, &own_keys(&row), &FormErrors::default()) };
    Page::full(receipt, &page).map(Either::Right)
}

/// 保存: all keys together, so that two can change places.
pub async fn save(access: Access<OwnAccount>, form: web::Form<KeysForm>) -> Result<Answer, AppError> {
    let form = form.into_inner();
    let typed = if form.reset.is_empty() { form.typed } else { BTreeMap::new() };
    let tx = access.begin().await?;
    let mut row = find(&tx).await?.unwrap_or_else(|| blank(&tx));
    row.has_letters = !form.reset.is_empty() || !form.has_letters.is_empty();
    row.is_ctrl_alt = match form.ctrl_alt.as_str() {
        _ if !form.reset.is_empty() => None,
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let is_stale = form.version.parse() != Ok(row.version);
    let audit = Audit::of(Act::Manage, InfoClass::Account).entity("staff", access.principal().staff_id).detail("changed", "keys");
    match keys::bind(&typed) {
        Ok(own) if !is_stale => {
            row.own_keys = serde_json::to_value(&own).map_err(AppError::internal)?;
            if row.version > 0 {
                versioned::update(&tx, row, Authorship::own(&tx), "").await?
            } else {
                versioned::insert(&tx, row, Authorship::own(&tx)).await?
            };
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, "/account/keys?saved=1")))
        }
        bound => {
            let mut errors = FormErrors::default();
            for (declared, e) in bound.err().into_iter().flatten() {
                errors.add(declared, sentence(&e));
            }
            let page = KeysPage { is_stale, ..page(&access, &row, &typed, &errors) };
            let receipt = tx.commit(Audit::viewed(InfoClass::Account).entity("staff", access.principal().staff_id)).await?;
            if is_stale { Page::conflict(receipt, &page) } else { Page::invalid(receipt, &page) }.map(Either::Right)
        }
    }
}

fn sentence(e: &KeyError) -> String {
    match e {
        KeyError::Unreadable => "キーを読めません。Alt+W、F8、Z のように入れてください".into(),
        KeyError::Reserved(combo) => format!("{combo} はブラウザか文字の編集が使うため、選べません"),
        KeyError::NeedsModifier => "文を書いている間も使うキーなので、Alt か Ctrl+Alt と組み合わせてください".into(),
        KeyError::Taken(label) => format!("「{label}」と同じキーです。どちらかを変えてください"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key a template declares can be found on the page, and so re-bound.
    #[test]
    fn the_table_names_every_key_of_every_page() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
        let mut folders = vec![root];
        let mut missing = vec![];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for mark in ["data-key=\"", "data-row-key=\""] {
                    for rest in text.split(mark).skip(1) {
                        let key = rest.split('"').next().unwrap();
                        let is_known = key.contains("{{") || KEYS.iter().any(|(declared, _)| *declared == key);
                        if !is_known && key != "Enter" {
                            missing.push(format!("{key} in {}", path.display()));
                        }
                    }
                }
            }
        }
        assert!(missing.is_empty(), "add them to domain::keys::KEYS: {missing:?}");
    }
}
