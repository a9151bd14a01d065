//! List, add, rename, retire.

use actix_web::{Either, web};
use domain::{PlaceId, text};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenancy::permission::ClinicManage;
use tenancy::staff::place;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::store;
use super::views::{KINDS, PlaceRow, PlacesPage};
use crate::error::AppError;
use crate::patients::forms::text_message;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

type Admin = Access<ClinicManage>;
type Answer = Either<Redirect, Page>;

const ADD: &str = "place.add";
const NAME_LETTERS: usize = 20;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RawPlaceForm {
    name: String,
    kind: String,
    version: String,
    /// `retire` or `restore`: the button that was pressed.
    act: String,
    idempotency_key: String,
}

impl RawPlaceForm {
    fn read(&self) -> Result<(String, &'static str), FormErrors> {
        let mut errors = FormErrors::default();
        let name = errors.take("name", text::required_line(&self.name, NAME_LETTERS), |e| text_message("名前", *e));
        let kind = KINDS.iter().find(|(code, _)| *code == self.kind).map(|(code, _)| *code).ok_or(());
        let kind = errors.take("kind", kind, |()| "種類を選んでください".into());
        name.zip(kind).ok_or(errors)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrival {
    saved: bool,
}

/// 勤務場所.
pub async fn list(access: Admin, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let begun = RawPlaceForm { idempotency_key: tx.new_id().to_string(), kind: "exam".into(), ..RawPlaceForm::default() };
    let page = page(&access, &tx, FormState::of(&begun), query.saved).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}

async fn page(access: &Admin, tx: &TenantTx, form: FormState, is_saved: bool) -> Result<PlacesPage, AppError> {
    let rows = store::all(tx).await?;
    let (retired, active): (Vec<PlaceRow>, Vec<PlaceRow>) = rows.iter().map(PlaceRow::of).partition(|row| row.is_retired);
    Ok(PlacesPage { chrome: Chrome::of(access.principal(), Nav::Clinic), active, retired, form, is_saved })
}

async fn refuse(access: &Admin, raw: &RawPlaceForm, errors: FormErrors) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let page = page(access, &tx, FormState::of(raw).with_errors(errors), false).await?;
    Ok(Either::Right(Page::invalid(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?))
}

fn taken() -> FormErrors {
    let mut errors = FormErrors::default();
    errors.add("name", "同じ名前の場所がもうあります(使わなくした場所も含みます)");
    errors
}

fn saved(receipt: tenancy::Receipt) -> Answer {
    Either::Left(Redirect::to(receipt, "/places?saved=true"))
}

pub async fn add(access: Admin, form: web::Form<RawPlaceForm>) -> Result<Answer, AppError> {
    let (name, kind) = match form.read() {
        Ok(stated) => stated,
        Err(errors) => return refuse(&access, &form, errors).await,
    };
    let tx = access.begin().await?;
    let key = form.idempotency_key.parse::<Uuid>().ok().map(|key| tx.act_key(key, ADD, &format!("{name} {kind}")));
    if let Some(key) = key {
        if tx.idempotent(key).await?.is_some() {
            return Ok(saved(tx.commit(Audit::viewed(InfoClass::Clinic).detail("repeated", true)).await?));
        }
        tx.remember(key, json!({})).await?;
    }
    match store::insert(&tx, &name, kind).await {
        Ok(id) => Ok(saved(tx.commit(Audit::of(Act::Manage, InfoClass::Clinic).entity("place", id)).await?)),
        Err(Error::Duplicate { constraint }) if constraint.starts_with("place") => refuse(&access, &form, taken()).await,
        Err(error) => Err(error.into()),
    }
}

/// 名前の変更, 使わない, また使う. Somebody must be able to sign in somewhere: the last place stays.
pub async fn change(access: Admin, path: web::Path<PlaceId>, form: web::Form<RawPlaceForm>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let rows = store::all(&tx).await?;
    let current = rows.iter().find(|row| row.id == path.as_uuid()).ok_or(AppError::NotFound)?;
    let (name, kind) = match form.read() {
        Ok(stated) => stated,
        Err(errors) => return refuse(&access, &RawPlaceForm::default(), errors).await,
    };
    let version = form.version.parse().map_err(|_| AppError::Invalid("版番号がありません。画面を開き直してください。".into()))?;
    let retired_at = match form.act.as_str() {
        "retire" => Some(tx.now()),
        "restore" => None,
        _ => current.retired_at,
    };
    let is_last = rows.iter().all(|row| row.id == current.id || row.retired_at.is_some());
    if form.act == "retire" && is_last {
        return Err(AppError::Refused("最後の勤務場所は使わなくできません。ほかの場所を足してからにしてください。".into()));
    }
    let new = place::Model { name, kind: kind.into(), retired_at, version, ..current.clone() };
    match store::update(&tx, &new).await {
        Ok(()) => {
            let audit = Audit::of(Act::Manage, InfoClass::Clinic).entity("place", *path).detail("retired", retired_at.is_some());
            Ok(saved(tx.commit(audit).await?))
        }
        Err(Error::Duplicate { constraint }) if constraint.starts_with("place") => refuse(&access, &RawPlaceForm::default(), taken()).await,
        Err(error) => Err(error.into()),
    }
}
