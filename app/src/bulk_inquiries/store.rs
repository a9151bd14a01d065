//! Lists as rows: gathering, answering, looking after.

use chrono::NaiveDate;
use domain::appointment::AppointmentStatus;
use domain::eligibility::EligibilityStatus;
use domain::outbox::Errand;
use domain::{MessageId, PatientId};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{inquiry, line};
use crate::adapters::eligibility::bulk::{BulkItem, Insured, Unit};
use crate::appointments::entity as appointment;
use crate::coverages::store as coverages;
use crate::outbox::{Posting, put};
use crate::patients::store as patients;

pub const PENDING: &str = "pending";
pub const ACCEPTED: &str = "accepted";
pub const ANSWERED: &str = "answered";
pub const UNAVAILABLE: &str = "unavailable";
/// The service takes lists of up to so many.
const MOST: usize = 500;

/// What is handed in; kept sealed in the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    pub institution_code: String,
    pub day: NaiveDate,
    pub items: Vec<BulkItem>,
}

/// What is asked for afterwards.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collection {
    pub institution_code: String,
    pub reception_number: String,
}

pub async fn of_day(tx: &TenantTx, day: NaiveDate) -> Result<Option<inquiry::Model>, Error> {
    let own = inquiry::Entity::find().filter(inquiry::Column::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.filter(inquiry::Column::Day.eq(day)).one(tx).await?)
}

