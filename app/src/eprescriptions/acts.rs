//! What people do with an electronic prescription. Each act is one transaction over the registration and the message that carries it;
//! the message is always locked before the registration, as the worker does.

use chrono::{DateTime, NaiveDate, Utc};
use domain::outbox::{Delivery, Errand};
use domain::prescription::registration::{Fate, RegistrationEvent, RegistrationRefusal, RegistrationStatus};
use domain::{EncounterId, PatientId};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::content::{Problem, gather};
use super::entity::registration::Model;
use super::store;
use crate::adapters::eprescription::reply::Accepted;
use crate::adapters::eprescription::{Insurance, PrescriptionRecord, PrescriptionSigner, SigningRefusal, Trace};
use crate::outbox::entity::message;
use crate::outbox::{self, Posting};
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::heads;

/// What a registration message carries.
#[derive(Serialize, Deserialize)]
pub struct Registering {
    pub trace: Trace,
    pub document: String,
}

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

/// 署名と登録: signs the 処方箋 as the doctor at work and puts its registration into the outbox, all in the act's own transaction.
pub async fn register(tx: &TenantTx, head: &prescription::Model, signer: &dyn PrescriptionSigner) -> Result<Result<(), Problem>, Error> {
    let record = match gather(tx, head).await? {
        Ok(record) => record,
        Err(problem) => return Ok(Err(problem)),
    };
    let Ok(csv) = record.to_csv() else { return Ok(Err("処方を電子処方箋の形にできません。".into())) };
    let document = match signer.sign(tx.tenant_id(), tx.actor(), &csv, tx.now()).await {
        Ok(document) => document,
        Err(refusal) => return Ok(Err(signing_sentence(refusal))),
    };
    let trace = trace_of(head.id, &record);
    let payload = serde_json::to_vec(&Registering { trace, document }).map_err(Error::internal)?;
    let posting = Posting {
        errand: Errand::PrescriptionRegister,
        key: format!("rx/{}/register", head.id),
        lane: head.id,
        patient_id: Some(PatientId::new(head.patient_id)),
        encounter_id: Some(EncounterId::new(head.encounter_id)),
        payload: &payload,
        not_before: None,
    };
    let message_id = outbox::put(tx, posting).await?;
    store::insert(tx, begun(head, message_id.as_uuid(), tx.now(), record.issued_on)).await?;
    Ok(Ok(()))
}

fn trace_of(prescription: Uuid, record: &PrescriptionRecord) -> Trace {
    let insured = |field: fn(&Insurance) -> &String| record.insurance.as_ref().map(field).cloned().unwrap_or_default();
    Trace {
        institution_code: record.facility.institution_code.clone(),
        identifier: format!("rx-{prescription}"),
        insurer_number: insured(|i| &i.insurer_number),
        symbol: insured(|i| &i.symbol),
        number: insured(|i| &i.number),
        branch: insured(|i| &i.branch),
        issued_on: record.issued_on,
    }
}

/// 登録待ち.
fn begun(head: &prescription::Model, message_id: Uuid, now: DateTime<Utc>, issued_on: NaiveDate) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: head.id,
        version: 0,
        recorded_at: now,
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: RegistrationStatus::Pending.code().to_owned(),
        digest: Vec::new(),
        patient_id: head.patient_id,
        encounter_id: head.encounter_id,
        message_id,
        issued_on,
        usable_until: heads::content_of(head).usable_until(issued_on),
        register_id: String::new(),
        access_code: String::new(),
        pharmacy_name: String::new(),
        pharmacy_message: String::new(),
        service_code: String::new(),
        service_said: String::new(),
        reason: String::new(),
    }
}

fn signing_sentence(refusal: SigningRefusal) -> Problem {
    let day = |at: DateTime<Utc>| domain::clock::today(at).format("%Y年%m月%d日").to_string();
    match refusal {
        SigningRefusal::Off => "この医院では電子署名が設定されていません。".into(),
        SigningRefusal::NoKey => "あなたの署名用の証明書が登録されていません。管理者に登録を頼んでください。".into(),
        SigningRefusal::BadKey => "署名用の鍵と証明書を読めないか、組になっていません。管理者に確かめてください。".into(),
        SigningRefusal::NotYet(from) => format!("署名用の証明書は{}から使えます。", day(from)),
        SigningRefusal::Expired(until) => format!("署名用の証明書の有効期限({})が切れています。証明書を更新してください。", day(until)),
        SigningRefusal::NotADoctor => "署名用の証明書に医師の資格がありません。医師の証明書を登録してください。".into(),
        SigningRefusal::Module => "署名の装置が署名しませんでした。もう一度確定してください。".into(),
    }
}

/// What a person wants done with a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Paper,
    Withdraw,
}

/// 紙へ切替, 取消. What never arrived ends at once; what may have arrived is looked for and taken back first.
pub async fn end(tx: &TenantTx, id: Uuid, wish: Wish, reason: &str) -> Result<Result<Model, RegistrationRefusal>, Error> {
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
    store::turn(tx, row, event).await
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
    let trace = Trace {
        institution_code: institution_code(tx).await?,
        identifier: format!("rx-{}", row.id),
        insurer_number: String::new(),
        symbol: String::new(),
        number: String::new(),
        branch: String::new(),
        issued_on: row.issued_on,
    };
    let about = About { prescription_id: row.id, trace, register_id: Some(row.register_id.clone()), goes_on };
    put(tx, posting(Errand::PrescriptionStatus, key, tx.new_id(), row, not_before), &about).await.map(drop)
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
