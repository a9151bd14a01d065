//! What people do with an electronic prescription. Each act is one transaction over the registration and the message that carries it;
//! the message is always locked before the registration, as the worker does.

use chrono::{DateTime, Utc};
use domain::outbox::{Delivery, Errand};
use domain::prescription::registration::{Fate, RegistrationEvent, RegistrationRefusal, RegistrationStatus};
use domain::{EncounterId, PatientId};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::registration::Model;
use super::{changes, store};
use crate::adapters::eprescription::Trace;
use crate::adapters::eprescription::reply::Accepted;
use crate::outbox::entity::message;
use crate::outbox::{self, Posting};

/// What a message about a registered, or perhaps registered, prescription carries.
#[derive(Serialize, Deserialize)]
pub struct About {
    pub prescription_id: Uuid,
    pub trace: Trace,
    /// 処方箋ID, when it is known.
    pub register_id: Option<String>,
    /// The next question follows by itself.
    pub goes_on: bool,
}

/// What both have.
#[derive(Deserialize)]
struct Carried {
    trace: Trace,
}

/// What a person wants done with a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Paper,
    Withdraw,
}

/// 紙へ切替, 取消; of a part, with every part that was to follow it.
pub async fn end(tx: &TenantTx, id: Uuid, wish: Wish, reason: &str) -> Result<Result<Model, RegistrationRefusal>, Error> {
    let row = store::find(tx, id).await?.ok_or(Error::NotFound)?;
    for later in later_parts(tx, &row, wish).await?.into_iter().rev() {
        if let Err(refusal) = end_one(tx, later, wish, reason).await? {
            return Ok(Err(refusal));
        }
    }
    end_one(tx, id, wish, reason).await
}

async fn later_parts(tx: &TenantTx, row: &Model, wish: Wish) -> Result<Vec<Uuid>, Error> {
    let Some(no) = row.part else { return Ok(Vec::new()) };
    let mut later = Vec::new();
    for part in store::of_prescription(tx, row.prescription_id()).await?.into_iter().filter(|part| part.part > Some(no)) {
        let status = store::status(&part)?;
        let goes_too = if wish == Wish::Paper { status.can_become_paper() } else { status.bars_paper() && !status.is_underway() };
        if goes_too {
            later.push(part.id);
        }
    }
    Ok(later)
}

/// What never arrived ends at once; what may have arrived is looked for and taken back first.
async fn end_one(tx: &TenantTx, id: Uuid, wish: Wish, reason: &str) -> Result<Result<Model, RegistrationRefusal>, Error> {
    let carried = store::find(tx, id).await?.ok_or(Error::NotFound)?;
    let mut message = outbox::store::lock(tx, store::message_id(&carried)).await?;
    let mut row = store::lock(tx, id).await?;
    if row.message_id != message.id {
        return Err(Error::Conflict { current_version: row.version });
    }
    let (mut parcel, status) = (message.parcel()?, store::status(&row)?);
    let fate = Fate::of(&parcel);
    let quiet_until = match parcel.state {
        Delivery::Done => tx.now(),
        _ => parcel.next_attempt_at.max(tx.now()).min(tx.now() + message.service()?.pace().deadline + message.service()?.pace().quiet),
    };
    row.reason = reason.to_owned();
    let replaced = changes::replaced(tx, id).await?;
    if let Some(old) = &replaced
        && let Some(refusal) = bar_of_change(store::status(old)?, fate, wish)
    {
        return Ok(Err(refusal));
    }
    let event = if wish == Wish::Paper { RegistrationEvent::Paper(fate) } else { RegistrationEvent::Withdraw(fate) };
    if let Err(refusal) = status.after(event) {
        return Ok(Err(refusal));
    }
    if parcel.state != Delivery::Done && parcel.withdraw().is_ok() {
        message.turn(&parcel, tx.now());
        message = outbox::store::save(tx, message).await?;
    }
    let must_ask = fate == Fate::Unknown;
    if must_ask {
        let key = format!("rx/{id}/revoke/{}", row.version);
        row.message_id = revoke(tx, &message, &row, key, quiet_until).await?;
    }
    if replaced.is_some() {
        changes::settle(tx, id, RegistrationEvent::Spared).await?;
    }
    store::turn(tx, row, event).await
}

