//! Flags read and written.

use domain::allergy::Source;
use domain::flag::FlagCategory;
use domain::{FlagId, PatientId, clock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};

pub const ACTIVE: &str = "active";
pub const RESOLVED: &str = "resolved";
pub const IN_ERROR: &str = "entered_in_error";

/// Everything said of these patients, oldest first.
pub async fn all_of(tx: &TenantTx, patients: &[PatientId]) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// What stands.
pub async fn of_patients(tx: &TenantTx, patients: &[PatientId]) -> Result<Vec<Model>, Error> {
    let mut rows = all_of(tx, patients).await?;
    rows.retain(|row| row.status == ACTIVE);
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: FlagId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub category: FlagCategory,
    pub is_present: bool,
    pub text: String,
    pub source: Option<Source>,
}

/// A new statement. Something found ends a 「なし」 before it; of a single kind only the newest stands.
pub async fn add(tx: &TenantTx, patient: PatientId, said: &Said, known: Vec<Model>) -> Result<Model, Error> {
    let is_over = |row: &Model| row.category == said.category.code() && (said.category.is_single() || !row.is_present);
    for earlier in known.into_iter().filter(|row| row.status == ACTIVE && is_over(row)) {
        end(tx, earlier, RESOLVED, "あらためて確認した").await?;
    }
    insert(tx, patient, None, said).await
}

async fn insert(tx: &TenantTx, patient: PatientId, encounter: Option<Uuid>, said: &Said) -> Result<Model, Error> {
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: Vec::new(),
        patient_id: patient.as_uuid(),
        encounter_id: encounter,
        category: said.category.code().to_owned(),
        is_present: said.is_present,
        said: said.text.clone(),
        source: said.source.map(Source::code).unwrap_or_default().to_owned(),
        noted_on: clock::today(tx.now()),
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

pub async fn end(tx: &TenantTx, mut row: Model, status: &str, reason: &str) -> Result<Model, Error> {
    row.status = status.to_owned();
    versioned::update(tx, row, Authorship::own(tx), reason).await
}

/// The 付箋 that stands on a patient (`None`) or on a visit.
pub fn sticky(rows: &[Model], encounter: Option<Uuid>) -> Option<&Model> {
    rows.iter().rfind(|row| row.status == ACTIVE && row.category == FlagCategory::Sticky.code() && row.encounter_id == encounter)
}

/// Sticks, rewrites or takes away; nothing is written where nothing changed.
pub async fn stick(
    tx: &TenantTx,
    patient: PatientId,
    encounter: Option<Uuid>,
    now: Option<&Model>,
    text: Option<String>,
) -> Result<(), Error> {
    match (now.cloned(), text) {
        (None, Some(text)) => {
            let said = Said { category: FlagCategory::Sticky, is_present: true, text, source: None };
            insert(tx, patient, encounter, &said).await.map(drop)
        }
        (Some(row), None) => end(tx, row, RESOLVED, "はがした").await.map(drop),
        (Some(row), Some(text)) if row.said != text => {
            versioned::update(tx, Model { said: text, ..row }, Authorship::own(tx), "").await.map(drop)
        }
        _ => Ok(()),
    }
}
