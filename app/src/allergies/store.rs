//! Statements read and written.

use domain::allergy::{AllergyContent, AllergyStatus, Category, Certainty};
use domain::medication_safety::{self, ingredient};
use domain::{AllergyId, PatientId, clock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};

/// What stands for these patients (one chart and everything merged into it), oldest first.
pub async fn of_patients(tx: &TenantTx, patients: &[PatientId]) -> Result<Vec<Model>, Error> {
    let mut rows = all_of(tx, patients).await?;
    rows.retain(|row| row.status == AllergyStatus::Active.code());
    Ok(rows)
}

/// With what no longer stands.
pub async fn all_of(tx: &TenantTx, patients: &[PatientId]) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: AllergyId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// A new statement. A substance ends a 「なし」 that stood before it.
pub async fn add(tx: &TenantTx, patient: PatientId, content: &AllergyContent, yj_code: &str, known: Vec<Model>) -> Result<Model, Error> {
    if content.category != Category::None {
        for mut none in known.into_iter().filter(|row| row.category == Category::None.code()) {
            none.status = AllergyStatus::Resolved.code().to_owned();
            versioned::update(tx, none, Authorship::own(tx), "物質が登録された").await?;
        }
    }
    let mut model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: AllergyStatus::Active.code().to_owned(),
        digest: Vec::new(),
        patient_id: patient.as_uuid(),
        category: String::new(),
        substance: String::new(),
        substance_code: String::new(),
        substance_system: String::new(),
        ingredient_code: ingredient(yj_code).unwrap_or_default().to_owned(),
        reaction: String::new(),
        severity: String::new(),
        certainty: String::new(),
        source: String::new(),
        asked_on: clock::today(tx.now()),
    };
    state(&mut model, content);
    versioned::insert(tx, model, Authorship::own(tx)).await
}

fn state(row: &mut Model, content: &AllergyContent) {
    row.category = content.category.code().to_owned();
    row.substance.clone_from(&content.substance);
    row.substance_code.clone_from(&content.substance_code);
    row.substance_system = content.system.code().to_owned();
    row.reaction.clone_from(&content.reaction);
    row.severity = content.severity.code().to_owned();
    row.certainty = content.certainty.code().to_owned();
    row.source = content.source.code().to_owned();
}

pub async fn end(tx: &TenantTx, mut row: Model, status: AllergyStatus, reason: &str) -> Result<Model, Error> {
    row.status = status.code().to_owned();
    versioned::update(tx, row, Authorship::own(tx), reason).await
}

/// A drug's statement as the prescription's rules read it.
pub fn as_fact(row: &Model) -> Option<medication_safety::Allergy> {
    (row.category == Category::Medication.code()).then(|| medication_safety::Allergy {
        substance: row.substance.clone(),
        ingredient: row.ingredient_code.clone(),
        is_confirmed: row.certainty == Certainty::Confirmed.code(),
    })
}
