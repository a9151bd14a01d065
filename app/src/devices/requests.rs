//! Questions in the hands of a relay: queued, fetched, answered; given up when nobody came in time.
//!
//! Whether a question may be written into `req` is decided here, once, under a lock: a relay that comes late hears no, and what was
//! never fetched was certainly never sent.

use chrono::TimeDelta;
use domain::{DeviceId, DeviceRequestId, MessageId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Error, TenantTx};

use super::arrivals::{Brought, TAKEN, Verdict};
use super::entity::request::{Column as C, Entity, Model};
use super::names::suffix_of;
use crate::adapters::eligibility::{is_packed, read_header};
use crate::clinic;

pub const QUEUED: &str = "queued";
const FETCHED: &str = "fetched";
const ANSWERED: &str = "answered";
/// The terminal could not read the question (`.err`).
const UNREAD: &str = "unread";
const GIVEN_UP: &str = "given_up";
const LATE: &str = "late";
const SEAL: &str = "device_request";
const ANSWER_SEAL: &str = "device_request.answer";
const AT_ONCE: u64 = 20;
/// How long a question waits, fetched and answered or not.
pub const PATIENCE: TimeDelta = TimeDelta::seconds(18);
/// A relay that did not hear our yes may ask again for so long; it writes only while its leave is younger still.
const LEAVE: TimeDelta = TimeDelta::seconds(5);

/// What became of a question so far.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Answered(Vec<u8>),
    Unread,
}

/// How a question ended that was waited for long enough.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    NeverFetched,
    /// The terminal may have passed it on.
    NoAnswer,
    Answered(Vec<u8>),
    Unread,
}

pub struct Asking<'a> {
    pub message_id: MessageId,
    pub prefix: &'a str,
    pub identifier: &'a str,
    pub bytes: &'a [u8],
}

/// Earlier questions of the same message end: one at a time.
pub async fn put(tx: &TenantTx, asking: &Asking<'_>) -> Result<DeviceRequestId, Error> {
    Entity::update_many()
        .col_expr(C::State, Expr::value(GIVEN_UP))
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::MessageId.eq(asking.message_id.as_uuid()))
        .filter(C::State.is_in([QUEUED, FETCHED]))
        .exec(tx)
        .await?;
    let id = tx.new_id();
    let suffix = format!("{}{}", domain::clock::today(tx.now()).format("%Y%m%d"), &id.simple().to_string()[16..]);
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        message_id: asking.message_id.as_uuid(),
        name: format!("{}req_{suffix}.xml", asking.prefix),
        suffix,
        identifier: asking.identifier.to_owned(),
        content: tx.seal(SEAL, asking.bytes).await?,
        answer: Vec::new(),
        answer_sha256: Vec::new(),
        state: QUEUED.to_owned(),
        device_id: None,
        queued_at: tx.now(),
        fetched_at: None,
        answered_at: None,
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(DeviceRequestId::new(id))
}

/// What a relay may fetch now, as name and bytes.
pub async fn offered(tx: &TenantTx) -> Result<Vec<(DeviceRequestId, String, Vec<u8>)>, Error> {
    let rows = Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::State.eq(QUEUED))
        .filter(C::QueuedAt.gt(tx.now() - PATIENCE))
        .order_by_asc(C::QueuedAt)
        .limit(AT_ONCE)
        .all(tx)
        .await?;
    let mut list = Vec::new();
    for row in rows {
        list.push((DeviceRequestId::new(row.id), row.name, tx.open(SEAL, &row.content).await?));
    }
    Ok(list)
}

/// May this relay write it now? Asked again by the same relay within its leave, the answer is the same.
pub async fn leave(tx: &TenantTx, id: DeviceRequestId, device: DeviceId) -> Result<bool, Error> {
    let mut row = lock(tx, C::Id.eq(id.as_uuid())).await?.ok_or(Error::NotFound)?;
    let now = tx.now();
    match row.state.as_str() {
        QUEUED if now - row.queued_at < PATIENCE => {
            row.state = FETCHED.to_owned();
            (row.device_id, row.fetched_at) = (Some(device.as_uuid()), Some(now));
            save(tx, row).await?;
            Ok(true)
        }
        FETCHED => Ok(row.device_id == Some(device.as_uuid()) && row.fetched_at.is_some_and(|at| now - at < LEAVE)),
        _ => Ok(false),
    }
}

