//! Patients read and written. Rows become domain values on the way out.

use domain::PatientId;
use domain::patient::{Demographics, NewPatient, Patient, PatientError, PatientNumber};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Authorship, Error, TenantTx, versioned};

use super::entity::patient::{ACTIVE, Column, Entity, Model};
use super::numbers;
use super::search::col;

/// A patient and the charts merged into it.
#[derive(Debug, Clone)]
pub struct Group {
    pub patient: Patient,
    pub merged: Vec<Patient>,
}

impl Group {
    /// Whose rows make up this chart.
    pub fn ids(&self) -> Vec<PatientId> {
        std::iter::once(self.patient.id).chain(self.merged.iter().map(|patient| patient.id)).collect()
    }
}

pub async fn get(tx: &TenantTx, id: PatientId) -> Result<Patient, Error> {
    model(tx, id).await.map(Patient::from)
}

pub(super) async fn model(tx: &TenantTx, id: PatientId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// The patient with everything merged into it, in one statement.
pub async fn get_group(tx: &TenantTx, id: PatientId) -> Result<Group, Error> {
    let mut rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Cond::any().add(Column::Id.eq(id.as_uuid())).add(Column::MergedIntoId.eq(id.as_uuid())))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    let at = rows.iter().position(|row| row.id == id.as_uuid()).ok_or(Error::NotFound)?;
    let patient = rows.remove(at).into();
    let group = Group { patient, merged: rows.into_iter().map(Patient::from).collect() };
    tx.reads_together(&group.ids());
    Ok(group)
}

/// R3 for a person: the page was drawn for this chart or for the one it was merged into.
pub async fn is_same_person(tx: &TenantTx, token: PatientId, patient: PatientId) -> Result<bool, Error> {
    Ok(token == patient || group_ids(tx, token).await?.contains(&patient))
}

/// Every patient id whose rows belong to this patient's chart: its own first, then those merged into it. A merge moves no rows
/// (signed notes refuse UPDATE), so whoever lists a patient's rows asks for all of these.
pub async fn group_ids(tx: &TenantTx, id: PatientId) -> Result<Vec<PatientId>, Error> {
    let query = Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .and_where(col(Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .cond_where(Cond::any().add(col(Column::Id).eq(id.as_uuid())).add(col(Column::MergedIntoId).eq(id.as_uuid())))
        .take();
    let mut ids = Vec::new();
    for row in tx.query_all(&query).await? {
        ids.push(PatientId::new(row.try_get("", "id")?));
    }
    ids.sort_by_key(|other| (*other != id, *other));
    tx.reads_together(&ids);
    Ok(ids)
}

/// 同姓同名: how many other patients in use are heard the same.
pub async fn count_namesakes(tx: &TenantTx, patient: &Patient) -> Result<u32, Error> {
    let query = Query::select()
        .expr_as(Func::count(Expr::col((Entity, Column::Id))), "namesakes")
        .from(Entity)
        .and_where(col(Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(col(Column::KanaKey).eq(patient.name().kana_key()))
        .and_where(col(Column::Status).eq(ACTIVE))
        .and_where(col(Column::Id).ne(patient.id.as_uuid()))
        .take();
    let count: i64 = tx.query_one(&query).await?.map(|row| row.try_get("", "namesakes")).transpose()?.unwrap_or_default();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// 登録. The inner error is the person's to mend (a number already in use).
pub async fn register(tx: &TenantTx, new: &NewPatient) -> Result<Result<Patient, PatientError>, Error> {
    register_as(tx, new, Authorship::own(tx)).await
}

/// 登録 in somebody's name: an import goes on after whoever began it has left.
pub async fn register_as(tx: &TenantTx, new: &NewPatient, by: Authorship) -> Result<Result<Patient, PatientError>, Error> {
    let number = match numbers::assign(tx, &new.numbering).await? {
        Ok(number) => number,
        Err(error) => return Ok(Err(error)),
    };
    let model = Model::new(tx.new_id(), &number, &new.demographics);
    match versioned::insert(tx, model, by).await {
        Ok(model) => Ok(Ok(model.into())),
        Err(Error::Duplicate { constraint }) if constraint.contains("patient_number") => Ok(Err(PatientError::DuplicateNumber)),
        Err(error) => Err(error),
    }
}

/// 編集 of the version the person saw.
pub async fn update(
    tx: &TenantTx,
    current: &Patient,
    seen_version: i32,
    number: &PatientNumber,
    demographics: &Demographics,
) -> Result<Result<Patient, PatientError>, Error> {
    if current.number != *number && numbers::is_taken(tx, number).await? {
        return Ok(Err(PatientError::DuplicateNumber));
    }
    let mut row = model(tx, current.id).await?;
    row.version = seen_version;
    row.state(number, demographics);
    match versioned::update(tx, row, Authorship::own(tx), "").await {
        Ok(row) => Ok(Ok(row.into())),
        Err(Error::Duplicate { constraint }) if constraint.contains("patient_number") => Ok(Err(PatientError::DuplicateNumber)),
        Err(error) => Err(error),
    }
}
