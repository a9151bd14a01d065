//! The left column: the calendar of a month, and the next patient to open.

use actix_web::{HttpRequest, web};
use chrono::{Datelike, NaiveDate};
use domain::clock::{self, clinic_day};
use domain::encounter::VisitStatus;
use domain::{EncounterId, PatientId};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use tenancy::permission::NoteRead;
use tenancy::{Access, Audit, InfoClass};

use crate::AppError;
use crate::encounters::entity::encounter;
use crate::notes::neighbours;
use crate::notes::store::past;
use crate::notes::views::calendar::{Calendar, CalendarPage};
use crate::web::chrome::{Chrome, Nav};
use crate::web::{Page, Redirect};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MonthQuery {
    month: String,
}

/// 月カレンダー: days with a note lead to that day in the timeline.
pub async fn calendar(
    access: Access<NoteRead>,
    path: web::Path<PatientId>,
    query: web::Query<MonthQuery>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    let today = clock::today(tx.now());
    let first = format!("{}-01", query.month).parse::<NaiveDate>().ok().or_else(|| today.with_day(1)).unwrap_or(today);
    let days = past::days_of(&tx, &person.group, first).await?;
    let id = person.stripe.patient_id;
    let receipt = tx.commit(Audit::viewed(InfoClass::Note).subject(id).detail("calendar", true)).await?;
    let calendar = Calendar::of(id, first, &days, today);
    let page = CalendarPage { chrome: Chrome::of(access.principal(), Nav::Patients), stripe: person.stripe, calendar: calendar.clone() };
    Page::full_or(&req, receipt, &page, calendar)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NextQuery {
    after: String,
}

/// 次の患者 (`Alt+N`): the longest-waiting visit of this doctor, or of nobody; else the board.
pub async fn next(access: Access<NoteRead>, query: web::Query<NextQuery>) -> Result<Redirect, AppError> {
    use encounter::Column as E;
    let principal = access.principal();
    let day = clinic_day(access.clock().now(), principal.day_boundary_min as i32);
    let tx = access.begin().await?;
    let mut waiting = encounter::Entity::find()
        .filter(E::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(E::ReceptionDate.eq(day))
        .filter(E::Status.eq(VisitStatus::Waiting.code()))
        .filter(Condition::any().add(E::DoctorId.eq(tx.actor().as_uuid())).add(E::DoctorId.is_null()));
    if let Ok(after) = query.after.parse::<EncounterId>() {
        waiting = waiting.filter(E::Id.ne(after.as_uuid()));
    }
    let found = waiting.order_by_asc(E::ReceptionNumber).one(&tx).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Encounter).detail("next", found.is_some())).await?;
    let to = found.map_or_else(|| "/board?state=waiting".to_owned(), |visit| format!("/encounters/{}", visit.id));
    Ok(Redirect::to(receipt, to))
}