/// A change that may have arrived is not ended by pressing: which of the two stands is found out first. And paper never leaves beside
/// the one it was to replace.
fn bar_of_change(old: RegistrationStatus, fate: Fate, wish: Wish) -> Option<RegistrationRefusal> {
    (old.bars_paper() && (fate == Fate::Unknown || wish == Wish::Paper)).then_some(RegistrationRefusal::Underway)
}

/// A further errand about a registered prescription, in its lane.
pub async fn send(tx: &TenantTx, errand: Errand, key: String, row: &Model) -> Result<Uuid, Error> {
    let about = about(tx, row, false).await?;
    put(tx, posting(errand, key, row.id, row, None), &about).await
}

/// Asks the service, finds what stands there, takes it back.
async fn revoke(tx: &TenantTx, before: &message::Model, row: &Model, key: String, not_before: DateTime<Utc>) -> Result<Uuid, Error> {
    let carried: Carried = serde_json::from_slice(&outbox::store::payload(tx, before).await?).map_err(Error::internal)?;
    let register_id = Some(row.register_id.clone()).filter(|id| !id.is_empty());
    let about = About { prescription_id: row.id, trace: carried.trace, register_id, goes_on: false };
    let posting = posting(Errand::PrescriptionRevoke, key, row.id, row, Some(not_before));
    put(tx, posting, &about).await
}

/// 調剤状況の確認, at once or later. It has a lane of its own, so that it holds up nothing.
pub async fn ask(tx: &TenantTx, row: &Model, key: String, goes_on: bool, not_before: Option<DateTime<Utc>>) -> Result<(), Error> {
    let about = about(tx, row, goes_on).await?;
    put(tx, posting(Errand::PrescriptionStatus, key, tx.new_id(), row, not_before), &about).await.map(drop)
}

async fn about(tx: &TenantTx, row: &Model, goes_on: bool) -> Result<About, Error> {
    let trace = Trace {
        institution_code: institution_code(tx).await?,
        identifier: format!("rx-{}", row.id),
        insurer_number: String::new(),
        symbol: String::new(),
        number: String::new(),
        branch: String::new(),
        issued_on: row.issued_on,
    };
    Ok(About { prescription_id: row.id, trace, register_id: Some(row.register_id.clone()), goes_on })
}

fn posting(errand: Errand, key: String, lane: Uuid, row: &Model, not_before: Option<DateTime<Utc>>) -> Posting<'static> {
    Posting {
        errand,
        key,
        lane,
        patient_id: Some(PatientId::new(row.patient_id)),
        encounter_id: Some(EncounterId::new(row.encounter_id)),
        payload: &[],
        not_before,
    }
}

async fn put(tx: &TenantTx, posting: Posting<'static>, about: &About) -> Result<Uuid, Error> {
    let payload = serde_json::to_vec(about).map_err(Error::internal)?;
    Ok(outbox::put(tx, Posting { payload: &payload, ..posting }).await?.as_uuid())
}

async fn institution_code(tx: &TenantTx) -> Result<String, Error> {
    use sea_orm::ConnectionTrait;
    use sea_orm::sea_query::{Expr, ExprTrait, Query};
    let query = Query::select().column("institution_code").from("tenant").and_where(Expr::col("id").eq(tx.tenant_id().as_uuid())).take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get("", "institution_code")?)
}

/// Tries a withdrawal again whose message nobody works on any more.
pub async fn push_on(tx: &TenantTx, id: Uuid) -> Result<bool, Error> {
    let carried = store::find(tx, id).await?.ok_or(Error::NotFound)?;
    let mut message = outbox::store::lock(tx, store::message_id(&carried)).await?;
    let (mut parcel, pace) = (message.parcel()?, message.service()?.pace());
    if !parcel.state.is_settled() || parcel.resend(tx.now(), &pace).is_err() {
        return Ok(false);
    }
    message.turn(&parcel, tx.now());
    outbox::store::save(tx, message).await?;
    Ok(true)
}

/// The service keeps it under these numbers.
pub fn note_numbers(row: &mut Model, numbers: &Accepted) {
    row.register_id.clone_from(&numbers.register_id);
    row.access_code.clone_from(&numbers.access_code);
    (row.service_code, row.service_said) = Default::default();
}
