//! Prescription lines read and written.

use chrono::NaiveDate;
use domain::prescription::{LineContent, Supply};
use domain::{EncounterId, MedicationRequestId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::drugs::{self, Drug};
use super::entity::medication_request::{Column, Entity, Model};
use crate::encounters::entity::encounter;

pub const DRAFT: &str = "draft";
pub const SIGNED: &str = "signed";
const WITHDRAWN: &str = "withdrawn";
/// `drug_code` is a レセプト電算コード.
const RECEIPT_CODE: &str = "receipt";

/// Lines of a visit that stand, in their order; withdrawn ones are history.
pub async fn lines(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    let rows = all(tx, encounter).await?;
    Ok(rows.into_iter().filter(|row| row.status != WITHDRAWN).collect())
}

async fn all(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .order_by_asc(Column::LineNo)
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: MedicationRequestId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// A new draft line after the last one.
pub async fn add(tx: &TenantTx, visit: &encounter::Model, drug: &Drug, line: &LineContent) -> Result<Model, Error> {
    let last = all(tx, EncounterId::new(visit.id)).await?.iter().map(|row| row.line_no).max().unwrap_or_default();
    let (days, quantity_text) = match line.supply {
        Supply::Days(days) => (Some(i32::from(days)), String::new()),
        Supply::Times(_) => (None, line.supply.words()),
        Supply::Total => (None, String::new()),
    };
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: DRAFT.to_owned(),
        digest: Vec::new(),
        patient_id: visit.patient_id,
        encounter_id: visit.id,
        line_no: last + 1,
        drug_code: drug.code.clone(),
        drug_code_system: RECEIPT_CODE.to_owned(),
        drug_name: drug.name.clone(),
        dose_value: line.dose.as_str().to_owned(),
        dose_unit: line.unit.clone(),
        usage_text: line.usage.clone(),
        days,
        quantity_text,
        generic_substitution: line.substitution.code().to_owned(),
        comment: line.comment.clone(),
        master_release_id: drug.release_id,
        signed_at: None,
        signed_by_id: None,
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

/// 中止 of a draft line; it stays as history.
pub async fn withdraw(tx: &TenantTx, mut line: Model) -> Result<Model, Error> {
    line.status = WITHDRAWN.to_owned();
    versioned::update(tx, line, Authorship::own(tx), "").await
}

/// Why the lines were not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignRefusal {
    NothingToSign,
    /// The lines on the page are not the lines in the table.
    Changed,
    /// These drugs are no longer in the master; `None` when the code is gone altogether.
    DrugEnded {
        name: String,
        last_day: Option<NaiveDate>,
    },
}

/// 署名: all drafts together, exactly as the doctor saw them (`seen` = id and version of each).
pub async fn sign(
    tx: &TenantTx,
    encounter: EncounterId,
    seen: &[(Uuid, i32)],
    today: NaiveDate,
) -> Result<Result<usize, SignRefusal>, Error> {
    let drafts: Vec<Model> = lines(tx, encounter).await?.into_iter().filter(|row| row.status == DRAFT).collect();
    if drafts.is_empty() {
        return Ok(Err(SignRefusal::NothingToSign));
    }
    if drafts.len() != seen.len() || !drafts.iter().all(|row| seen.contains(&(row.id, row.version))) {
        return Ok(Err(SignRefusal::Changed));
    }
    for line in &drafts {
        let drug = drugs::find(tx, &line.drug_code, today).await?;
        if !drug.as_ref().is_some_and(|drug| drug.is_in_force(today)) {
            let last_day = drug.and_then(|drug| drug.valid_to);
            return Ok(Err(SignRefusal::DrugEnded { name: line.drug_name.clone(), last_day }));
        }
    }
    let count = drafts.len();
    for mut line in drafts {
        line.status = SIGNED.to_owned();
        line.signed_at = Some(tx.now());
        line.signed_by_id = Some(tx.actor().as_uuid());
        versioned::update(tx, line, Authorship::own(tx), "").await?;
    }
    Ok(Ok(count))
}
