//! Claims read and moved on.

use domain::claim::{ClaimEvent, ClaimStatus};
use domain::outbox::Errand;
use domain::{EncounterId, PatientId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::content::gather;
use super::engine;
use super::entity::claim::{Column, Entity, Model};
use crate::adapters::receipt::meaning;
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::notes::SignedNote;
use crate::outbox::entity::message;
use crate::outbox::{self, Posting};

/// 確定: the visit goes to the receipt computer, if the clinic has one.
pub async fn note_signed(tx: &TenantTx, signed: &SignedNote) -> Result<(), Error> {
    queue(tx, signed.encounter_id).await
}

/// Puts the visit into the outbox if what it says has changed; says on the claim why it cannot be sent otherwise.
pub async fn queue(tx: &TenantTx, id: EncounterId) -> Result<(), Error> {
    let Some(engine) = engine::find(tx).await?.filter(|engine| engine.is_on()) else { return Ok(()) };
    let visit = encounters::get(tx, id).await?;
    let mut claim = find(tx, id).await?.unwrap_or_else(|| begun(&visit));
    let mut content = match gather(tx, &engine, &visit).await? {
        Ok(content) => content,
        Err(missing) => {
            claim.engine_code = missing.to_owned();
            claim.engine_said = meaning::sentence(missing, "");
            return keep(tx, claim).await.map(drop);
        }
    };
    let digest = content.digest();
    if digest == claim.content_digest && claim.engine_code.is_empty() {
        return Ok(());
    }
    let Ok(status) = status_of(&claim)?.after(ClaimEvent::Changed) else { return Ok(()) };
    claim.status = status.code().to_owned();
    claim.message_version += 1;
    claim.content_digest = digest;
    claim.engine_code = String::new();
    claim.engine_said = String::new();
    content.version = claim.message_version;
    let patient_id = PatientId::new(claim.patient_id);
    keep(tx, claim).await?;
    let payload = serde_json::to_vec(&content).map_err(Error::internal)?;
    let posting = Posting {
        errand: Errand::Claim,
        key: format!("claim:{id}:{}", content.version),
        lane: id.as_uuid(),
        patient_id: Some(patient_id),
        encounter_id: Some(id),
        payload: &payload,
        not_before: None,
    };
    outbox::put(tx, posting).await.map(drop)
}

/// 精算: the patient paid.
pub async fn paid(tx: &TenantTx, id: EncounterId) -> Result<(), Error> {
    let Some(mut claim) = find(tx, id).await? else { return Ok(()) };
    if let Ok(next) = status_of(&claim)?.after(ClaimEvent::Settled)
        && next.code() != claim.status
    {
        claim.status = next.code().to_owned();
        keep(tx, claim).await?;
    }
    Ok(())
}

pub async fn find(tx: &TenantTx, id: EncounterId) -> Result<Option<Model>, Error> {
    let row = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id.as_uuid())).one(tx).await?;
    Ok(row)
}

/// Claims of these visits.
pub async fn of_visits(tx: &TenantTx, visits: &[Uuid]) -> Result<Vec<Model>, Error> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq_any(visits.iter().copied()))
        .all(tx)
        .await?;
    Ok(rows)
}

/// What the receipt computer keeps of the patient's other visits of the same day.
pub async fn other_uids(tx: &TenantTx, visit: EncounterId, patient: PatientId) -> Result<Vec<String>, Error> {
    let Some(own) = find(tx, visit).await? else { return Ok(Vec::new()) };
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PerformedOn.eq(own.performed_on))
        .filter(Column::PatientId.eq(patient.as_uuid()))
        .filter(Column::Id.ne(visit.as_uuid()))
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|claim| claim.medical_uid).filter(|uid| !uid.is_empty()).collect())
}

/// The newest message of a visit on its way.
pub async fn last_message(tx: &TenantTx, id: EncounterId) -> Result<Option<message::Model>, Error> {
    let row = message::Entity::find()
        .filter(message::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(message::Column::Lane.eq(id.as_uuid()))
        .order_by_desc(message::Column::CreatedAt)
        .limit(1)
        .one(tx)
        .await?;
    Ok(row)
}

pub fn status_of(claim: &Model) -> Result<ClaimStatus, Error> {
    ClaimStatus::from_code(&claim.status).ok_or_else(|| Error::internal("a claim is in a state this program does not know"))
}

pub async fn keep(tx: &TenantTx, claim: Model) -> Result<Model, Error> {
    if claim.version > 0 {
        versioned::update(tx, claim, Authorship::own(tx), "").await
    } else {
        versioned::insert(tx, claim, Authorship::own(tx)).await
    }
}

fn begun(visit: &encounter::Model) -> Model {
    Model {
        tenant_id: visit.tenant_id,
        id: visit.id,
        version: 0,
        recorded_at: visit.recorded_at,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ClaimStatus::Open.code().to_owned(),
        digest: Vec::new(),
        patient_id: visit.patient_id,
        performed_on: visit.reception_date,
        message_version: 0,
        content_digest: String::new(),
        sent_version: 0,
        medical_uid: String::new(),
        engine_code: String::new(),
        engine_said: String::new(),
        points: None,
        due_yen: None,
    }
}
