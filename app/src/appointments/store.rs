//! Single bookings read.

use chrono::NaiveDate;
use domain::appointment::AppointmentStatus;
use domain::{AppointmentId, PatientId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;
use tenancy::{Error, TenantTx};

use super::entity::{Column, Entity, Model};

pub async fn get(tx: &TenantTx, id: AppointmentId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// The day of the patient's next booking after a day; the earliest of everybody merged into the chart.
pub async fn next_of(tx: &TenantTx, patients: &[PatientId], after: NaiveDate) -> Result<Option<NaiveDate>, Error> {
    let row = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .filter(Column::Status.eq(AppointmentStatus::Booked.code()))
        .filter(Column::StartsAt.gt(tx.now()))
        .filter(Column::Day.gt(after))
        .order_by_asc(Column::StartsAt)
        .one(tx)
        .await?;
    Ok(row.map(|row| row.day))
}

/// The row as it stood one version ago, under the head it has now.
pub async fn before(tx: &TenantTx, row: &Model) -> Result<Option<Model>, Error> {
    let query = Query::select()
        .column("content")
        .from("row_version")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("kind").eq("appointment"))
        .and_where(Expr::col("id").eq(row.id))
        .and_where(Expr::col("version").eq(row.version - 1))
        .take();
    let content: Option<Value> = tx.query_one(&query).await?.map(|found| found.try_get("", "content")).transpose()?;
    let (Some(Value::Object(content)), Ok(Value::Object(mut whole))) = (content, serde_json::to_value(row)) else { return Ok(None) };
    whole.extend(content);
    serde_json::from_value(Value::Object(whole)).map(Some).map_err(Error::internal)
}
