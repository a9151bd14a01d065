//! What the note pages need to know of an encounter.

use chrono::NaiveDate;
use domain::{EncounterId, PatientId, StaffId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Visit {
    pub id: EncounterId,
    pub patient_id: PatientId,
    pub date: NaiveDate,
    pub doctor_id: Option<StaffId>,
    pub purpose: String,
    pub is_cancelled: bool,
    /// While 診察中: the version of the visit, for putting it on hold.
    pub in_consult: Option<i32>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    patient_id: Uuid,
    reception_date: NaiveDate,
    doctor_id: Option<Uuid>,
    purpose: String,
    status: String,
    version: i32,
}

pub async fn get(tx: &TenantTx, id: EncounterId) -> Result<Visit, Error> {
    one(tx, select(tx, id)).await
}

/// Holds the encounter until the transaction ends, so that two first saves make one note.
pub async fn lock(tx: &TenantTx, id: EncounterId) -> Result<Visit, Error> {
    let mut query = select(tx, id);
    query.lock(LockType::Update);
    one(tx, query).await
}

fn select(tx: &TenantTx, id: EncounterId) -> SelectStatement {
    let a = |name: &'static str| Alias::new(name);
    Query::select()
        .columns(["id", "patient_id", "reception_date", "doctor_id", "purpose", "status", "version"].map(Alias::new))
        .from(a("encounter"))
        .and_where(Expr::col(a("tenant_id")).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(a("id")).eq(id.as_uuid()))
        .take()
}

async fn one(tx: &TenantTx, query: SelectStatement) -> Result<Visit, Error> {
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    let row = Row::from_query_result(&row, "")?;
    Ok(Visit {
        id: EncounterId::new(row.id),
        patient_id: PatientId::new(row.patient_id),
        date: row.reception_date,
        doctor_id: row.doctor_id.map(StaffId::new),
        purpose: row.purpose,
        in_consult: (row.status == domain::encounter::VisitStatus::InConsult.code()).then_some(row.version),
        is_cancelled: row.status == domain::encounter::VisitStatus::Cancelled.code(),
    })
}
