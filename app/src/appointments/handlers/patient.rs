//! 患者の予約: what is ahead, what was, and the next one.

use actix_web::{Either, web};
use domain::PatientId;
use domain::patient::Patient;
use serde::Deserialize;
use tenancy::permission::{AppointmentRead, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::{Answer, acts, next, toast_of, today};
use crate::appointments::entity::Model;
use crate::appointments::list::{self, Row};
use crate::appointments::store;
use crate::appointments::views::{BookingLine, NextBox, PatientAppointmentsPage};
use crate::error::AppError;
use crate::patients::store::{self as patients, Group};
use crate::patients::views::stripe;
use crate::web::{Chrome, Nav, Page, Redirect, Subjects};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    done: String,
}

/// A chart that was merged away leads to the one that stayed.
pub async fn list(access: Access<AppointmentRead>, path: web::Path<PatientId>, query: web::Query<ListQuery>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, *path).await?;
    if let Some(survivor) = group.patient.merged_into {
        let receipt = tx.commit(Audit::viewed(InfoClass::Appointment).subject(*path)).await?;
        return Ok(Either::Left(Redirect::to(receipt, format!("/patients/{survivor}/appointments"))));
    }
    let next = next::begun(&access, &tx, *path, &group.ids(), vec![]).await?;
    let page = page(&access, &tx, &group, next, &query.done).await?;
    let audit = Audit::viewed(InfoClass::Appointment).subjects(group.ids()).subjects(page.subjects());
    Ok(Either::Right(Page::full(tx.commit(audit).await?, &page)?))
}

/// The whole page around the box of 次回予約.
pub async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    group: &Group,
    next: NextBox,
    done: &str,
) -> Result<PatientAppointmentsPage, AppError> {
    let (today, patient) = (today(access), &group.patient);
    let rows = list::of_patient(tx, &group.ids()).await?;
    let lines = rows.iter().filter(|row| !row.is_over(tx.now())).map(|row| BookingLine::of(row, today));
    let (mut ahead, before): (Vec<_>, Vec<_>) = lines.partition(|line| line.day >= today && line.is_open());
    ahead.reverse();
    let toast = match done.parse::<Uuid>().ok().filter(|id| rows.iter().any(|row| row.id == *id)) {
        Some(id) => Some(toast_of(&store::get(tx, id.into()).await?, &patient.name().ideographic, access.principal(), tx.now())),
        None => None,
    };
    Ok(PatientAppointmentsPage {
        queue_key: tx.new_id(),
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: stripe(patient, patients::count_namesakes(tx, patient).await?, access.clock().today_jst()),
        next,
        ahead,
        before,
        today,
        acts: acts(access),
        toast,
    })
}

/// The list's row of one booking that was read by itself.
pub fn joined(row: &Model, patient: Option<&Patient>, schedule: &str) -> Row {
    let facts = patient.map(|patient| &patient.demographics);
    Row {
        id: row.id,
        version: row.version,
        status: row.status.clone(),
        recorded_at: row.recorded_at,
        entered_by_id: row.entered_by_id,
        schedule_id: row.schedule_id,
        patient_id: row.patient_id,
        day: row.day,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        seat_no: row.seat_no,
        is_overbooked: row.is_overbooked,
        purpose: row.purpose.clone(),
        note: row.note.clone(),
        route: row.route.clone(),
        held_until: row.held_until,
        contacted_at: row.contacted_at,
        encounter_id: row.encounter_id,
        patient_number: patient.map(|patient| patient.number.to_string()),
        name_ideographic: facts.map(|facts| facts.name.ideographic.clone()),
        name_syllabic: facts.map(|facts| facts.name.syllabic.to_string()),
        sex: facts.map(|facts| facts.sex.code().to_owned()),
        birth_date: facts.map(|facts| facts.birth_date),
        tel: facts.and_then(|facts| facts.tel.as_ref().map(ToString::to_string)),
        mobile: facts.and_then(|facts| facts.mobile.as_ref().map(ToString::to_string)),
        postal_code: facts.and_then(|facts| facts.postal_code.as_ref().map(ToString::to_string)),
        address: facts.and_then(|facts| facts.address.clone()),
        schedule_name: schedule.to_owned(),
    }
}
