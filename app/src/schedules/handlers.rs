//! 予約枠: list, open, rename, retire; templates added and changed.

use actix_web::{Either, web};
use domain::{ScheduleId, SlotTemplateId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::ScheduleManage;
use tenancy::{Access, Act, Audit, Authorship, Error, InfoClass, TenantTx, versioned};
use uuid::Uuid;

use super::entity::schedule;
use super::forms::{NewSchedule, RawScheduleForm, RawTemplateForm, template_errors};
use super::store::{self, RETIRED};
use super::views::{ScheduleListPage, SchedulePage, TemplatePage, TemplateRow};
use crate::encounters::store::doctors;
use crate::error::AppError;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

pub type Manager = Access<ScheduleManage>;
pub type Answer = Either<Redirect, Page>;

const OPEN: &str = "schedule.open";
const ADD: &str = "slot_template.add";

pub fn chrome(access: &Manager) -> Chrome {
    Chrome::of(access.principal(), Nav::Appointments)
}

pub fn viewed() -> Audit {
    Audit::viewed(InfoClass::Appointment)
}

fn managed(id: Uuid) -> Audit {
    Audit::of(Act::Manage, InfoClass::Appointment).entity("schedule", id)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrival {
    saved: bool,
}

/// 予約枠の一覧, with the form that opens another book.
pub async fn list(access: Manager) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = list_page(&access, &tx, &RawScheduleForm::begun(tx.new_id()), FormErrors::default()).await?;
    Page::full(tx.commit(viewed()).await?, &page)
}

async fn list_page(access: &Manager, tx: &TenantTx, raw: &RawScheduleForm, errors: FormErrors) -> Result<ScheduleListPage, AppError> {
    let (schedules, templates) = (store::active(tx).await?, store::templates(tx, None).await?);
    let doctors = doctors(tx, access.clock().today_jst()).await?;
    let is_new = |id: &String| !schedules.iter().any(|row| row.doctor_id.is_some_and(|doctor| doctor.to_string() == *id));
    Ok(ScheduleListPage {
        chrome: chrome(access),
        doctors: doctors.into_iter().filter(|(id, _)| is_new(id)).collect(),
        rows: ScheduleListPage::rows_of(&schedules, &templates),
        form: FormState::of(raw).with_errors(errors),
    })
}

/// A book for a doctor, a room or a device.
pub async fn open(access: Manager, form: web::Form<RawScheduleForm>) -> Result<Answer, AppError> {
    let raw = form.into_inner();
    let tx = access.begin().await?;
    let new = match raw.opened(&doctors(&tx, access.clock().today_jst()).await?) {
        Ok(new) => new,
        Err(errors) => return refuse_open(&access, tx, &raw, errors).await,
    };
    drop(tx);
    match open_once(&access, &new, raw.idempotency_key.parse().ok()).await {
        Ok(done) => Ok(Either::Left(done)),
        Err(Error::Duplicate { constraint }) if constraint.starts_with("idempotency_key") => {
            Ok(Either::Left(open_once(&access, &new, raw.idempotency_key.parse().ok()).await?))
        }
        Err(Error::Duplicate { .. }) => {
            let mut errors = FormErrors::default();
            errors.add("name", "同じ名前か同じ医師の予約表がもうあります");
            refuse_open(&access, access.begin().await?, &raw, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn open_once(access: &Manager, new: &NewSchedule, key: Option<Uuid>) -> Result<Redirect, Error> {
    let tx = access.begin().await?;
    let key = key.map(|key| tx.act_key(key, OPEN, &format!("{new:?}")));
    if let Some(key) = key
        && let Some(done) = tx.idempotent(key).await?
    {
        let id: ScheduleId = done["id"].as_str().and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        return Ok(Redirect::to(tx.commit(viewed().detail("repeated", true)).await?, format!("/schedules/{id}")));
    }
    let row = store::open(&tx, &new.name, new.doctor, new.is_exclusive).await?;
    if let Some(key) = key {
        tx.remember(key, json!({ "id": row.id })).await?;
    }
    let receipt = tx.commit(managed(row.id).detail("changed", "opened")).await?;
    Ok(Redirect::to(receipt, format!("/schedules/{}", row.id)))
}

async fn refuse_open(access: &Manager, tx: TenantTx, raw: &RawScheduleForm, errors: FormErrors) -> Result<Answer, AppError> {
    let page = list_page(access, &tx, raw, errors).await?;
    Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?))
}

/// One book: its templates, a form for another, its name.
pub async fn show(access: Manager, path: web::Path<ScheduleId>, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let begun = RawTemplateForm::begun(access.clock().today_jst(), tx.new_id());
    let mut page = page_of(&access, &tx, &row, &begun, FormErrors::default()).await?;
    page.is_saved = query.saved;
    Page::full(tx.commit(viewed().entity("schedule", *path)).await?, &page)
}

async fn page_of(
    access: &Manager,
    tx: &TenantTx,
    row: &schedule::Model,
    template: &RawTemplateForm,
    errors: FormErrors,
) -> Result<SchedulePage, AppError> {
    let templates = store::templates(tx, Some(ScheduleId::new(row.id))).await?;
    Ok(SchedulePage {
        chrome: chrome(access),
        id: row.id,
        name: row.name.clone(),
        is_doctor: row.doctor_id.is_some(),
        is_exclusive: row.is_exclusive,
        is_retired: row.status == RETIRED,
        own: FormState::of(&RawScheduleForm::of(row)),
        templates: templates.iter().map(TemplateRow::of).collect(),
        form: FormState::of(template).with_errors(errors),
        is_saved: false,
    })
}

/// Name, and whether it is still booked.
pub async fn change(access: Manager, path: web::Path<ScheduleId>, form: web::Form<RawScheduleForm>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let (name, status) = match form.changed() {
        Ok(stated) => stated,
        Err(errors) => {
            let begun = RawTemplateForm::begun(access.clock().today_jst(), tx.new_id());
            let mut page = page_of(&access, &tx, &row, &begun, FormErrors::default()).await?;
            page.own = FormState::of(&form.into_inner()).with_errors(errors);
            return Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?));
        }
    };
    if form.version != row.version.to_string() {
        return Err(AppError::Conflict);
    }
    let new = schedule::Model { name, status: status.into(), ..row };
    let row = match versioned::update(&tx, new, Authorship::own(&tx), "").await {
        Err(Error::Duplicate { .. }) => {
            return Err(AppError::Refused("同じ名前か同じ医師の予約表がもうあります。別の名前にしてください。".into()));
        }
        done => done?,
    };
    let to = if status == RETIRED { "/schedules".to_owned() } else { format!("/schedules/{}?saved=true", row.id) };
    Ok(Either::Left(Redirect::to(tx.commit(managed(row.id).detail("status", status)).await?, to)))
}

/// 枠の追加, one for each weekday ticked.
pub async fn add_template(access: Manager, path: web::Path<ScheduleId>, form: web::Form<RawTemplateForm>) -> Result<Answer, AppError> {
    let raw = form.into_inner();
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let templates = match raw.templates() {
        Ok(templates) => templates,
        Err(errors) => return refuse_template(&access, tx, &row, &raw, errors).await,
    };
    let key = raw.idempotency_key.parse().ok().map(|key| tx.act_key(key, ADD, &format!("{} {templates:?}", *path)));
    if let Some(key) = key {
        if tx.idempotent(key).await?.is_some() {
            return Ok(Either::Left(Redirect::to(tx.commit(viewed().detail("repeated", true)).await?, saved_path(*path))));
        }
        tx.remember(key, json!({})).await?;
    }
    for template in &templates {
        if let Err(error) = store::add_template(&tx, *path, template).await? {
            drop(tx);
            return refuse_template(&access, access.begin().await?, &row, &raw, template_errors(error)).await;
        }
    }
    let receipt = tx.commit(managed(row.id).detail("templates_added", templates.len())).await?;
    Ok(Either::Left(Redirect::to(receipt, saved_path(*path))))
}

fn saved_path(id: ScheduleId) -> String {
    format!("/schedules/{id}?saved=true")
}

async fn refuse_template(
    access: &Manager,
    tx: TenantTx,
    row: &schedule::Model,
    raw: &RawTemplateForm,
    errors: FormErrors,
) -> Result<Answer, AppError> {
    let page = page_of(access, &tx, row, raw, errors).await?;
    Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?))
}

