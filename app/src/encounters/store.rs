//! Visits read and written.

use chrono::{DateTime, NaiveDate, Utc};
use domain::clock::clinic_day;
use domain::encounter::{EncounterClass, VisitStatus};
use domain::reception::{VisitKind, WaitsAt};
use domain::{CoverageId, EncounterId, PatientId, PlaceId, StaffId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use tenancy::{Authorship, Error, Principal, Role, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{encounter, encounter_location};
use crate::eprescriptions;
use crate::patients::{last_visit as patient_last_visit, store as patients};
use crate::waiting::store as waiting;

/// Name of the rule that keeps reception numbers apart; a loser of the race tries again.
const NUMBER_RULE: &str = "reception_number";
/// How often a reception is tried when others take the same number at the same moment.
pub const NUMBER_TRIES: usize = 8;

/// 受付 of one visit.
#[derive(Debug, Clone)]
pub struct NewVisit {
    pub patient_id: PatientId,
    pub class: EncounterClass,
    pub coverage_id: Option<CoverageId>,
    pub doctor_id: Option<StaffId>,
    pub purpose: String,
    /// 初診・再診; the candidate where nobody has decided.
    pub visit_kind: Option<VisitKind>,
    pub memo: String,
    pub is_isolated: bool,
    pub waits_at: WaitsAt,
    /// 予約時刻 of the booking this visit came from.
    pub booked_for: Option<DateTime<Utc>>,
    /// 受付番号 taken ahead; the day's next where there is none.
    pub number: Option<i32>,
}

impl NewVisit {
    /// An ordinary visit of that patient, nothing else known.
    pub fn of(patient_id: PatientId) -> Self {
        Self {
            patient_id,
            class: EncounterClass::Ambulatory,
            coverage_id: None,
            doctor_id: None,
            purpose: String::new(),
            visit_kind: None,
            memo: String::new(),
            is_isolated: false,
            waits_at: WaitsAt::Lobby,
            booked_for: None,
            number: None,
        }
    }
}

/// The clinic's working day now.
pub fn today(tx: &TenantTx, principal: &Principal) -> NaiveDate {
    clinic_day(tx.now(), principal.day_boundary_min as i32)
}

/// Whether the error only says that somebody else took the reception number first.
pub fn is_number_race(error: &Error) -> bool {
    matches!(error, Error::Duplicate { constraint } if constraint.contains(NUMBER_RULE))
}

pub async fn get(tx: &TenantTx, id: EncounterId) -> Result<encounter::Model, Error> {
    encounter::Entity::find()
        .filter(encounter::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(encounter::Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// Visits of these patients on a day that are not finished.
pub async fn active_on(tx: &TenantTx, day: NaiveDate, patients: &[PatientId]) -> Result<Vec<encounter::Model>, Error> {
    let rows = encounter::Entity::find()
        .filter(encounter::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(encounter::Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .filter(encounter::Column::ReceptionDate.eq(day))
        .order_by_asc(encounter::Column::ReceptionNumber)
        .all(tx)
        .await?;
    let is_open = |row: &encounter::Model| status_of(row).is_some_and(|status| !status.is_finished());
    Ok(rows.into_iter().filter(is_open).collect())
}

/// The day of the last visit before `day` that was not cancelled.
pub async fn last_visit(tx: &TenantTx, day: NaiveDate, patients: &[PatientId]) -> Result<Option<NaiveDate>, Error> {
    let query = Query::select()
        .expr_as(Func::max(Expr::col(encounter::Column::ReceptionDate)), "last")
        .from(encounter::Entity)
        .and_where(Expr::col(encounter::Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(encounter::Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .and_where(Expr::col(encounter::Column::ReceptionDate).lt(day))
        .and_where(Expr::col(encounter::Column::Status).ne(VisitStatus::Cancelled.code()))
        .take();
    Ok(tx.query_one(&query).await?.map(|row| row.try_get("", "last")).transpose()?.flatten())
}

/// 受付: the visit gets the day's next number. [`is_number_race`] errors are to be tried again in a new transaction.
pub async fn receive(tx: &TenantTx, new: &NewVisit, principal: &Principal) -> Result<encounter::Model, Error> {
    let day = today(tx, principal);
    let visit_kind = match new.visit_kind {
        Some(kind) => kind,
        None => VisitKind::candidate(last_visit(tx, day, &patients::group_ids(tx, new.patient_id).await?).await?),
    };
    let model = encounter::Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: VisitStatus::Registered.code().to_owned(),
        digest: Vec::new(),
        patient_id: new.patient_id.as_uuid(),
        class: new.class.code().to_owned(),
        reception_date: day,
        reception_number: match new.number {
            Some(number) => number,
            None => next_number(tx, day).await?,
        },
        arrived_at: tx.now(),
        started_at: None,
        ended_at: None,
        doctor_id: new.doctor_id.map(StaffId::as_uuid),
        coverage_id: new.coverage_id.map(CoverageId::as_uuid),
        purpose: new.purpose.clone(),
        visit_kind: visit_kind.code().to_owned(),
        memo: new.memo.clone(),
        is_isolated: new.is_isolated,
        waits_at: new.waits_at.code().to_owned(),
        booked_for: new.booked_for,
        called_at: None,
    };
    let model = versioned::insert(tx, model, Authorship::own(tx)).await?;
    patient_last_visit::refresh(tx, new.patient_id).await?;
    if let Some(place) = principal.place_id {
        locate(tx, model.id, place).await?;
    }
    eprescriptions::check::prefetch(tx, &model).await?;
    Ok(model)
}

/// The day's next 受付番号, after every visit and every number taken ahead.
pub async fn next_number(tx: &TenantTx, day: NaiveDate) -> Result<i32, Error> {
    let query = Query::select()
        .expr_as(Func::max(Expr::col(encounter::Column::ReceptionNumber)), "highest")
        .from(encounter::Entity)
        .and_where(Expr::col(encounter::Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(encounter::Column::ReceptionDate).eq(day))
        .take();
    let highest: Option<i32> = tx.query_one(&query).await?.map(|row| row.try_get("", "highest")).transpose()?.flatten();
    let highest = std::cmp::max(highest.unwrap_or_default(), waiting::highest(tx, day).await?);
    highest.checked_add(1).ok_or_else(|| Error::internal("reception numbers of the day are used up"))
}

/// The patient is somewhere else from now on.
pub(super) async fn locate(tx: &TenantTx, encounter_id: Uuid, place: PlaceId) -> Result<(), Error> {
    use encounter_location::{ActiveModel, Column, Entity};
    let open = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter_id))
        .filter(Column::ToAt.is_null())
        .all(tx)
        .await?;
    if open.iter().any(|location| location.place_id == place.as_uuid()) {
        return Ok(());
    }
    for location in open {
        let left = std::cmp::max(tx.now(), location.from_at);
        Entity::update_many()
            .col_expr(Column::ToAt, Expr::value(left))
            .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
            .filter(Column::Id.eq(location.id))
            .exec(tx)
            .await?;
    }
    let location = ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(tx.new_id()),
        encounter_id: Set(encounter_id),
        place_id: Set(place.as_uuid()),
        from_at: Set(tx.now()),
        to_at: Set(None),
    };
    Entity::insert(location).exec_without_returning(tx).await?;
    Ok(())
}

/// The coverage of a visit already on the list.
pub async fn set_coverage(tx: &TenantTx, mut visit: encounter::Model, coverage_id: CoverageId) -> Result<encounter::Model, Error> {
    if visit.coverage_id == Some(coverage_id.as_uuid()) {
        return Ok(visit);
    }
    visit.coverage_id = Some(coverage_id.as_uuid());
    let visit = versioned::update(tx, visit, Authorship::own(tx), "").await?;
    eprescriptions::check::prefetch(tx, &visit).await?;
    Ok(visit)
}

fn status_of(visit: &encounter::Model) -> Option<VisitStatus> {
    VisitStatus::from_code(&visit.status)
}

pub(super) fn known_status(visit: &encounter::Model) -> Result<VisitStatus, Error> {
    status_of(visit).ok_or_else(|| Error::internal("a visit is in a state this program does not know"))
}

/// Who may be chosen as the doctor in charge.
pub async fn doctors(tx: &TenantTx, today: NaiveDate) -> Result<Vec<(String, String)>, Error> {
    let query = Query::select()
        .columns([("staff", "id"), ("staff", "name")])
        .from("staff")
        .inner_join(
            "staff_role",
            Cond::all()
                .add(Expr::col(("staff_role", "tenant_id")).equals(("staff", "tenant_id")))
                .add(Expr::col(("staff_role", "staff_id")).equals(("staff", "id"))),
        )
        .and_where(Expr::col(("staff", "tenant_id")).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(("staff_role", "tenant_id")).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(("staff_role", "role")).eq(Role::Doctor.code()))
        .and_where(Expr::col(("staff", "valid_from")).lte(today))
        .cond_where(Cond::any().add(Expr::col(("staff", "valid_to")).is_null()).add(Expr::col(("staff", "valid_to")).gte(today)))
        .order_by(("staff", "name"), Order::Asc)
        .take();
    let mut found = Vec::new();
    for row in tx.query_all(&query).await? {
        let id: Uuid = row.try_get("", "id")?;
        found.push((id.to_string(), row.try_get("", "name")?));
    }
    Ok(found)
}
