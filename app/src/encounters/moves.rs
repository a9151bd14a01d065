//! The way of a visit over the board: moved, called, taken back, ended by a signature.

use chrono::{DateTime, Utc};
use domain::PatientId;
use domain::encounter::{MoveFacts, MoveRefusal, MovedBy, VisitStatus, after_signing, can_undo};
use domain::note::NoteStatus;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tenancy::{Authorship, Error, Principal, Role, TenantTx, versioned};

use super::entity::encounter;
use super::store::{get, known_status, locate};
use crate::inside_prescriptions;
use crate::notes::SignedNote;
use crate::notes::entity::{note, note_section};
use crate::patients::last_visit;

/// Which rules of moving apply to the role in force.
pub const fn moved_by(role: Role) -> MovedBy {
    match role {
        Role::Doctor => MovedBy::Doctor,
        Role::Nurse => MovedBy::Nurse,
        Role::Clerk | Role::ClinicAdmin => MovedBy::Clerk,
        Role::Pharmacist | Role::LabTech | Role::DoctorAide => MovedBy::Other,
    }
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
    recount(tx, &visit, [from, to]).await?;
    if matches!(to, VisitStatus::Paid | VisitStatus::LeftUnpaid) {
        inside_prescriptions::discharged(tx, &visit).await?;
    }
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
        .filter(note_section::Column::NoteId.eq_any(notes.iter().map(|note| note.id)))
        .filter(note_section::Column::Body.ne(""))
        .one(tx)
        .await?;
    let has_signed_note = notes.iter().any(|note| note.status == NoteStatus::Signed.code());
    Ok(MoveFacts { has_written_section: written.is_some(), has_signed_note, has_reason })
}

/// 呼出: the patient is asked in. Said again when nobody came.
pub async fn call(tx: &TenantTx, mut visit: encounter::Model) -> Result<Option<encounter::Model>, Error> {
    if known_status(&visit)?.is_finished() {
        return Ok(None);
    }
    visit.called_at = Some(tx.now());
    versioned::update(tx, visit, Authorship::own(tx), "呼出").await.map(Some)
}

/// What became of a wish to take the last move back.
pub enum Undo {
    Done(Box<encounter::Model>),
    /// Too late, or somebody else's act, or nothing to take back.
    TooLate,
}

/// 元に戻す: the state and the call of the version before, within 30 s, by the person who changed it.
pub async fn undo(tx: &TenantTx, mut visit: encounter::Model) -> Result<Undo, Error> {
    let is_own = visit.entered_by_id == tx.actor().as_uuid();
    if visit.version < 2 || !is_own || !can_undo(visit.recorded_at, tx.now()) {
        return Ok(Undo::TooLate);
    }
    let Some((status, called_at)) = before(tx, &visit).await? else { return Ok(Undo::TooLate) };
    if status.code() == visit.status && called_at == visit.called_at {
        return Ok(Undo::TooLate);
    }
    let from = known_status(&visit)?;
    enter(tx, &mut visit, status);
    visit.called_at = called_at;
    let visit = versioned::update(tx, visit, Authorship::own(tx), "元に戻す").await?;
    recount(tx, &visit, [from, status]).await?;
    Ok(Undo::Done(Box::new(visit)))
}

/// A cancelled visit is no 最終受診.
async fn recount(tx: &TenantTx, visit: &encounter::Model, states: [VisitStatus; 2]) -> Result<(), Error> {
    if states.contains(&VisitStatus::Cancelled) {
        last_visit::refresh(tx, PatientId::new(visit.patient_id)).await?;
    }
    Ok(())
}

/// State and call as the version before had them.
async fn before(tx: &TenantTx, visit: &encounter::Model) -> Result<Option<(VisitStatus, Option<DateTime<Utc>>)>, Error> {
    let query = Query::select()
        .columns(["status", "content"])
        .from("row_version")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("kind").eq("encounter"))
        .and_where(Expr::col("id").eq(visit.id))
        .and_where(Expr::col("version").eq(visit.version - 1))
        .take();
    let Some(row) = tx.query_one(&query).await? else { return Ok(None) };
    let content: serde_json::Value = row.try_get("", "content")?;
    let called_at = content["called_at"].as_str().and_then(|text| text.parse().ok());
    Ok(VisitStatus::from_code(&row.try_get::<String>("", "status")?).map(|status| (status, called_at)))
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
