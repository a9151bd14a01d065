//! Reading the log. Every search is bounded in time and served by the primary key: an event's id begins with its millisecond.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::PatientId;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DeriveIden, FromQueryResult};
use serde_json::Value;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::forms::Filter;

/// Rows of one page.
pub const PAGE: u64 = 50;
/// Rows of one export; a narrower time makes the rest reachable.
pub const EXPORT: u64 = 50_000;

/// An event as it is read by people.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Event {
    pub id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: String,
    pub act: String,
    pub info_class: String,
    pub outcome: String,
    pub subject_ids: Vec<Uuid>,
    pub entity_kind: String,
    pub detail: Value,
    pub source_ip: String,
    pub request_id: Uuid,
}

/// A person of the clinic, for the choice and for the rows.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Person {
    pub id: Uuid,
    pub name: String,
}

/// A patient as the log shows one.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Subject {
    pub id: Uuid,
    pub patient_number: String,
    pub name_ideographic: String,
}

/// The newest first. `patient` narrows to one person's information.
pub async fn search(tx: &TenantTx, filter: &Filter, patient: Option<PatientId>, limit: u64) -> Result<Vec<Event>, Error> {
    let mut query = Query::select();
    query
        .columns([
            AuditEvent::Id,
            AuditEvent::RecordedAt,
            AuditEvent::ActorId,
            AuditEvent::ActorRole,
            AuditEvent::Act,
            AuditEvent::InfoClass,
            AuditEvent::Outcome,
            AuditEvent::SubjectIds,
            AuditEvent::EntityKind,
            AuditEvent::Detail,
            AuditEvent::SourceIp,
            AuditEvent::RequestId,
        ])
        .from(AuditEvent::Table)
        .and_where(Expr::col(AuditEvent::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(AuditEvent::Id).gte(first_id(filter.from)))
        .and_where(Expr::col(AuditEvent::Id).lt(first_id(filter.until)))
        .order_by(AuditEvent::Id, Order::Desc)
        .limit(limit);
    narrow(&mut query, filter, patient);
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Event::from_query_result(row, "").map_err(Error::from)).collect()
}

/// The smallest UUIDv7 (RFC 9562 §5.7) of a moment.
pub(super) fn first_id(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(u128::try_from(at.timestamp_millis()).unwrap_or_default() << 80)
}

fn narrow(query: &mut SelectStatement, filter: &Filter, patient: Option<PatientId>) {
    query
        .and_where_option(filter.staff.map(|staff| Expr::col(AuditEvent::ActorId).eq(staff.as_uuid())))
        .and_where_option(filter.act.map(|act| Expr::col(AuditEvent::Act).eq(act.code())))
        .and_where_option(filter.info.map(|info| Expr::col(AuditEvent::InfoClass).eq(info.code())))
        .and_where_option(filter.outcome.map(|outcome| Expr::col(AuditEvent::Outcome).eq(outcome.code())))
        .and_where_option(
            patient.map(|patient| Expr::val(patient.as_uuid()).eq(sea_orm::sea_query::PgFunc::any(Expr::col(AuditEvent::SubjectIds)))),
        )
        .and_where_option(filter.before.map(|last| Expr::col(AuditEvent::Id).lt(last)));
}

/// Everybody who ever worked in the clinic, by name.
pub async fn people(tx: &TenantTx) -> Result<Vec<Person>, Error> {
    let query = Query::select()
        .columns([Named::Id, Named::Name])
        .from(Alias::new("staff"))
        .and_where(Expr::col(Named::TenantId).eq(tx.tenant_id().as_uuid()))
        .order_by(Named::Name, Order::Asc)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Person::from_query_result(row, "").map_err(Error::from)).collect()
}

/// The patient with this number.
pub async fn find_patient(tx: &TenantTx, number: &str) -> Result<Option<PatientId>, Error> {
    let query = subjects_query(tx).and_where(Expr::col(Named::PatientNumber).eq(number)).take();
    let row = tx.query_one(&query).await?;
    Ok(row.map(|row| Subject::from_query_result(&row, "")).transpose()?.map(|subject| PatientId::new(subject.id)))
}

/// Numbers and names of the patients the rows are about.
pub async fn subjects(tx: &TenantTx, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Subject>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = subjects_query(tx).and_where(Expr::col(Named::Id).is_in(ids)).take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Ok(Subject::from_query_result(row, "").map(|subject| (subject.id, subject))?)).collect()
}

fn subjects_query(tx: &TenantTx) -> SelectStatement {
    Query::select()
        .columns([Named::Id, Named::PatientNumber, Named::NameIdeographic])
        .from(Alias::new("patient"))
        .and_where(Expr::col(Named::TenantId).eq(tx.tenant_id().as_uuid()))
        .take()
}

#[derive(DeriveIden)]
pub(super) enum AuditEvent {
    Table,
    TenantId,
    Id,
    RecordedAt,
    ActorId,
    ActorRole,
    Act,
    InfoClass,
    Outcome,
    SubjectIds,
    EntityKind,
    Detail,
    SourceIp,
    RequestId,
}

#[derive(DeriveIden)]
enum Named {
    TenantId,
    Id,
    Name,
    PatientNumber,
    NameIdeographic,
}
