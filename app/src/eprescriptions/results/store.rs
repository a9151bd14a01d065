//! Results kept once for each time, and read by a doctor.

use domain::EncounterId;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::{Column, Entity, Model};
use super::views::UnreadLine;
use crate::adapters::eprescription::Dispensing;
use crate::eprescriptions::entity::registration;
use crate::patients::entity::patient;

const CONTENT: &str = "dispense_result.content";
const SHOWN: u64 = 100;

/// Keeps what is news; how many results came.
pub async fn keep(tx: &TenantTx, row: &registration::Model, results: &[Dispensing]) -> Result<usize, Error> {
    if results.is_empty() {
        return Ok(0);
    }
    let known: Vec<i32> = Entity::find()
        .select_only()
        .column(Column::UseNo)
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PrescriptionId.eq(row.id))
        .into_tuple()
        .all(tx)
        .await?;
    let mut news = 0;
    for result in results.iter().filter(|result| !known.contains(&i32::from(result.use_no))) {
        let new = Model {
            tenant_id: tx.tenant_id().as_uuid(),
            id: tx.new_id(),
            prescription_id: row.id,
            patient_id: row.patient_id,
            encounter_id: row.encounter_id,
            use_no: i32::from(result.use_no),
            dispensed_on: result.dispensed_on,
            next_on: result.next_on,
            content: tx.seal(CONTENT, &serde_json::to_vec(result).map_err(Error::internal)?).await?,
            received_at: tx.now(),
            reviewed_by: None,
            reviewed_at: None,
        };
        Entity::insert(new.into_active_model().reset_all()).exec_without_returning(tx).await?;
        news += 1;
    }
    Ok(news)
}

/// Those of a visit with what they say, in their order.
pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<(Model, Dispensing)>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .order_by_asc(Column::UseNo)
        .all(tx)
        .await?;
    let mut found = Vec::new();
    for row in rows {
        let content = serde_json::from_slice(&tx.open(CONTENT, &row.content).await?).map_err(Error::internal)?;
        found.push((row, content));
    }
    Ok(found)
}

pub async fn lock(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

/// 確認済. The first to read it stays.
pub async fn review(tx: &TenantTx, row: &Model) -> Result<(), Error> {
    if row.reviewed_at.is_some() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::ReviewedBy, Expr::value(tx.actor().as_uuid()))
        .col_expr(Column::ReviewedAt, Expr::value(tx.now()))
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// What nobody has read, the oldest first.
pub async fn unread(tx: &TenantTx) -> Result<Vec<UnreadLine>, Error> {
    use patient::Column as P;
    let tenant = tx.tenant_id().as_uuid();
    let query = Query::select()
        .columns([Column::EncounterId, Column::PatientId, Column::UseNo, Column::DispensedOn].map(|column| (Entity, column)))
        .columns([P::PatientNumber, P::NameIdeographic].map(|column| (patient::Entity, column)))
        .from(Entity)
        .inner_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).eq(tenant))
                .add(Expr::col((patient::Entity, P::Id)).equals((Entity, Column::PatientId))),
        )
        .and_where(Expr::col((Entity, Column::TenantId)).eq(tenant))
        .and_where(Expr::col((Entity, Column::ReviewedAt)).is_null())
        .order_by((Entity, Column::ReceivedAt), Order::Asc)
        .limit(SHOWN)
        .take();
    tx.query_all(&query).await?.iter().map(UnreadLine::of).collect()
}
