//! Visits read and written.

use chrono::NaiveDate;
use domain::clock::clinic_day;
use domain::encounter::{EncounterClass, MoveFacts, MoveRefusal, MovedBy, VisitStatus, after_signing, can_undo};
use domain::note::NoteStatus;
use domain::{CoverageId, EncounterId, PatientId, PlaceId, StaffId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use tenancy::{Authorship, Error, Principal, Role, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{encounter, encounter_location};
use crate::notes::SignedNote;
use crate::notes::entity::{note, note_section};

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
}

/// The clinic's working day now.
pub fn today(tx: &TenantTx, principal: &Principal) -> NaiveDate {
    clinic_day(tx.now(), principal.day_boundary_min as i32)
}

/// Which rules of moving apply to the role in force.
pub const fn moved_by(role: Role) -> MovedBy {
    match role {
        Role::Doctor => MovedBy::Doctor,
        Role::Nurse => MovedBy::Nurse,
        Role::Clerk | Role::ClinicAdmin => MovedBy::Clerk,
        Role::Pharmacist | Role::LabTech | Role::DoctorAide => MovedBy::Other,
    }
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

/// 受付: the visit gets the day's next number. [`is_number_race`] errors are to be tried again in a new transaction.
pub async fn receive(tx: &TenantTx, new: &NewVisit, principal: &Principal) -> Result<encounter::Model, Error> {
    let day = today(tx, principal);
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
        reception_number: next_number(tx, day).await?,
        arrived_at: tx.now(),
        started_at: None,
        ended_at: None,
        doctor_id: new.doctor_id.map(StaffId::as_uuid),
        coverage_id: new.coverage_id.map(CoverageId::as_uuid),
        purpose: new.purpose.clone(),
    };
    let model = versioned::insert(tx, model, Authorship::own(tx)).await?;
    if let Some(place) = principal.place_id {
        locate(tx, model.id, place).await?;
    }
    Ok(model)
}

async fn next_number(tx: &TenantTx, day: NaiveDate) -> Result<i32, Error> {
    let query = Query::select()
        .expr_as(Func::max(Expr::col(encounter::Column::ReceptionNumber)), "highest")
        .from(encounter::Entity)
        .and_where(Expr::col(encounter::Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(encounter::Column::ReceptionDate).eq(day))
        .take();
    let highest: Option<i32> = tx.query_one(&query).await?.map(|row| row.try_get("", "highest")).transpose()?.flatten();
    highest.unwrap_or_default().checked_add(1).ok_or_else(|| Error::internal("reception numbers of the day are used up"))
}

/// The patient is somewhere else from now on.
async fn locate(tx: &TenantTx, encounter_id: Uuid, place: PlaceId) -> Result<(), Error> {
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

/// A move of the board, judged by the table of states. The inner error is the person's to mend.
pub async fn change_status(
    tx: &TenantTx,
    mut visit: encounter::Model,
    to: VisitStatus,
    reason: &str,
    principal: &Principal,
) -> Result<Result<encounter::Model, MoveRefusal>, Error> {
    let from = known_status(&visit)?;
    let facts = facts(tx, &visit, !reason.is_empty()).await?;
    if let Err(refusal) = from.check_move(to, moved_by(principal.role), facts) {
        return Ok(Err(refusal));
    }
    enter(tx, &mut visit, to);
    let visit = versioned::update(tx, visit, Authorship::own(tx), reason).await?;
    if let (VisitStatus::InConsult, Some(place)) = (to, principal.place_id) {
        locate(tx, visit.id, place).await?;
    }
    Ok(Ok(visit))
}

/// Sets the state and the two times that follow from it.
fn enter(tx: &TenantTx, visit: &mut encounter::Model, to: VisitStatus) {
    visit.status = to.code().to_owned();
    if to == VisitStatus::InConsult && visit.started_at.is_none() {
        visit.started_at = Some(tx.now());
    }
    visit.ended_at = match to {
        VisitStatus::BillingWait => Some(tx.now()),
        to if to.is_finished() => visit.ended_at.or(Some(tx.now())),
        _ => None,
    };
}

async fn facts(tx: &TenantTx, visit: &encounter::Model, has_reason: bool) -> Result<MoveFacts, Error> {
    let notes = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::EncounterId.eq(visit.id))
        .all(tx)
        .await?;
    if notes.is_empty() {
        return Ok(MoveFacts { has_reason, ..MoveFacts::default() });
    }
    let written = note_section::Entity::find()
        .filter(note_section::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note_section::Column::NoteId.is_in(notes.iter().map(|note| note.id)))
        .filter(note_section::Column::Body.ne(""))
        .one(tx)
        .await?;
    let has_signed_note = notes.iter().any(|note| note.status == NoteStatus::Signed.code());
    Ok(MoveFacts { has_written_section: written.is_some(), has_signed_note, has_reason })
}

/// What became of a wish to take the last move back.
pub enum Undo {
    Done(Box<encounter::Model>),
    /// Too late, or somebody else's act, or nothing to take back.
    TooLate,
}

/// 元に戻す: the last version's state again, within 30 s, by the person who changed it.
pub async fn undo_status(tx: &TenantTx, mut visit: encounter::Model) -> Result<Undo, Error> {
    let is_own = visit.entered_by_id == tx.actor().as_uuid();
    if visit.version < 2 || !is_own || !can_undo(visit.recorded_at, tx.now()) {
        return Ok(Undo::TooLate);
    }
    let Some(before) = status_before(tx, &visit).await? else { return Ok(Undo::TooLate) };
    enter(tx, &mut visit, before);
    Ok(Undo::Done(Box::new(versioned::update(tx, visit, Authorship::own(tx), "元に戻す").await?)))
}

async fn status_before(tx: &TenantTx, visit: &encounter::Model) -> Result<Option<VisitStatus>, Error> {
    let query = Query::select()
        .column("status")
        .from("row_version")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("kind").eq("encounter"))
        .and_where(Expr::col("id").eq(visit.id))
        .and_where(Expr::col("version").eq(visit.version - 1))
        .take();
    let code: Option<String> = tx.query_one(&query).await?.map(|row| row.try_get("", "status")).transpose()?;
    Ok(code.and_then(|code| VisitStatus::from_code(&code)).filter(|before| before.code() != visit.status))
}

/// 診察終了 that follows from 確定: the visit goes to the cashier, wherever the board had it.
pub async fn note_signed(tx: &TenantTx, signed: &SignedNote) -> Result<(), Error> {
    let mut visit = get(tx, signed.encounter_id).await?;
    if let Some(next) = after_signing(known_status(&visit)?) {
        enter(tx, &mut visit, next);
        versioned::update(tx, visit, Authorship::own(tx), "").await?;
    }
    Ok(())
}

/// The coverage of a visit already on the list.
pub async fn set_coverage(tx: &TenantTx, mut visit: encounter::Model, coverage_id: CoverageId) -> Result<encounter::Model, Error> {
    if visit.coverage_id == Some(coverage_id.as_uuid()) {
        return Ok(visit);
    }
    visit.coverage_id = Some(coverage_id.as_uuid());
    versioned::update(tx, visit, Authorship::own(tx), "").await
}

fn status_of(visit: &encounter::Model) -> Option<VisitStatus> {
    VisitStatus::from_code(&visit.status)
}

fn known_status(visit: &encounter::Model) -> Result<VisitStatus, Error> {
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
