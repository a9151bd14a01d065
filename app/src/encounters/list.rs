//! 本日の受付: everybody of one day in two statements.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{EncounterId, PatientId, TenantId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{encounter, encounter_location};
use crate::coverages::entity::coverage;
use crate::flags::{self, Flags};
use crate::observations::store as observations;
use crate::orders::store as orders;
use crate::patients::entity::patient;
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::store::SIGNED;
use crate::questionnaires::store as questionnaires;

/// A row as stored; the view puts it into words.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Row {
    pub id: Uuid,
    pub version: i32,
    pub status: String,
    pub recorded_at: DateTime<Utc>,
    pub entered_by_id: Uuid,
    pub class: String,
    pub reception_date: NaiveDate,
    pub reception_number: i32,
    pub arrived_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub doctor_id: Option<Uuid>,
    pub purpose: String,
    pub visit_kind: String,
    pub memo: String,
    pub is_isolated: bool,
    pub waits_at: String,
    pub booked_for: Option<DateTime<Utc>>,
    pub called_at: Option<DateTime<Utc>>,
    pub patient_id: Uuid,
    pub patient_number: String,
    pub name_ideographic: String,
    pub name_syllabic: String,
    pub kana_key: String,
    pub sex: String,
    pub birth_date: NaiveDate,
    pub doctor_name: Option<String>,
    pub place_id: Option<Uuid>,
    pub place_name: Option<String>,
    pub eligibility: Option<String>,
    /// Last day of the visit's coverage.
    pub coverage_until: Option<NaiveDate>,
}

/// Everybody received on that day, in the order of their numbers.
pub async fn of_day(tx: &TenantTx, day: NaiveDate) -> Result<Vec<Row>, Error> {
    let mut rows: Vec<Row> = Vec::new();
    let of_that_day = Expr::col((encounter::Entity, encounter::Column::ReceptionDate)).eq(day);
    for row in tx.query_all(&statement(tx.tenant_id(), of_that_day)).await? {
        let row = Row::from_query_result(&row, "")?;
        // Two open places would show a visit twice.
        if rows.last().is_none_or(|last| last.id != row.id) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// One visit's row.
pub async fn of_visit(tx: &TenantTx, id: EncounterId) -> Result<Row, Error> {
    let that_one = Expr::col((encounter::Entity, encounter::Column::Id)).eq(id.as_uuid());
    let row = tx.query_one(&statement(tx.tenant_id(), that_one)).await?.ok_or(Error::NotFound)?;
    Ok(Row::from_query_result(&row, "")?)
}

/// Every joined table binds the clinic itself.
fn statement(tenant: TenantId, which: SimpleExpr) -> SelectStatement {
    use encounter::Column as E;
    use patient::Column as P;
    let e = |column: E| Expr::col((encounter::Entity, column));
    let tenant_id = tenant.as_uuid();
    Query::select()
        .columns(
            [
                E::Id,
                E::Version,
                E::Status,
                E::RecordedAt,
                E::EnteredById,
                E::Class,
                E::ReceptionDate,
                E::ReceptionNumber,
                E::ArrivedAt,
                E::EndedAt,
                E::DoctorId,
                E::Purpose,
                E::VisitKind,
                E::Memo,
                E::IsIsolated,
                E::WaitsAt,
                E::BookedFor,
                E::CalledAt,
                E::PatientId,
            ]
            .map(|column| (encounter::Entity, column)),
        )
        .columns(
            [P::PatientNumber, P::NameIdeographic, P::NameSyllabic, P::KanaKey, P::Sex, P::BirthDate]
                .map(|column| (patient::Entity, column)),
        )
        .expr_as(Expr::col(("staff", "name")), Alias::new("doctor_name"))
        .expr_as(Expr::col(("place", "id")), Alias::new("place_id"))
        .expr_as(Expr::col(("place", "name")), Alias::new("place_name"))
        .column((coverage::Entity, coverage::Column::Eligibility))
        .expr_as(Expr::col((coverage::Entity, coverage::Column::ValidTo)), Alias::new("coverage_until"))
        .from(encounter::Entity)
        .inner_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).equals((encounter::Entity, E::TenantId)))
                .add(Expr::col((patient::Entity, P::Id)).equals((encounter::Entity, E::PatientId))),
        )
        .left_join(
            "staff",
            Cond::all()
                .add(Expr::col(("staff", "tenant_id")).eq(tenant_id))
                .add(Expr::col(("staff", "id")).equals((encounter::Entity, E::DoctorId))),
        )
        .left_join(
            coverage::Entity,
            Cond::all()
                .add(Expr::col((coverage::Entity, coverage::Column::TenantId)).eq(tenant_id))
                .add(Expr::col((coverage::Entity, coverage::Column::Id)).equals((encounter::Entity, E::CoverageId))),
        )
        .left_join(
            encounter_location::Entity,
            Cond::all()
                .add(Expr::col((encounter_location::Entity, encounter_location::Column::TenantId)).eq(tenant_id))
                .add(Expr::col((encounter_location::Entity, encounter_location::Column::EncounterId)).equals((encounter::Entity, E::Id)))
                .add(Expr::col((encounter_location::Entity, encounter_location::Column::ToAt)).is_null()),
        )
        .left_join(
            "place",
            Cond::all()
                .add(Expr::col(("place", "tenant_id")).eq(tenant_id))
                .add(Expr::col(("place", "id")).equals((encounter_location::Entity, encounter_location::Column::PlaceId))),
        )
        .and_where(e(E::TenantId).eq(tenant_id))
        .and_where(Expr::col((patient::Entity, P::TenantId)).eq(tenant_id))
        .and_where(which)
        .order_by((encounter::Entity, E::ReceptionNumber), Order::Asc)
        .order_by((encounter::Entity, E::Id), Order::Asc)
        .take()
}