type TemplatePath = web::Path<(ScheduleId, SlotTemplateId)>;

/// The form of one template.
pub async fn edit_template(access: Manager, path: TemplatePath) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (schedule, template) = *path;
    let row = store::template(&tx, schedule, template).await?;
    let name = store::get(&tx, schedule).await?.name;
    let page = TemplatePage { chrome: chrome(&access), schedule, id: row.id, name, form: FormState::of(&RawTemplateForm::of(&row)) };
    Page::full(tx.commit(viewed().entity("slot_template", template)).await?, &page)
}

/// 枠の変更, or its end. What is booked already stays.
pub async fn change_template(access: Manager, path: TemplatePath, form: web::Form<RawTemplateForm>) -> Result<Answer, AppError> {
    let (schedule, template) = *path;
    let tx = access.begin().await?;
    let mut row = store::template(&tx, schedule, template).await?;
    let name = store::get(&tx, schedule).await?.name;
    let new = match form.templates().map(|mut all| if all.len() == 1 { all.pop() } else { None }) {
        Ok(Some(new)) => new,
        wrong => {
            let mut errors = wrong.err().unwrap_or_default();
            if errors.is_empty() {
                errors.add("weekdays", "曜日は一つだけ選んでください");
            }
            let page =
                TemplatePage { chrome: chrome(&access), schedule, id: row.id, name, form: FormState::of(&form.0).with_errors(errors) };
            return Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?));
        }
    };
    if form.version != row.version.to_string() {
        return Err(AppError::Conflict);
    }
    if form.status == RETIRED {
        row.status = RETIRED.into();
        versioned::update(&tx, row, Authorship::own(&tx), "").await?;
    } else if let Err(error) = store::change_template(&tx, row.clone(), &new).await? {
        let form = FormState::of(&form.0).with_errors(template_errors(error));
        let page = TemplatePage { chrome: chrome(&access), schedule, id: row.id, name, form };
        return Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?));
    }
    let receipt = tx.commit(managed(schedule.as_uuid()).detail("template", template.to_string())).await?;
    Ok(Either::Left(Redirect::to(receipt, saved_path(schedule))))
}