pub async fn state(tx: &TenantTx, id: DeviceRequestId) -> Result<State, Error> {
    let row = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id.as_uuid())).one(tx).await?;
    read(tx, &row.ok_or(Error::NotFound)?).await
}

async fn read(tx: &TenantTx, row: &Model) -> Result<State, Error> {
    Ok(match row.state.as_str() {
        ANSWERED => State::Answered(tx.open(ANSWER_SEAL, &row.answer).await?),
        UNREAD => State::Unread,
        _ => State::Open,
    })
}

/// The wait is over: from here on nobody may write it any more.
pub async fn end(tx: &TenantTx, id: DeviceRequestId) -> Result<End, Error> {
    let mut row = lock(tx, C::Id.eq(id.as_uuid())).await?.ok_or(Error::NotFound)?;
    let end = match read(tx, &row).await? {
        State::Answered(bytes) => return Ok(End::Answered(bytes)),
        State::Unread => return Ok(End::Unread),
        State::Open if row.fetched_at.is_some() => End::NoAnswer,
        State::Open => End::NeverFetched,
    };
    row.state = GIVEN_UP.to_owned();
    save(tx, row).await?;
    Ok(end)
}

/// A file of `res`: the answer to a question that was fetched, for this facility and by its name. Late and double ones change nothing.
pub async fn answer(tx: &TenantTx, brought: &Brought) -> Result<Verdict, Error> {
    let Some(suffix) = suffix_of(&brought.file.name) else { return Ok(Verdict::refused("unasked")) };
    let Some(mut row) = lock(tx, C::Suffix.eq(suffix)).await? else { return Ok(Verdict::refused("unasked")) };
    match row.state.as_str() {
        FETCHED => {}
        QUEUED => return Ok(Verdict::refused("unasked")),
        ANSWERED if row.answer_sha256 == brought.digest => return Ok(Verdict::good(TAKEN)),
        ANSWERED => return Ok(Verdict::refused("same_name")),
        _ => return Ok(Verdict::good(LATE)),
    }
    if brought.file.name.to_ascii_lowercase().ends_with(".err") {
        row.state = UNREAD.to_owned();
    } else {
        if brought.file.name.to_ascii_lowercase().ends_with(".zip") != is_packed(&brought.file.bytes) {
            return Ok(Verdict::refused("packing"));
        }
        if let Some(reason) = stranger(tx, &row, brought).await? {
            return Ok(Verdict::refused(reason));
        }
        row.state = ANSWERED.to_owned();
        row.answer = tx.seal(ANSWER_SEAL, &brought.file.bytes).await?;
        row.answer_sha256 = brought.digest.to_vec();
    }
    row.answered_at = Some(tx.now());
    save(tx, row).await?;
    Ok(Verdict::good(TAKEN))
}

/// Why an answer under the right file name is not ours. One that cannot be read at all is for the driver to judge.
async fn stranger(tx: &TenantTx, row: &Model, brought: &Brought) -> Result<Option<&'static str>, Error> {
    let Ok(header) = read_header(&brought.file.bytes) else { return Ok(None) };
    if header.identifier.is_some_and(|name| name != row.identifier) {
        return Ok(Some("identifier"));
    }
    let own = clinic::store::get(tx).await?.institution_code;
    Ok(header.institution_code.is_some_and(|code| code != own).then_some("facility"))
}

async fn lock(tx: &TenantTx, which: sea_orm::sea_query::SimpleExpr) -> Result<Option<Model>, Error> {
    Ok(Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(which).lock_exclusive().one(tx).await?)
}

async fn save(tx: &TenantTx, row: Model) -> Result<(), Error> {
    let id = row.id;
    let change = Entity::update_many().set(row.into_active_model().reset_all());
    change.filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id)).exec(tx).await?;
    Ok(())
}
