//! 休診: a day or part of it without slots, and the people whose bookings it hits.

use actix_web::{Either, web};
use chrono::{Days, NaiveDate};
use domain::appointment::AppointmentStatus;
use domain::{ClosureId, ScheduleId};
use serde_json::json;
use tenancy::permission::{AppointmentRead, AppointmentWrite, ScheduleManage};
use tenancy::{Access, Act, Audit, Authorship, InfoClass, TenantTx, versioned};

use super::entity::schedule_closure;
use super::forms::RawClosureForm;
use super::handlers::{Answer, Manager, chrome, viewed};
use super::store::{self, ACTIVE, WITHDRAWN};
use super::views::{ClosureListPage, ClosurePage, ClosureRow, Notice, NoticesPage};
use crate::appointments::list::{self, Row};
use crate::appointments::{minute_of, views::BookingLine};
use crate::clinic;
use crate::error::AppError;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect, Subjects};

const CLOSE: &str = "schedule.close";
/// How far the list looks ahead.
const SHOWN_DAYS: u64 = 400;

/// 休診の一覧 from today on.
pub async fn list(access: Manager) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = list_page(&access, &tx, &RawClosureForm::begun(tx.new_id()), FormErrors::default()).await?;
    Page::full(tx.commit(viewed()).await?, &page)
}

async fn list_page(access: &Manager, tx: &TenantTx, raw: &RawClosureForm, errors: FormErrors) -> Result<ClosureListPage, AppError> {
    let today = access.clock().today_jst();
    let schedules = store::active(tx).await?;
    let closures = store::closures(tx, today, today + Days::new(SHOWN_DAYS)).await?;
    Ok(ClosureListPage {
        chrome: chrome(access),
        rows: closures.iter().map(|row| ClosureRow::of(row, &schedules)).collect(),
        schedules: schedules.into_iter().map(|row| (row.id.to_string(), row.name)).collect(),
        form: FormState::of(raw).with_errors(errors),
    })
}

/// 休診にする. Nothing booked is cancelled by it: the page that follows lists whom it hits.
pub async fn close(access: Manager, form: web::Form<RawClosureForm>) -> Result<Answer, AppError> {
    let raw = form.into_inner();
    let tx = access.begin().await?;
    let new = match raw.read(access.clock().today_jst()) {
        Ok(new) => new,
        Err(errors) => {
            let page = list_page(&access, &tx, &raw, errors).await?;
            return Ok(Either::Right(Page::invalid(tx.commit(viewed()).await?, &page)?));
        }
    };
    if let Some(id) = new.schedule {
        store::get(&tx, id).await?;
    }
    let key = raw.idempotency_key.parse().ok().map(|key| tx.act_key(key, CLOSE, &format!("{new:?}")));
    if let Some(key) = key
        && let Some(done) = tx.idempotent(key).await?
    {
        let id: ClosureId = done["id"].as_str().and_then(|id| id.parse().ok()).ok_or(AppError::NotFound)?;
        return Ok(Either::Left(Redirect::to(tx.commit(viewed().detail("repeated", true)).await?, format!("/schedules/closures/{id}"))));
    }
    let id = store::close(&tx, new.schedule, new.day, new.minutes, new.reason).await?;
    if let Some(key) = key {
        tx.remember(key, json!({ "id": id })).await?;
    }
    let audit = Audit::of(Act::Manage, InfoClass::Appointment).entity("schedule_closure", id).detail("changed", "closed");
    Ok(Either::Left(Redirect::to(tx.commit(audit).await?, format!("/schedules/closures/{id}"))))
}

/// Whose bookings fall into the closed time.
async fn hit(tx: &TenantTx, row: &schedule_closure::Model) -> Result<Vec<Row>, AppError> {
    let closure = row.closure();
    let rows = list::of_days(tx, row.day, row.day, row.schedule_id.map(ScheduleId::new)).await?;
    let length = |row: &Row| i32::try_from((row.ends_at - row.starts_at).num_minutes()).unwrap_or_default();
    let is_hit = |row: &Row| {
        let from = minute_of(row.starts_at);
        row.status == AppointmentStatus::Booked.code() && closure.covers(row.day, from, from + length(row))
    };
    Ok(rows.into_iter().filter(is_hit).collect())
}

/// 休診 with the people it hits, and who of them knows.
pub async fn show(access: Access<AppointmentRead>, path: web::Path<ClosureId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::closure(&tx, *path).await?;
    let schedules = store::active(&tx).await?;
    let today: NaiveDate = access.clock().today_jst();
    let hit: Vec<BookingLine> = hit(&tx, &row).await?.iter().map(|row| BookingLine::of(row, today)).collect();
    let page = ClosurePage {
        chrome: Chrome::of(access.principal(), Nav::Appointments),
        closure: ClosureRow::of(&row, &schedules),
        version: row.version,
        told: hit.iter().filter(|line| line.contacted.is_some()).count(),
        hit,
        may_write: access.may::<AppointmentWrite>(),
        may_manage: access.may::<ScheduleManage>(),
    };
    let audit = viewed().entity("schedule_closure", *path).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct WithdrawForm {
    version: String,
}

/// 休診をやめる: the slots are there again.
pub async fn withdraw(access: Manager, path: web::Path<ClosureId>, form: web::Form<WithdrawForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let mut row = store::closure(&tx, *path).await?;
    if form.version != row.version.to_string() {
        return Err(AppError::Conflict);
    }
    if row.status == ACTIVE {
        row.status = WITHDRAWN.into();
        versioned::update(&tx, row, Authorship::own(&tx), "").await?;
    }
    let audit = Audit::of(Act::Manage, InfoClass::Appointment).entity("schedule_closure", *path).detail("changed", "withdrawn");
    Ok(Redirect::to(tx.commit(audit).await?, "/schedules/closures"))
}

/// お知らせ on paper, a sheet for each patient.
pub async fn notices(access: Access<AppointmentRead>, path: web::Path<ClosureId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::closure(&tx, *path).await?;
    let schedules = store::active(&tx).await?;
    let clinic = clinic::store::get(&tx).await?;
    let today = access.clock().today_jst();
    let notices = hit(&tx, &row).await?.iter().map(|row| Notice::of(row, today)).collect();
    let page = NoticesPage {
        closure: ClosureRow::of(&row, &schedules),
        clinic: clinic.name,
        address: format!("〒{} {}", clinic.postal_code, clinic.address),
        tel: clinic.tel,
        today,
        notices,
    };
    let audit = Audit::of(Act::Print, InfoClass::Appointment).entity("schedule_closure", *path).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}