/// What other slices know of the visits of a list. Asked apart from it: inside it the planner may choose to read every prescription
/// of the clinic.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Visits with a signed prescription to print.
    pub prescribed: Vec<Uuid>,
    /// 計測済
    pub measured: Vec<Uuid>,
    /// 問診済
    pub answered: Vec<Uuid>,
    /// Open orders as stations.
    pub stations: HashMap<Uuid, Vec<&'static str>>,
    pub flags: Flags,
    /// Unread results by patient.
    pub unread: HashMap<PatientId, i64>,
}

pub async fn beside(tx: &TenantTx, rows: &[Row]) -> Result<Beside, Error> {
    if rows.is_empty() {
        return Ok(Beside::default());
    }
    let patients: Vec<PatientId> = rows.iter().map(|row| PatientId::new(row.patient_id)).collect();
    Ok(Beside {
        prescribed: with_prescription(tx, rows).await?,
        measured: observations::measured(tx, rows.iter().map(|row| row.id)).await?,
        answered: questionnaires::answered(tx, rows.iter().map(|row| row.id)).await?,
        stations: orders::stations(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?,
        flags: flags::of_board(tx, &patients).await?,
        unread: orders::unread_counts(tx, &patients).await?,
    })
}

async fn with_prescription(tx: &TenantTx, rows: &[Row]) -> Result<Vec<Uuid>, Error> {
    let found = tx.query_all(&prescription_statement(tx.tenant_id(), rows.iter().map(|row| row.id))).await?;
    found.iter().map(|row| row.try_get("", "encounter_id").map_err(Error::from)).collect()
}

fn prescription_statement(tenant: TenantId, visits: impl IntoIterator<Item = Uuid>) -> SelectStatement {
    use medication_request::{Column as M, Entity};
    Query::select()
        .distinct()
        .column((Entity, M::EncounterId))
        .from(Entity)
        .and_where(Expr::col((Entity, M::TenantId)).eq(tenant.as_uuid()))
        .and_where(M::EncounterId.eq_any(visits))
        .and_where(Expr::col((Entity, M::Status)).eq(SIGNED))
        .take()
}

/// Every list query of the slice with typical input, for the plan test.
pub fn plans(tenant: TenantId) -> Vec<(&'static str, SelectStatement)> {
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    vec![
        ("visits of a day", statement(tenant, Expr::col((encounter::Entity, encounter::Column::ReceptionDate)).eq(day))),
        ("one visit", statement(tenant, Expr::col((encounter::Entity, encounter::Column::Id)).eq(Uuid::nil()))),
        ("prescriptions of visits", prescription_statement(tenant, [Uuid::nil()])),
        ("reader results", super::reader_store::recent_statement(tenant)),
    ]
}
