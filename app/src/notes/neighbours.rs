//! What the note pages take from the slices beside them.

use std::collections::{BTreeSet, HashMap};

use domain::PatientId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tenancy::{Error, TenantTx};

use crate::patients::entity::patient;
use crate::patients::store::Group;
use crate::web::stripe::PatientStripe;
use crate::{allergies, flags, patients};

/// The person a chart is about: the surviving record, and every record merged into it.
#[derive(Debug, Clone)]
pub struct Person {
    pub stripe: PatientStripe,
    pub group: Vec<PatientId>,
}

/// The records of the person behind a patient id, whether it survived a merge or not.
pub async fn group(tx: &TenantTx, id: PatientId) -> Result<Group, Error> {
    let group = patients::store::get_group(tx, id).await?;
    match group.patient.merged_into {
        Some(survivor) => patients::store::get_group(tx, survivor).await,
        None => Ok(group),
    }
}

/// The person behind a patient id, whether it survived a merge or not.
pub async fn person(tx: &TenantTx, id: PatientId) -> Result<Person, Error> {
    let group = group(tx, id).await?;
    let allergies = allergies::store::of_patients(tx, &group.ids()).await?;
    let person = person_of(tx, &group, &allergies).await?;
    let flags = flags::store::of_patients(tx, &person.group).await?;
    let today = crate::notes::views::labels::jst(tx.now()).date_naive();
    Ok(Person { stripe: person.stripe.flagged(flags::guards(&flags, &group.patient, today)), ..person })
}

/// The same for records that are known already, on a page that has no statement to spare: its stripe says nothing of 感染 and 妊娠.
pub async fn person_of(tx: &TenantTx, group: &Group, allergies: &[allergies::entity::Model]) -> Result<Person, Error> {
    let namesakes = patients::store::count_namesakes(tx, &group.patient).await?;
    let today = crate::notes::views::labels::jst(tx.now()).date_naive();
    let ids = group.ids();
    let guard = allergies::guard(allergies);
    let stripe = PatientStripe::of(&group.patient, today, namesakes).knowing(guard);
    Ok(Person { stripe, group: ids })
}

/// How a list names a patient.
#[derive(Debug, Clone)]
pub struct Card {
    pub name: String,
    pub kana: String,
    pub number: String,
}

/// The names on a list, in one statement.
pub async fn cards(tx: &TenantTx, ids: impl IntoIterator<Item = PatientId>) -> Result<HashMap<PatientId, Card>, Error> {
    let ids: BTreeSet<_> = ids.into_iter().map(PatientId::as_uuid).collect();
    let rows = patient::Entity::find()
        .filter(patient::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(patient::Column::Id.eq_any(ids))
        .all(tx)
        .await?;
    let card =
        |r: patient::Model| (PatientId::new(r.id), Card { name: r.name_ideographic, kana: r.name_syllabic, number: r.patient_number });
    Ok(rows.into_iter().map(card).collect())
}
