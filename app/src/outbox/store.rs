//! Messages as rows: putting, finding, moving on.

use chrono::{DateTime, TimeDelta, Utc};
use domain::outbox::{Delivery, Errand, Parcel, Trouble};
use domain::{EncounterId, MessageId, PatientId, TenantId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::message::{Column, Entity, Model};
use crate::patients::entity::patient;

/// What the sealed bytes are for.
const PAYLOAD: &str = "outbox.payload";
/// Lines on the page; more than a clinic ever has to work off.
const LINES: u64 = 200;
/// How long what ended by itself stays visible.
const SHOW_ENDED_FOR: TimeDelta = TimeDelta::hours(24);

/// What an act wants sent.
pub struct Posting<'a> {
    pub errand: Errand,
    /// Names the act: the same key is sent once, whoever asks how often.
    pub key: String,
    /// The record it concerns; messages of one lane go in order.
    pub lane: Uuid,
    pub patient_id: Option<PatientId>,
    pub encounter_id: Option<EncounterId>,
    pub payload: &'a [u8],
    /// Not before this moment; None is at once.
    pub not_before: Option<DateTime<Utc>>,
}

/// Writes the message in the act's own transaction: it is sent exactly if the act is committed.
pub async fn put(tx: &TenantTx, posting: Posting<'_>) -> Result<MessageId, Error> {
    let service = posting.errand.service();
    let earlier = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Service.eq(service.code()))
        .filter(Column::Key.eq(&posting.key))
        .into_tuple::<Uuid>()
        .one(tx)
        .await?;
    if let Some(id) = earlier {
        return Ok(MessageId::new(id));
    }
    let now = tx.now();
    let parcel = Parcel::new(posting.not_before.filter(|at| *at > now).unwrap_or(now));
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 1,
        service: service.code().to_owned(),
        errand: posting.errand.code().to_owned(),
        lane: posting.lane,
        key: posting.key,
        patient_id: posting.patient_id.map(PatientId::as_uuid),
        encounter_id: posting.encounter_id.map(EncounterId::as_uuid),
        payload: tx.seal(PAYLOAD, posting.payload).await?,
        state: parcel.state.code().to_owned(),
        attempts: 0,
        may_have_arrived: false,
        next_attempt_at: parcel.next_attempt_at,
        wanted_since: parcel.wanted_since,
        holder: None,
        code: String::new(),
        said: String::new(),
        created_at: now,
        created_by_id: tx.actor().as_uuid(),
        changed_at: now,
    };
    let id = MessageId::new(row.id);
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(id)
}

/// What waits because of this trouble is due at once: its cause is gone.
pub async fn hurry(tx: &TenantTx, trouble: Trouble) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::value(tx.now()))
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::State.eq(Delivery::Waiting.code()))
        .filter(Column::Code.eq(trouble.code()))
        .filter(Column::MayHaveArrived.eq(false))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn payload(tx: &TenantTx, row: &Model) -> Result<Vec<u8>, Error> {
    tx.open(PAYLOAD, &row.payload).await
}

/// Holds the row until the transaction ends.
pub async fn lock(tx: &TenantTx, id: MessageId) -> Result<Model, Error> {
    own(id, tx.tenant_id()).lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

fn own(id: MessageId, tenant: TenantId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant.as_uuid())).filter(Column::Id.eq(id.as_uuid()))
}

/// Every message about one record, the oldest first.
pub async fn of_lane(tx: &TenantTx, lane: Uuid) -> Result<Vec<Model>, Error> {
    use sea_orm::QueryOrder;
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Lane.eq(lane))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(rows)
}

/// The earlier message of the same lane that is still on its way, if any.
pub async fn ahead_of(tx: &TenantTx, row: &Model) -> Result<Option<Model>, Error> {
    use sea_orm::QueryOrder;
    let earlier = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Lane.eq(row.lane))
        .filter(Column::State.is_in([Delivery::Waiting.code(), Delivery::Sending.code()]))
        .filter(
            Cond::any()
                .add(Column::CreatedAt.lt(row.created_at))
                .add(Cond::all().add(Column::CreatedAt.eq(row.created_at)).add(Column::Id.lt(row.id))),
        )
        .order_by_desc(Column::CreatedAt)
        .limit(1)
        .one(tx)
        .await?;
    Ok(earlier)
}

/// Writes what the clockwork decided and what was said. The row must be held by [`lock`].
pub async fn save(tx: &TenantTx, row: Model) -> Result<Model, Error> {
    let (id, kept) = (MessageId::new(row.id), row.clone());
    let mut active = row.into_active_model().reset_all();
    active.payload.take();
    let changed = Entity::update_many()
        .set(active)
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    if changed.rows_affected == 1 { Ok(kept) } else { Err(Error::NotFound) }
}

/// One line of 後処理: never the content.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Line {
    pub id: Uuid,
    pub version: i32,
    pub errand: String,
    pub state: String,
    pub attempts: i32,
    pub may_have_arrived: bool,
    pub next_attempt_at: DateTime<Utc>,
    pub code: String,
    pub said: String,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub patient_id: Option<Uuid>,
    pub patient_number: Option<String>,
    pub name_ideographic: Option<String>,
}

/// What is open, and what ended since yesterday; what needs a person first.
pub async fn lines(tx: &TenantTx) -> Result<Vec<Line>, Error> {
    let rows = tx.query_all(&lines_statement(tx.tenant_id(), tx.now())).await?;
    rows.iter().map(|row| Line::from_query_result(row, "").map_err(Error::from)).collect()
}

fn lines_statement(tenant: TenantId, now: DateTime<Utc>) -> SelectStatement {
    use patient::Column as P;
    let m = |column: Column| Expr::col((Entity, column));
    let open = [Delivery::Waiting, Delivery::Sending, Delivery::Refused, Delivery::GivenUp].map(Delivery::code);
    Query::select()
        .columns(
            [
                Column::Id,
                Column::Version,
                Column::Errand,
                Column::State,
                Column::Attempts,
                Column::MayHaveArrived,
                Column::NextAttemptAt,
                Column::Code,
                Column::Said,
                Column::CreatedAt,
                Column::ChangedAt,
                Column::PatientId,
            ]
            .map(|column| (Entity, column)),
        )
        .expr_as(Expr::col((patient::Entity, P::PatientNumber)), Alias::new("patient_number"))
        .expr_as(Expr::col((patient::Entity, P::NameIdeographic)), Alias::new("name_ideographic"))
        .from(Entity)
        .left_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).eq(tenant.as_uuid()))
                .add(Expr::col((patient::Entity, P::Id)).equals((Entity, Column::PatientId))),
        )
        .and_where(m(Column::TenantId).eq(tenant.as_uuid()))
        .and_where(m(Column::Errand).is_not_in(Errand::ONLY_ASKING.map(Errand::code)))
        .cond_where(
            Cond::any().add(m(Column::State).is_in(open)).add(
                Cond::all()
                    .add(m(Column::State).is_in([Delivery::Done, Delivery::Withdrawn].map(Delivery::code)))
                    .add(m(Column::ChangedAt).gte(now - SHOW_ENDED_FOR)),
            ),
        )
        .order_by((Entity, Column::ChangedAt), Order::Desc)
        .limit(LINES)
        .take()
}
