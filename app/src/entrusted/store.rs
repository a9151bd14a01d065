//! Lists as rows, and the coverage they renew.

use chrono::NaiveDate;
use domain::coverage::{CoverageContent, CoverageKind};
use domain::eligibility::EligibilityStatus;
use domain::outbox::Errand;
use domain::{PatientId, clock};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};
use crate::adapters::eligibility::entrusted::{Collection, Entrusted, Submission};
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::inquiries::store::institution_code;
use crate::outbox::{Posting, put};
use crate::patients::store as patients;

pub const PENDING: &str = "pending";
pub const ACCEPTED: &str = "accepted";
pub const ANSWERED: &str = "answered";
pub const UNAVAILABLE: &str = "unavailable";
const SEAL: &str = "entrusted_listing";

/// Somebody of the list whose coverage was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    pub name: String,
    pub birth_date: NaiveDate,
    pub payer_number: String,
    pub recipient_number: String,
    pub ticket: String,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No patient has both numbers and the birth date.
    Unknown,
    /// More than one has.
    Several,
    /// Not valid, or no 医療券 for this facility today.
    NoTicket,
    /// 単独 here and 併用 there, or the other way round.
    OtherForm,
}

/// The last list of a month.
pub async fn of_month(tx: &TenantTx, month: NaiveDate) -> Result<Option<Model>, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Month.eq(month));
    Ok(own.order_by_desc(Column::AskedAt).limit(1).one(tx).await?)
}

pub async fn others(tx: &TenantTx, row: &Model) -> Result<Vec<Other>, Error> {
    serde_json::from_slice(&tx.open(SEAL, &row.others).await?).map_err(Error::internal)
}

pub async fn ask(tx: &TenantTx, id: Uuid, month: NaiveDate) -> Result<(), Error> {
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        month,
        status: PENDING.to_owned(),
        said: String::new(),
        found: 0,
        renewed: 0,
        others: sealed(tx, &[]).await?,
        asked_at: tx.now(),
        changed_at: tx.now(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    post(tx, Errand::EntrustedSubmit, id, &Submission { institution_code: institution_code(tx).await?, month }).await
}

async fn sealed(tx: &TenantTx, others: &[Other]) -> Result<Vec<u8>, Error> {
    tx.seal(SEAL, &serde_json::to_vec(others).map_err(Error::internal)?).await
}

async fn post<T: Serialize>(tx: &TenantTx, errand: Errand, id: Uuid, content: &T) -> Result<(), Error> {
    let payload = serde_json::to_vec(content).map_err(Error::internal)?;
    let key = format!("entrusted/{id}/{}", errand.code());
    put(tx, Posting { errand, key, lane: id, patient_id: None, encounter_id: None, payload: &payload, not_before: None }).await.map(drop)
}

async fn change(tx: &TenantTx, id: Uuid, change: impl FnOnce(&mut Model)) -> Result<(), Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id));
    let mut row = own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)?;
    change(&mut row);
    row.changed_at = tx.now();
    let all = Entity::update_many().set(row.into_active_model().reset_all());
    all.filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// The question was taken: its answer is asked for from now on.
pub async fn accepted(tx: &TenantTx, id: Uuid, collection: Collection) -> Result<(), Error> {
    post(tx, Errand::EntrustedCollect, id, &collection).await?;
    change(tx, id, |row| row.status = ACCEPTED.to_owned()).await
}

pub async fn given_up(tx: &TenantTx, id: Uuid, said: &str) -> Result<(), Error> {
    let said = said.chars().filter(|c| !c.is_control()).take(200).collect();
    change(tx, id, |row| (row.status, row.said) = (UNAVAILABLE.to_owned(), said)).await
}

/// Everybody known is renewed; the others are kept for the page.
pub async fn answered(tx: &TenantTx, id: Uuid, people: &[Entrusted]) -> Result<(), Error> {
    let numbers = people.iter().map(|one| one.qualification.insured_number.clone()).collect();
    let known = assisted(tx, numbers).await?;
    let (mut renewed, mut rest) = (0, Vec::new());
    for person in people {
        match renew(tx, person, &known).await? {
            None => renewed += 1,
            Some(why) => rest.push(other(person, why)),
        }
    }
    let (found, others) = (i32::try_from(people.len()).unwrap_or(i32::MAX), sealed(tx, &rest).await?);
    change(tx, id, |row| (row.status, row.found, row.renewed, row.others) = (ANSWERED.to_owned(), found, renewed, others)).await
}

/// 医療扶助 by these 受給者番号, the newest row of each first.
async fn assisted(tx: &TenantTx, numbers: Vec<String>) -> Result<Vec<coverage::Model>, Error> {
    use coverage::Column as C;
    let public = [CoverageKind::PublicAssistance, CoverageKind::PublicExpense].map(CoverageKind::code);
    let rows = coverage::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::InsuredNumber.eq_any(numbers))
        .filter(C::Kind.is_in(public))
        .order_by_desc(C::ValidFrom)
        .order_by_desc(C::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// None when it was renewed, or stood so already.
async fn renew(tx: &TenantTx, person: &Entrusted, known: &[coverage::Model]) -> Result<Option<Why>, Error> {
    let (q, today) = (&person.qualification, clock::today(tx.now()));
    if person.status != EligibilityStatus::Valid || !q.is_assistance() || q.ticket_on(today).is_none() {
        return Ok(Some(Why::NoTicket));
    }
    let mut found: Vec<&coverage::Model> = Vec::new();
    for row in known.iter().filter(|row| row.insurer_number == q.insurer_number.trim() && row.insured_number == q.insured_number) {
        let is_new = found.iter().all(|other| other.patient_id != row.patient_id);
        if is_new && patients::get(tx, PatientId::new(row.patient_id)).await?.demographics.birth_date == q.birth_date {
            found.push(row);
        }
    }
    match found.as_slice() {
        [] => Ok(Some(Why::Unknown)),
        [row] => {
            let old = coverages::content_of(row);
            if q.is_combined(today) != (old.kind == CoverageKind::PublicExpense) {
                return Ok(Some(Why::OtherForm));
            }
            let new = match old.kind {
                CoverageKind::PublicExpense => {
                    CoverageContent { priority: old.priority, ..CoverageContent::from_assistance(q, person.status, false, today) }
                }
                _ => CoverageContent::from_qualification(q, person.status, false, today),
            };
            if old != new {
                coverages::amend(tx, row, &new, "委託先資格情報").await?;
            }
            Ok(None)
        }
        _ => Ok(Some(Why::Several)),
    }
}

fn other(person: &Entrusted, why: Why) -> Other {
    let q = &person.qualification;
    Other {
        name: q.name.clone(),
        birth_date: q.birth_date,
        payer_number: q.insurer_number.clone(),
        recipient_number: q.insured_number.clone(),
        ticket: q.tickets.iter().map(domain::eligibility::MedicalTicket::words).collect::<Vec<_>>().join("、"),
        why,
    }
}
