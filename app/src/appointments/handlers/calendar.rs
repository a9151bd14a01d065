//! The book of a day and of a week.

use actix_web::web;
use chrono::{Datelike, Days, NaiveDate};
use domain::{AppointmentId, PatientId, ScheduleId};
use serde::Deserialize;
use tenancy::permission::{AppointmentRead, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::{acts, toast_of, today};
use crate::appointments::calendar::{Column, lines};
use crate::appointments::views::{BookingLine, CalendarPage, Purpose};
use crate::appointments::{list, store};
use crate::encounters::views::day_words;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::schedules::store::{self as schedules, Plan};
use crate::web::{Chrome, Nav, Page, Subjects};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BookQuery {
    pub day: String,
    /// The week of this schedule instead of the day of all.
    pub schedule: String,
    /// For whom a slot is looked for.
    pub patient: String,
    /// Which booking is being moved.
    pub moving: String,
    /// What was just done: shown as a message.
    pub done: String,
}

/// 予約. Day, week and patient live in the address.
pub async fn show(access: Access<AppointmentRead>, query: web::Query<BookQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let page = page(&access, &tx, &query, None).await?;
    let audit = Audit::viewed(InfoClass::Appointment).subjects(page.subjects()).detail("day", page.day.to_string());
    Page::full(tx.commit(audit).await?, &page)
}

pub fn day_of(text: &str, today: NaiveDate) -> Result<NaiveDate, AppError> {
    if text.is_empty() {
        return Ok(today);
    }
    domain::wareki::parse(text).map_err(|_| AppError::Invalid("日付を読めません。2026-11-20 の形で入れてください。".into()))
}

/// The book with what was asked of it; `message` says why an act on it was refused.
pub async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    query: &BookQuery,
    message: Option<String>,
) -> Result<CalendarPage, AppError> {
    let today = today(access);
    let day = day_of(&query.day, today)?;
    let week_of: Option<Uuid> = query.schedule.parse::<ScheduleId>().ok().map(ScheduleId::as_uuid);
    let monday = day - Days::new(day.weekday().num_days_from_monday().into());
    let (from, to) = if week_of.is_some() { (monday, monday + Days::new(6)) } else { (day, day) };
    let plan = schedules::plan(tx, from, to).await?;
    let rows = list::of_days(tx, from, to, week_of.map(ScheduleId::new)).await?;
    let columns = columns(&plan, week_of, from, to, today);
    let done = query.done.parse().ok().and_then(|id: Uuid| rows.iter().find(|row| row.id == id));
    let toast = match done {
        Some(row) => {
            let name = row.name_ideographic.clone().unwrap_or_default();
            Some(toast_of(&store::get(tx, AppointmentId::new(row.id)).await?, &name, access.principal(), tx.now()))
        }
        None => None,
    };
    Ok(CalendarPage {
        chrome: Chrome::of(access.principal(), Nav::Appointments),
        day,
        today,
        week_of,
        schedules: plan.schedules.iter().map(|row| (row.id.to_string(), row.name.clone())).collect(),
        lines: lines(&columns, &plan, &rows, tx.now(), |row| BookingLine::of(row, today)),
        columns,
        purpose: purpose(tx, query).await?,
        purposes: plan.purposes(),
        key: tx.new_id().to_string(),
        message,
        toast,
        acts: acts(access),
    })
}

fn columns(plan: &Plan, week_of: Option<Uuid>, from: NaiveDate, to: NaiveDate, today: NaiveDate) -> Vec<Column> {
    let of_day =
        |day: NaiveDate, schedule: Uuid, title: String, href: String| Column { schedule, day, title, href, is_today: day == today };
    match week_of {
        None => plan
            .schedules
            .iter()
            .map(|row| of_day(from, row.id, row.name.clone(), format!("/appointments?day={from}&schedule={}", row.id)))
            .collect(),
        Some(schedule) => from
            .iter_days()
            .take_while(|day| *day <= to)
            .map(|day| of_day(day, schedule, day_words(day), format!("/appointments?day={day}")))
            .collect(),
    }
}

async fn purpose(tx: &TenantTx, query: &BookQuery) -> Result<Purpose, AppError> {
    if let Ok(id) = query.moving.parse::<AppointmentId>() {
        let row = store::get(tx, id).await?;
        let Some(patient_id) = row.patient() else { return Ok(Purpose::Open) };
        let words = words(tx, patient_id).await?;
        return Ok(Purpose::Moving { id: row.id, version: row.version, patient_id, words });
    }
    match query.patient.parse::<PatientId>() {
        Ok(patient_id) => Ok(Purpose::For { patient_id, words: words(tx, patient_id).await? }),
        Err(_) => Ok(Purpose::Open),
    }
}

async fn words(tx: &TenantTx, id: PatientId) -> Result<String, AppError> {
    let patient = patients::get(tx, id).await?;
    Ok(format!("{} {}({})", patient.number, patient.name().ideographic, patient.name().syllabic))
}