pub async fn lines(tx: &TenantTx, inquiry: Uuid) -> Result<Vec<line::Model>, Error> {
    let rows = line::Entity::find()
        .filter(line::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(line::Column::BulkInquiryId.eq(inquiry))
        .order_by_asc(line::Column::StartsAt)
        .order_by_asc(line::Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Asks about everybody booked on a day; how many. A second asking about the same day is an [`Error::Duplicate`].
pub async fn ask(tx: &TenantTx, day: NaiveDate) -> Result<usize, Error> {
    let inquiry_id = tx.new_id();
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    for booking in expected(tx, day).await? {
        let Some(patient) = booking.patient() else { continue };
        let (row, item) = one(tx, inquiry_id, patient, &booking, day).await?;
        rows.push(row.into_active_model().reset_all());
        items.extend(item);
    }
    let head = inquiry::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: inquiry_id,
        day,
        status: if items.is_empty() { ANSWERED } else { PENDING }.to_owned(),
        reception_number: String::new(),
        said: String::new(),
        asked_at: tx.now(),
        changed_at: tx.now(),
    };
    inquiry::Entity::insert(head.into_active_model().reset_all()).exec_without_returning(tx).await?;
    let asked = rows.len();
    if !rows.is_empty() {
        line::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    if !items.is_empty() {
        let institution_code = crate::inquiries::store::institution_code(tx).await?;
        let submission = Submission { institution_code, day, items };
        post(tx, Errand::BulkSubmit, inquiry_id, "submit", &submission, None).await?;
    }
    Ok(asked)
}

async fn expected(tx: &TenantTx, day: NaiveDate) -> Result<Vec<appointment::Model>, Error> {
    let rows = appointment::Entity::find()
        .filter(appointment::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(appointment::Column::Day.eq(day))
        .filter(appointment::Column::Status.eq(AppointmentStatus::Booked.code()))
        .order_by_asc(appointment::Column::StartsAt)
        .limit(MOST as u64)
        .all(tx)
        .await?;
    let mut seen = std::collections::HashSet::new();
    Ok(rows.into_iter().filter(|row| seen.insert(row.patient_id)).collect())
}

/// Somebody without a usable number cannot be asked about: 未照会, and on the worklist.
async fn one(
    tx: &TenantTx,
    inquiry: Uuid,
    patient: PatientId,
    booking: &appointment::Model,
    day: NaiveDate,
) -> Result<(line::Model, Option<BulkItem>), Error> {
    let group = patients::get_group(tx, patient).await?;
    let known = coverages::in_force(tx, &group.ids(), day).await?;
    let coverage = coverages::usable(&known, day).filter(|row| !row.insurer_number.is_empty() && !row.insured_number.is_empty());
    let id = tx.new_id();
    let item = coverage.map(|row| BulkItem {
        identifier: id.to_string(),
        insured: Insured {
            insurer_number: row.insurer_number.clone(),
            insured_symbol: row.insured_symbol.clone(),
            insured_number: row.insured_number.clone(),
            branch_number: row.branch_number.clone(),
        },
        birth_date: group.patient.demographics.birth_date,
    });
    let status = if item.is_some() { EligibilityStatus::Pending } else { EligibilityStatus::Unchecked };
    let row = line::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        version: 1,
        bulk_inquiry_id: inquiry,
        patient_id: patient.as_uuid(),
        coverage_id: coverage.map(|row| row.id),
        starts_at: booking.starts_at,
        eligibility: status.code().to_owned(),
        said: String::new(),
        is_limit_changed: false,
        handled_at: None,
        handled_by_id: None,
    };
    Ok((row, item))
}

async fn post<T: Serialize>(
    tx: &TenantTx,
    errand: Errand,
    inquiry: Uuid,
    step: &str,
    content: &T,
    not_before: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<MessageId, Error> {
    let payload = serde_json::to_vec(content).map_err(Error::internal)?;
    let key = format!("bulk/{inquiry}/{step}");
    put(tx, Posting { errand, key, lane: inquiry, patient_id: None, encounter_id: None, payload: &payload, not_before }).await
}

async fn lock(tx: &TenantTx, id: Uuid) -> Result<inquiry::Model, Error> {
    let own = inquiry::Entity::find().filter(inquiry::Column::TenantId.eq(tx.tenant_id().as_uuid()));
    own.filter(inquiry::Column::Id.eq(id)).lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

async fn save(tx: &TenantTx, mut row: inquiry::Model) -> Result<(), Error> {
    let id = row.id;
    row.changed_at = tx.now();
    let own = inquiry::Entity::update_many().set(row.into_active_model().reset_all());
    own.filter(inquiry::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(inquiry::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// The list was taken: its answers are asked for from now on.
pub async fn accepted(tx: &TenantTx, id: Uuid, institution_code: String, reception_number: String) -> Result<(), Error> {
    let mut row = lock(tx, id).await?;
    let collection = Collection { institution_code, reception_number: reception_number.clone() };
    post(tx, Errand::BulkCollect, id, "collect", &collection, None).await?;
    row.status = ACCEPTED.to_owned();
    row.reception_number = reception_number;
    save(tx, row).await
}

/// The answers; one about nobody on this list is passed over, and somebody without an answer is 照会不可.
pub async fn answered(tx: &TenantTx, id: Uuid, units: &[Unit]) -> Result<(), Error> {
    let mut head = lock(tx, id).await?;
    for mut row in lines(tx, id).await? {
        if row.eligibility != EligibilityStatus::Pending.code() {
            continue;
        }
        let unit = units.iter().find(|unit| unit.identifier == row.id.to_string());
        row.eligibility = unit.map_or(EligibilityStatus::Unavailable, |unit| unit.status).code().to_owned();
        row.said = unit.map(|unit| unit.said.clone()).unwrap_or_default();
        row.is_limit_changed = unit.is_some_and(|unit| unit.is_limit_changed);
        save_line(tx, row).await?;
    }
    head.status = ANSWERED.to_owned();
    save(tx, head).await
}

/// Nothing more is tried by itself.
pub async fn given_up(tx: &TenantTx, id: Uuid, said: &str) -> Result<(), Error> {
    let mut row = lock(tx, id).await?;
    row.status = UNAVAILABLE.to_owned();
    row.said = said.chars().filter(|c| !c.is_control()).take(200).collect();
    save(tx, row).await
}

pub async fn lock_line(tx: &TenantTx, id: Uuid) -> Result<line::Model, Error> {
    let own = line::Entity::find().filter(line::Column::TenantId.eq(tx.tenant_id().as_uuid()));
    own.filter(line::Column::Id.eq(id)).lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

pub async fn save_line(tx: &TenantTx, mut row: line::Model) -> Result<(), Error> {
    let id = row.id;
    row.version += 1;
    let own = line::Entity::update_many().set(row.into_active_model().reset_all());
    own.filter(line::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(line::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}
