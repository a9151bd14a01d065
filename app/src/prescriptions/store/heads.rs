//! The head of a visit's prescription.

use chrono::{DateTime, Utc};
use domain::EncounterId;
use domain::prescription::head::{DispensedAt, HeadContent, IssueForm, Leftover, RxStatus};
use domain::prescription::split;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::wishes;
use crate::encounters::entity::encounter;
use crate::prescriptions::entity::prescription::{Column, Entity, Model};

pub fn status(row: &Model) -> RxStatus {
    RxStatus::from_code(&row.status).unwrap_or(RxStatus::Draft)
}

/// The prescriptions of a visit that stand, oldest first; more than one when a signed one was followed by another.
pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .filter(Column::Status.is_not_in(RxStatus::ENDED.map(RxStatus::code)))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id)).one(tx).await?.ok_or(Error::NotFound)
}

/// The prescription lines are being written into; begun as the patient wished when there is none.
pub async fn open(tx: &TenantTx, visit: &encounter::Model, can_sign: bool) -> Result<Model, Error> {
    let known = of_encounter(tx, EncounterId::new(visit.id)).await?;
    match known.into_iter().find(|row| status(row).is_open()) {
        Some(row) => Ok(row),
        None => {
            let wish = wishes::of_encounter(tx, EncounterId::new(visit.id)).await?;
            insert(tx, visit, &HeadContent::begun(wish, can_sign), wish).await
        }
    }
}

/// With a content of its own; the patient's wish is noted beside it.
pub async fn begin(tx: &TenantTx, visit: &encounter::Model, content: &HeadContent) -> Result<Model, Error> {
    let wish = wishes::of_encounter(tx, EncounterId::new(visit.id)).await?;
    insert(tx, visit, content, wish).await
}

async fn insert(tx: &TenantTx, visit: &encounter::Model, content: &HeadContent, wish: Option<IssueForm>) -> Result<Model, Error> {
    let mut model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: RxStatus::Draft.code().to_owned(),
        digest: Vec::new(),
        patient_id: visit.patient_id,
        encounter_id: visit.id,
        dispensed_at: String::new(),
        issue_form: String::new(),
        valid_to: None,
        refill: 0,
        split: 0,
        leftover: String::new(),
        remark: String::new(),
        signed_at: None,
        signed_by_id: None,
        wished_form: wish.map(|form| form.code().to_owned()).unwrap_or_default(),
        replaces_id: None,
        split_days: String::new(),
    };
    state(&mut model, content);
    versioned::insert(tx, model, Authorship::own(tx)).await
}

pub fn state(row: &mut Model, content: &HeadContent) {
    row.dispensed_at = content.dispensed_at.code().to_owned();
    row.issue_form = content.issue_form.code().to_owned();
    row.valid_to = content.valid_to;
    row.refill = i32::from(content.refill);
    row.split = i32::from(content.split);
    row.split_days = split::words(&content.split_days);
    row.leftover = content.leftover.code().to_owned();
    row.remark.clone_from(&content.remark);
}

/// What a stored head says; a code a later program wrote reads as the usual choice.
pub fn content_of(row: &Model) -> HeadContent {
    let parts = u8::try_from(row.split).unwrap_or_default();
    HeadContent {
        dispensed_at: DispensedAt::from_code(&row.dispensed_at).unwrap_or(DispensedAt::Outside),
        issue_form: IssueForm::from_code(&row.issue_form).unwrap_or(IssueForm::Paper),
        valid_to: row.valid_to,
        refill: u8::try_from(row.refill).unwrap_or_default(),
        split: parts,
        split_days: split::days(&row.split_days, parts).unwrap_or_default(),
        leftover: Leftover::from_code(&row.leftover).unwrap_or(Leftover::Unsaid),
        remark: row.remark.clone(),
    }
}

/// Another state of the same head; who signed and when is set once.
pub async fn move_to(tx: &TenantTx, mut row: Model, to: RxStatus, reason: &str) -> Result<Model, Error> {
    row.status = to.code().to_owned();
    if to == RxStatus::Signed {
        let at: DateTime<Utc> = tx.now();
        (row.signed_at, row.signed_by_id) = (Some(at), Some(tx.actor().as_uuid()));
    }
    versioned::update(tx, row, Authorship::own(tx), reason).await
}

pub async fn update(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    versioned::update(tx, row, Authorship::own(tx), "").await
}
