//! Bookings with the people they are for.

use chrono::{DateTime, NaiveDate, Utc};
use domain::appointment::AppointmentStatus;
use domain::{PatientId, ScheduleId, TenantId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{Column as A, Entity as Appointment};
use crate::patients::entity::patient::{Column as P, Entity as Patient};

/// Bookings of a patient's page.
const OF_PATIENT: u64 = 50;

/// A booking as stored, with its patient; the view puts it into words.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Row {
    pub id: Uuid,
    pub version: i32,
    pub status: String,
    pub recorded_at: DateTime<Utc>,
    pub entered_by_id: Uuid,
    pub schedule_id: Uuid,
    pub patient_id: Option<Uuid>,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seat_no: i32,
    pub is_overbooked: bool,
    pub purpose: String,
    pub note: String,
    pub route: String,
    pub held_until: Option<DateTime<Utc>>,
    pub contacted_at: Option<DateTime<Utc>>,
    pub encounter_id: Option<Uuid>,
    pub patient_number: Option<String>,
    pub name_ideographic: Option<String>,
    pub name_syllabic: Option<String>,
    pub sex: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub tel: Option<String>,
    pub mobile: Option<String>,
    pub postal_code: Option<String>,
    pub address: Option<String>,
    pub schedule_name: String,
}

impl Row {
    pub fn patient(&self) -> Option<PatientId> {
        self.patient_id.map(PatientId::new)
    }

    /// A hold whose time is over is nobody's, before anything is written.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.held_until.is_some_and(|until| until <= now)
    }
}

/// Bookings of some days that keep a seat, of one schedule or of all.
pub async fn of_days(tx: &TenantTx, from: NaiveDate, to: NaiveDate, schedule: Option<ScheduleId>) -> Result<Vec<Row>, Error> {
    let rows = rows(tx, &days_statement(tx.tenant_id(), from, to, schedule)).await?;
    Ok(rows.into_iter().filter(|row| !row.is_over(tx.now())).collect())
}

/// Today's bookings that wait to be received, and those whose visit is on the list.
pub async fn of_board(tx: &TenantTx, day: NaiveDate) -> Result<Vec<Row>, Error> {
    let all = of_days(tx, day, day, None).await?;
    let is_held = |row: &Row| row.status == AppointmentStatus::Held.code();
    Ok(all.into_iter().filter(|row| !is_held(row)).collect())
}

/// 無断キャンセル of a day.
pub async fn no_shows(tx: &TenantTx, day: NaiveDate) -> Result<Vec<Row>, Error> {
    let all = of_days(tx, day, day, None).await?;
    Ok(all.into_iter().filter(|row| row.status == AppointmentStatus::NoShow.code()).collect())
}

/// What a patient has ahead and had before, newest first; cancelled ones stay to be seen.
pub async fn of_patient(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Row>, Error> {
    rows(tx, &patient_statement(tx.tenant_id(), group)).await
}

async fn rows(tx: &TenantTx, statement: &SelectStatement) -> Result<Vec<Row>, Error> {
    tx.query_all(statement).await?.iter().map(|row| Row::from_query_result(row, "").map_err(Error::from)).collect()
}

fn days_statement(tenant: TenantId, from: NaiveDate, to: NaiveDate, schedule: Option<ScheduleId>) -> SelectStatement {
    let mut query = statement(tenant);
    query
        .and_where(Expr::col((Appointment, A::Day)).between(from, to))
        .and_where(Expr::col((Appointment, A::Status)).ne(AppointmentStatus::Cancelled.code()));
    if let Some(id) = schedule {
        query.and_where(Expr::col((Appointment, A::ScheduleId)).eq(id.as_uuid()));
    }
    query.order_by((Appointment, A::StartsAt), Order::Asc).order_by((Appointment, A::SeatNo), Order::Asc).take()
}

fn patient_statement(tenant: TenantId, group: &[PatientId]) -> SelectStatement {
    statement(tenant)
        .and_where(A::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .order_by((Appointment, A::StartsAt), Order::Desc)
        .limit(OF_PATIENT)
        .take()
}

/// Every joined table binds the clinic itself.
fn statement(tenant: TenantId) -> SelectStatement {
    let tenant = tenant.as_uuid();
    let a = |column: A| (Appointment, column);
    Query::select()
        .columns(
            [
                A::Id,
                A::Version,
                A::Status,
                A::RecordedAt,
                A::EnteredById,
                A::ScheduleId,
                A::PatientId,
                A::Day,
                A::StartsAt,
                A::EndsAt,
                A::SeatNo,
                A::IsOverbooked,
                A::Purpose,
                A::Note,
                A::Route,
                A::HeldUntil,
                A::ContactedAt,
                A::EncounterId,
            ]
            .map(a),
        )
        .columns(
            [P::PatientNumber, P::NameIdeographic, P::NameSyllabic, P::Sex, P::BirthDate, P::Tel, P::Mobile, P::PostalCode, P::Address]
                .map(|column| (Patient, column)),
        )
        .expr_as(Expr::col(("schedule", "name")), "schedule_name")
        .from(Appointment)
        .inner_join(
            "schedule",
            Cond::all()
                .add(Expr::col(("schedule", "tenant_id")).eq(tenant))
                .add(Expr::col(("schedule", "id")).equals((Appointment, A::ScheduleId))),
        )
        .left_join(
            Patient,
            Cond::all()
                .add(Expr::col((Patient, P::TenantId)).eq(tenant))
                .add(Expr::col((Patient, P::Id)).equals((Appointment, A::PatientId))),
        )
        .and_where(Expr::col((Appointment, A::TenantId)).eq(tenant))
        .take()
}
