//! 元に戻す (R4): each line of an act goes back to the version before it, for a little while and only while it is a draft.

use chrono::Duration;
use domain::EncounterId;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::Value;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::lines::{self, DRAFT, WITHDRAWN};
use crate::prescriptions::entity::medication_request::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// 30 s as promised on the page, and the way there and back.
const WITHIN: Duration = Duration::seconds(35);

/// The rows an act wrote, each with the version it has since.
pub type Written = Vec<(Uuid, i32)>;

/// False when it is too late or somebody changed a line meanwhile; nothing is written then.
pub async fn undo(tx: &TenantTx, encounter: EncounterId, written: &Written) -> Result<bool, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .filter(Column::Id.eq_any(written.iter().map(|(id, _)| *id)))
        .all(tx)
        .await?;
    let can_go_back =
        |row: &Model| written.contains(&(row.id, row.version)) && row.signed_at.is_none() && tx.now() - row.recorded_at <= WITHIN;
    if rows.is_empty() || rows.len() != written.len() || !rows.iter().all(can_go_back) {
        return Ok(false);
    }
    for row in rows {
        let back = before(tx, &row).await?;
        lines::update(tx, back).await?;
    }
    Ok(true)
}

/// The content of the version before under the head of the present one; before its first version a line was not there.
async fn before(tx: &TenantTx, row: &Model) -> Result<Model, Error> {
    if row.version == 1 {
        return Ok(Model { status: WITHDRAWN.to_owned(), ..row.clone() });
    }
    let query = Query::select()
        .column("content")
        .from("row_version")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("kind").eq("medication_request"))
        .and_where(Expr::col("id").eq(row.id))
        .and_where(Expr::col("version").eq(row.version - 1))
        .take();
    let content: Value = tx.query_one(&query).await?.ok_or(Error::NotFound)?.try_get("", "content")?;
    let mut whole = serde_json::to_value(row).map_err(Error::internal)?;
    if let (Value::Object(whole), Value::Object(earlier)) = (&mut whole, content) {
        whole.extend(earlier);
    }
    let back: Model = serde_json::from_value(whole).map_err(Error::internal)?;
    // What was a draft once is a draft again; nothing signed is ever written here.
    if back.status == DRAFT || back.status == WITHDRAWN { Ok(back) } else { Err(Error::NotFound) }
}
