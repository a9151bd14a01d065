//! 発行形態の希望 (FN-EP-03): what the patient chose at the reader, until a 処方箋 of the visit begins with it.

use domain::EncounterId;
use domain::prescription::head::IssueForm;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use tenancy::{Error, TenantTx};

use crate::prescriptions::entity::prescription_wish::{Column, Entity, Model};

/// The last choice counts; a reading without one takes none back.
pub async fn keep(tx: &TenantTx, encounter: EncounterId, choice: Option<&str>) -> Result<(), Error> {
    let Some(form) = choice.and_then(IssueForm::of_reader) else { return Ok(()) };
    let row =
        Model { tenant_id: tx.tenant_id().as_uuid(), encounter_id: encounter.as_uuid(), form: form.code().to_owned(), said_at: tx.now() };
    let anew = OnConflict::columns([Column::TenantId, Column::EncounterId]).update_columns([Column::Form, Column::SaidAt]).to_owned();
    Entity::insert(row.into_active_model().reset_all()).on_conflict(anew).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Option<IssueForm>, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::EncounterId.eq(encounter.as_uuid()));
    Ok(own.one(tx).await?.and_then(|row| IssueForm::from_code(&row.form)))
}
