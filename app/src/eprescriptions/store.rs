//! Registrations read and moved on; the 処方箋 itself moves with them.

use domain::prescription::head::RxStatus;
use domain::prescription::registration::{RegistrationEvent, RegistrationRefusal, RegistrationStatus};
use domain::{EncounterId, MessageId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::registration::{Column, Entity, Model};
use crate::outbox::entity::message;
use crate::prescriptions::store::heads;

pub fn status(row: &Model) -> Result<RegistrationStatus, Error> {
    RegistrationStatus::from_code(&row.status).ok_or_else(|| Error::internal("a registration is in a state this program does not know"))
}

/// Those of a visit, oldest first.
pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    of_visits(tx, &[encounter.as_uuid()]).await
}

pub async fn of_visits(tx: &TenantTx, visits: &[Uuid]) -> Result<Vec<Model>, Error> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq_any(visits.iter().copied()))
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// How the message a registration waits for stands.
#[derive(Debug, Clone, Default)]
pub struct Carrier {
    pub state: String,
    pub code: String,
    pub may_have_arrived: bool,
}

/// Those of a visit with their messages, in one statement.
pub async fn carried(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<(Model, Carrier)>, Error> {
    use message::Column as M;
    let tenant = tx.tenant_id().as_uuid();
    let query = Query::select()
        .columns(Column::iter().map(|column| (Entity, column)))
        .expr_as(Expr::col((message::Entity, M::State)), Alias::new("carrier_state"))
        .expr_as(Expr::col((message::Entity, M::Code)), Alias::new("carrier_code"))
        .expr_as(Expr::col((message::Entity, M::MayHaveArrived)), Alias::new("carrier_may_have_arrived"))
        .from(Entity)
        .inner_join(
            message::Entity,
            Cond::all()
                .add(Expr::col((message::Entity, M::TenantId)).eq(tenant))
                .add(Expr::col((message::Entity, M::Id)).equals((Entity, Column::MessageId))),
        )
        .and_where(Expr::col((Entity, Column::TenantId)).eq(tenant))
        .and_where(Expr::col((Entity, Column::EncounterId)).eq(encounter.as_uuid()))
        .order_by((Entity, Column::Id), Order::Asc)
        .take();
    let mut found = Vec::new();
    for row in tx.query_all(&query).await? {
        let carrier = Carrier {
            state: row.try_get("", "carrier_state")?,
            code: row.try_get("", "carrier_code")?,
            may_have_arrived: row.try_get("", "carrier_may_have_arrived")?,
        };
        found.push((Model::from_query_result(&row, "")?, carrier));
    }
    Ok(found)
}

pub async fn find(tx: &TenantTx, prescription: Uuid) -> Result<Option<Model>, Error> {
    Ok(own(tx, prescription).one(tx).await?)
}

/// The one the service keeps under this id.
pub async fn by_register_id(tx: &TenantTx, register_id: &str) -> Result<Option<Model>, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::RegisterId.eq(register_id));
    Ok(own.one(tx).await?)
}

/// Holds the row until the transaction ends. Whoever holds the message too takes it first.
pub async fn lock(tx: &TenantTx, prescription: Uuid) -> Result<Model, Error> {
    own(tx, prescription).lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

fn own(tx: &TenantTx, prescription: Uuid) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(prescription))
}

/// Every registration of one 処方箋: itself, or its parts in their order.
pub async fn of_prescription(tx: &TenantTx, prescription: Uuid) -> Result<Vec<Model>, Error> {
    let own = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Cond::any().add(Column::Id.eq(prescription)).add(Column::WholeId.eq(prescription)))
        .order_by_asc(Column::Part);
    Ok(own.all(tx).await?)
}

pub async fn insert(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    versioned::insert(tx, row, Authorship::own(tx)).await
}

/// The next state, with everything that was changed in the row.
pub async fn turn(tx: &TenantTx, mut row: Model, event: RegistrationEvent) -> Result<Result<Model, RegistrationRefusal>, Error> {
    let next = match status(&row)?.after(event) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(refusal)),
    };
    row.status = next.code().to_owned();
    let reason = row.reason.clone();
    let row = versioned::update(tx, row, Authorship::own(tx), &reason).await?;
    // The 処方箋 of several parts goes with its first.
    let to = next
        .rx_status()
        .filter(|_| row.whole_id.is_none())
        .map(|to| if row.is_on_paper() && to == RxStatus::Registered { RxStatus::IssuedPaper } else { to });
    if let Some(to) = to {
        let head = heads::get(tx, row.id).await?;
        if heads::status(&head) != to {
            heads::move_to(tx, head, to, &reason).await?;
        }
    }
    Ok(Ok(row))
}

/// Another version in the same state: what the service said.
pub async fn remark(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    versioned::update(tx, row, Authorship::own(tx), "").await
}

pub fn message_id(row: &Model) -> MessageId {
    MessageId::new(row.message_id)
}
