//! Whose card it is. Our 照会番号 names the chart when the birth date agrees; else カナ (or the written name), birth date and sex. One
//! person is proposed, several are never chosen from by the program.

use domain::eligibility::Qualification;
use domain::patient::{Patient, PatientNumber, Sex};
use domain::search_key::search_key;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};

use crate::patients::entity::patient::{ACTIVE, Column, Entity};
use crate::patients::entity::patient_alias;

/// Candidates shown at most; more namesakes with one birth date than that need a person with another way of asking.
const SHOWN: u64 = 20;

/// Why somebody is a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// 照会番号, and the birth date agrees
    Reference,
    /// 照会番号, but the birth date differs: perhaps a number given to somebody else
    ReferenceOnly,
    /// Name and birth date
    Name,
}

#[derive(Debug, Clone)]
pub struct Candidate {
    pub patient: Patient,
    pub found_by: FoundBy,
}

/// Everybody the card may belong to, the likeliest first.
pub async fn candidates(tx: &TenantTx, q: &Qualification) -> Result<Vec<Candidate>, Error> {
    let mut found = Vec::new();
    for patient in by_reference(tx, q).await? {
        let found_by = if patient.demographics.birth_date == q.birth_date { FoundBy::Reference } else { FoundBy::ReferenceOnly };
        found.push(Candidate { patient, found_by });
    }
    if found.iter().any(|candidate| candidate.found_by == FoundBy::Reference) {
        return Ok(found);
    }
    for patient in by_name(tx, q).await? {
        if !found.iter().any(|known| known.patient.id == patient.id) {
            found.push(Candidate { patient, found_by: FoundBy::Name });
        }
    }
    Ok(found)
}

/// The one to propose, if there is no doubt.
pub fn proposal(candidates: &[Candidate]) -> Option<&Candidate> {
    match candidates {
        [only] if only.found_by != FoundBy::ReferenceOnly => Some(only),
        _ => None,
    }
}

/// The number may have been given up in a merge; then it finds the survivor.
async fn by_reference(tx: &TenantTx, q: &Qualification) -> Result<Vec<Patient>, Error> {
    let Some(number) = q.reference_number.as_deref().and_then(|text| PatientNumber::parse(text).ok()) else { return Ok(Vec::new()) };
    let survivors = Query::select()
        .column(patient_alias::Column::PatientId)
        .from(patient_alias::Entity)
        .and_where(Expr::col(patient_alias::Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(patient_alias::Column::PatientNumber).eq(number.as_str()))
        .take();
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Status.eq(ACTIVE))
        .filter(Cond::any().add(Column::PatientNumber.eq(number.as_str())).add(Column::Id.in_subquery(survivors)))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(Patient::from).collect())
}

async fn by_name(tx: &TenantTx, q: &Qualification) -> Result<Vec<Patient>, Error> {
    let name = match &q.name_kana {
        Some(kana) => Column::KanaKey.eq(search_key(kana.as_str())),
        None => Column::KanjiKey.eq(search_key(&q.name)),
    };
    let mut query = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Status.eq(ACTIVE))
        .filter(Column::BirthDate.eq(q.birth_date))
        .filter(name);
    if q.sex != Sex::Unknown {
        query = query.filter(Column::Sex.is_in([q.sex.code(), Sex::Unknown.code()]));
    }
    let rows = query.order_by_asc(Column::Id).limit(SHOWN).all(tx).await?;
    Ok(rows.into_iter().map(Patient::from).collect())
}
