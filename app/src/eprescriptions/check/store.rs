//! Checks read and written.

use domain::EncounterId;
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Iterable, QueryFilter, QuerySelect,
};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::duplicate_check::{Column, Entity, Model};
use super::entity::{issued_check, oral_consent};
use crate::adapters::eprescription::check::Alert;
use crate::outbox::entity::message;

pub const ASKED: &str = "asked";
pub const ANSWERED: &str = "answered";
pub const REFUSED: &str = "refused";
pub const UNAVAILABLE: &str = "unavailable";
const RESULT: &str = "duplicate_check.result";

/// How the message of a check stands.
#[derive(Debug, Clone, Default)]
pub struct Carrier {
    pub state: String,
    pub code: String,
}

/// The check of this content at this visit, with its message, in one statement.
pub async fn find(tx: &TenantTx, encounter: EncounterId, sha256: &[u8]) -> Result<Option<(Model, Carrier)>, Error> {
    use message::Column as M;
    let tenant = tx.tenant_id().as_uuid();
    let query = Query::select()
        .columns(Column::iter().map(|column| (Entity, column)))
        .expr_as(Expr::col((message::Entity, M::State)), Alias::new("carrier_state"))
        .expr_as(Expr::col((message::Entity, M::Code)), Alias::new("carrier_code"))
        .from(Entity)
        .left_join(
            message::Entity,
            Cond::all()
                .add(Expr::col((message::Entity, M::TenantId)).eq(tenant))
                .add(Expr::col((message::Entity, M::Id)).equals((Entity, Column::MessageId))),
        )
        .and_where(Expr::col((Entity, Column::TenantId)).eq(tenant))
        .and_where(Expr::col((Entity, Column::EncounterId)).eq(encounter.as_uuid()))
        .and_where(Expr::col((Entity, Column::ContentSha256)).eq(sha256))
        .take();
    let Some(row) = tx.query_one(&query).await? else { return Ok(None) };
    let text = |name: &str| row.try_get::<Option<String>>("", name).map(Option::unwrap_or_default);
    let carrier = Carrier { state: text("carrier_state")?, code: text("carrier_code")? };
    Ok(Some((Model::from_query_result(&row, "")?, carrier)))
}

/// Holds the row until the transaction ends.
pub async fn lock(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

pub async fn insert(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(row)
}

/// The next version. The row must be held by [`lock`].
pub async fn save(tx: &TenantTx, mut row: Model) -> Result<Model, Error> {
    row.version += 1;
    Entity::update_many()
        .set(row.clone().into_active_model().reset_all())
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(row)
}

pub async fn seal(tx: &TenantTx, alerts: &[Alert]) -> Result<Vec<u8>, Error> {
    tx.seal(RESULT, &serde_json::to_vec(alerts).map_err(Error::internal)?).await
}

pub async fn alerts(tx: &TenantTx, row: &Model) -> Result<Vec<Alert>, Error> {
    match &row.result {
        Some(sealed) => serde_json::from_slice(&tx.open(RESULT, sealed).await?).map_err(Error::internal),
        None => Ok(Vec::new()),
    }
}

pub async fn oral_consent(tx: &TenantTx, encounter: EncounterId) -> Result<Option<oral_consent::Model>, Error> {
    use oral_consent::Column as C;
    let found = oral_consent::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::EncounterId.eq(encounter.as_uuid()))
        .one(tx)
        .await?;
    Ok(found)
}

/// The first one stands: a second is an [`Error::Duplicate`].
pub async fn keep_consent(tx: &TenantTx, encounter: EncounterId, patient: Uuid) -> Result<(), Error> {
    let row = oral_consent::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        encounter_id: encounter.as_uuid(),
        patient_id: patient,
        taken_by: tx.actor().as_uuid(),
        taken_at: tx.now(),
    };
    oral_consent::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn keep_issued(tx: &TenantTx, row: issued_check::Model) -> Result<(), Error> {
    issued_check::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// Whether this deployment has ever spoken to the service.
pub async fn is_connected(tx: &TenantTx) -> Result<bool, Error> {
    let query = Query::select()
        .expr(Expr::val(1))
        .from("service_state")
        .and_where(Expr::col("service").eq(domain::outbox::Service::Prescription.code()))
        .and_where(Expr::col("scope").eq(Uuid::nil()))
        .take();
    Ok(tx.query_one(&query).await?.is_some())
}
