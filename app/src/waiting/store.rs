//! The line of a day and its tickets.

use chrono::{DateTime, NaiveDate, Utc};
use domain::encounter::VisitStatus;
use domain::waiting::{InLine, pace_min};
use domain::{PatientId, QueueTicketId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, Principal, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::patients::entity::patient;

pub const BOOKED: &str = "booked";
pub const ARRIVED: &str = "arrived";
pub const CANCELLED: &str = "cancelled";

/// A visit as the line sees it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Member {
    pub id: Uuid,
    pub patient_id: Uuid,
    pub reception_number: i32,
    pub status: String,
    pub doctor_id: Option<Uuid>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub called_at: Option<DateTime<Utc>>,
    pub waits_at: String,
}

impl Member {
    fn status(&self) -> Option<VisitStatus> {
        VisitStatus::from_code(&self.status)
    }

    /// Waits for the doctor, wherever that is.
    pub fn is_waiting(&self) -> bool {
        use VisitStatus as V;
        matches!(self.status(), Some(V::Registered | V::Triage | V::Waiting | V::ExamWaiting | V::ExamDoing))
    }
}

/// Everybody of one day, waiting or done, and the numbers taken ahead.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub visits: Vec<Member>,
    pub tickets: Vec<Model>,
}

impl Line {
    pub async fn of_day(tx: &TenantTx, day: NaiveDate) -> Result<Self, Error> {
        use encounter::Column as E;
        let query = Query::select()
            .columns([E::Id, E::PatientId, E::ReceptionNumber, E::Status, E::DoctorId, E::StartedAt, E::EndedAt, E::CalledAt, E::WaitsAt])
            .from(encounter::Entity)
            .and_where(Expr::col(E::TenantId).eq(tx.tenant_id().as_uuid()))
            .and_where(Expr::col(E::ReceptionDate).eq(day))
            .order_by(E::ReceptionNumber, Order::Asc)
            .take();
        let rows = tx.query_all(&query).await?;
        let visits = rows.iter().map(|row| Member::from_query_result(row, "")).collect::<Result<_, _>>()?;
        Ok(Self { visits, tickets: tickets(tx, day).await? })
    }

    /// Those still ahead of the doctor, by number.
    pub fn waiting(&self) -> Vec<InLine> {
        let here = self.visits.iter().filter(|visit| visit.is_waiting());
        let here = here.map(|visit| InLine { id: visit.id, number: visit.reception_number, doctor: visit.doctor_id });
        let away = self.tickets.iter().filter(|ticket| ticket.status == BOOKED);
        let away = away.map(|ticket| InLine { id: ticket.id, number: ticket.number, doctor: ticket.doctor_id });
        let mut line: Vec<InLine> = here.chain(away).collect();
        line.sort_by_key(|one| one.number);
        line
    }

    /// Whom the line is about.
    pub fn patients(&self) -> Vec<Uuid> {
        let here = self.visits.iter().filter(|visit| visit.is_waiting()).map(|visit| visit.patient_id);
        here.chain(self.tickets.iter().filter(|ticket| ticket.status == BOOKED).map(|ticket| ticket.patient_id)).collect()
    }

    pub fn pace_min(&self) -> i64 {
        let over: Vec<_> = self.visits.iter().filter_map(|visit| visit.started_at.zip(visit.ended_at)).collect();
        pace_min(&over)
    }
}

async fn tickets(tx: &TenantTx, day: NaiveDate) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Day.eq(day))
        .order_by_asc(Column::Number)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: QueueTicketId) -> Result<Model, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id.as_uuid()));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

/// The highest number taken ahead of a day; 0 when none is.
pub async fn highest(tx: &TenantTx, day: NaiveDate) -> Result<i32, Error> {
    let query = Query::select()
        .expr_as(Expr::col(Column::Number).max(), "highest")
        .from(Entity)
        .and_where(Expr::col(Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(Column::Day).eq(day))
        .take();
    let highest: Option<i32> = tx.query_one(&query).await?.map(|row| row.try_get("", "highest")).transpose()?.flatten();
    Ok(highest.unwrap_or_default())
}

/// 順番予約: the next number of the day. [`encounters::is_number_race`] errors are to be tried again in a new transaction.
pub async fn take(tx: &TenantTx, patient: PatientId, doctor: Option<Uuid>, principal: &Principal) -> Result<Model, Error> {
    let day = encounters::today(tx, principal);
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: BOOKED.to_owned(),
        digest: Vec::new(),
        patient_id: patient.as_uuid(),
        day,
        number: encounters::next_number(tx, day).await?,
        doctor_id: doctor,
        encounter_id: None,
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

/// The open ticket of these patients today.
pub fn open_of<'a>(line: &'a Line, patients: &[PatientId]) -> Option<&'a Model> {
    line.tickets.iter().find(|ticket| ticket.status == BOOKED && patients.contains(&PatientId::new(ticket.patient_id)))
}

pub async fn close(tx: &TenantTx, mut row: Model, status: &str, encounter: Option<Uuid>, reason: &str) -> Result<Model, Error> {
    row.status = status.to_owned();
    row.encounter_id = encounter;
    versioned::update(tx, row, Authorship::own(tx), reason).await
}

/// How to reach somebody of the line.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Person {
    pub id: Uuid,
    pub name_ideographic: String,
    pub name_syllabic: String,
    pub patient_number: String,
    pub tel: String,
    pub mobile: String,
}

pub async fn people(tx: &TenantTx, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Person>, Error> {
    use patient::Column as P;
    let query = Query::select()
        .columns([P::Id, P::NameIdeographic, P::NameSyllabic, P::PatientNumber, P::Tel, P::Mobile])
        .from(patient::Entity)
        .cond_where(Cond::all().add(Expr::col(P::TenantId).eq(tx.tenant_id().as_uuid())).add(P::Id.eq_any(ids)))
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Person::from_query_result(row, "").map_err(Error::from)).collect()
}
