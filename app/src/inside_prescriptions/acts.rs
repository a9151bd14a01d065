//! What is done to a registration follows what is done to the 処方 in the chart.

use chrono::{DateTime, Utc};
use domain::encounter::EncounterClass;
use domain::outbox::{Delivery, Errand};
use domain::prescription::head::{DispensedAt, RxStatus};
use domain::prescription::inside::{Care, Due, InsideEvent, InsideStatus};
use domain::prescription::registration::Fate;
use domain::{EncounterId, MessageId, PatientId, clock};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::registration::Model;
use super::{settings, store};
use crate::adapters::eprescription::{Trace, paper_document};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::eprescriptions::{content, trace_of};
use crate::outbox::{self, Posting};
use crate::prescriptions::entity::prescription;
use crate::prescriptions::store::heads;

/// What a registration's message carries.
#[derive(Serialize, Deserialize)]
pub struct Carried {
    pub trace: Trace,
    pub document: String,
    pub care: String,
    /// 変更: the id there whose place it takes
    pub replaces: Option<String>,
}

/// What a withdrawal's message carries.
#[derive(Serialize, Deserialize)]
pub struct Revoking {
    pub trace: Trace,
    /// Where it is not known, it is searched for by the name it was sent under.
    pub register_id: Option<String>,
    /// What stands there in its stead when a change never arrived.
    pub replaced: Option<String>,
}

/// 発行: the 処方 was signed a moment ago in this transaction. What the records cannot say is noted and stops nobody.
pub async fn issued(tx: &TenantTx, head: &prescription::Model) -> Result<(), Error> {
    if let Some(old) = head.replaces_id {
        replace(tx, old).await?;
    }
    let has_place = place_of(tx, head.replaces_id).await?.is_some();
    if !settings::read(tx).await?.is_on && !has_place {
        return Ok(());
    }
    if store::status(&register(tx, head).await?)? == InsideStatus::Refused {
        settle_replaced(tx, head.replaces_id, InsideEvent::Spared).await?;
    }
    Ok(())
}

/// Where the one it replaces still stands at the service: its id there.
async fn place_of(tx: &TenantTx, replaces: Option<Uuid>) -> Result<Option<String>, Error> {
    let Some(old) = replaces else { return Ok(None) };
    let Some(row) = store::find(tx, old).await? else { return Ok(None) };
    let stands = matches!(store::status(&row)?, InsideStatus::Changing | InsideStatus::Registered);
    Ok(Some(row.register_id).filter(|id| stands && !id.is_empty()))
}

/// What a change came to, for the one it was to replace. One that was turned down and is sent again finds the old one standing.
pub async fn settle_replaced(tx: &TenantTx, replaces: Option<Uuid>, event: InsideEvent) -> Result<(), Error> {
    let Some(old) = replaces else { return Ok(()) };
    match store::lock(tx, old).await? {
        Some(row) if store::status(&row)?.after(event).is_ok() => store::turn(tx, row, event).await?.map(drop).map_err(Error::internal),
        _ => Ok(()),
    }
}

/// The old one no longer stands in the chart; at the service it waits for the new one, or is taken back.
async fn replace(tx: &TenantTx, old: Uuid) -> Result<(), Error> {
    let head = heads::get(tx, old).await?;
    if heads::status(&head).can_be_withdrawn() {
        heads::move_to(tx, head, RxStatus::Changed, "変更").await?;
    }
    let Some(row) = store::lock(tx, old).await? else { return Ok(()) };
    if !store::status(&row)?.can_be_changed() {
        return taken_back(tx, old).await;
    }
    store::turn(tx, row, InsideEvent::Change).await?.map(drop).map_err(Error::internal)
}

/// 登録, or 登録し直す of what was turned down.
pub async fn register(tx: &TenantTx, head: &prescription::Model) -> Result<Model, Error> {
    let (rule, visit) = (settings::read(tx).await?.rule, encounters::get(tx, EncounterId::new(head.encounter_id)).await?);
    let care = care(head, &visit);
    let due = rule.due(care, clock::today(head.signed_at.unwrap_or(tx.now())));
    let known = match store::find(tx, head.id).await? {
        Some(row) => Some(again(tx, &row).await?),
        None => None,
    };
    let mut row = known.unwrap_or_else(|| begun(tx, head, care));
    row.sent_from = match due {
        Due::After(day) => day.succ_opt().map(clock::midnight),
        Due::Now | Due::Discharge => None,
    };
    let is_new = row.version == 0;
    if due == Due::Discharge && is_new {
        row.status = InsideStatus::Held.code().to_owned();
        return store::insert(tx, row).await;
    }
    let row = post(tx, head, row).await?;
    if is_new {
        return store::insert(tx, row).await;
    }
    if !row.service_said.is_empty() {
        return store::remark(tx, row).await;
    }
    store::turn(tx, row, InsideEvent::Again).await?.map_err(|_| Error::Conflict { current_version: 0 })
}

/// The message that was turned down is not sent again beside the new one.
async fn again(tx: &TenantTx, row: &Model) -> Result<Model, Error> {
    if let Some(id) = row.message_id
        && stop(tx, MessageId::new(id)).await?.0 == Fate::Unknown
    {
        // Somebody pressed 再送 meanwhile.
        return Err(Error::Conflict { current_version: row.version });
    }
    store::lock(tx, row.id).await?.ok_or(Error::NotFound)
}

fn care(head: &prescription::Model, visit: &encounter::Model) -> Care {
    let is_inpatient = visit.class == EncounterClass::Inpatient.code();
    match heads::content_of(head).dispensed_at {
        DispensedAt::Discharge => Care::Discharge,
        _ if is_inpatient => Care::Inpatient,
        _ => Care::Outpatient,
    }
}

fn begun(tx: &TenantTx, head: &prescription::Model, care: Care) -> Model {
    Model {
        tenant_id: Uuid::nil(),
        id: head.id,
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: InsideStatus::Pending.code().to_owned(),
        digest: Vec::new(),
        patient_id: head.patient_id,
        encounter_id: head.encounter_id,
        message_id: None,
        care: care.code().to_owned(),
        sent_from: None,
        register_id: String::new(),
        replaces_id: head.replaces_id,
        service_code: String::new(),
        service_said: String::new(),
    }
}

/// Puts the registration into the outbox; what cannot be written is refused here, with the reason.
async fn post(tx: &TenantTx, head: &prescription::Model, mut row: Model) -> Result<Model, Error> {
    (row.service_code, row.service_said) = Default::default();
    let record = content::gather(tx, head).await?;
    let written = record.and_then(|record| Ok((record.to_csv().map_err(|_| "処方を登録の形にできません。".to_owned())?, record)));
    let (csv, record) = match written {
        Ok(written) => written,
        Err(problem) => {
            (row.status, row.service_said) = (InsideStatus::Refused.code().to_owned(), problem);
            return Ok(row);
        }
    };
    let trace = trace_of(format!("in-{}-{}", head.id, row.version), &record);
    let replaces = place_of(tx, row.replaces_id).await?;
    let carried = Carried { trace, document: paper_document(&csv), care: row.care.clone(), replaces };
    let key = format!("in/{}/register/{}", head.id, row.version);
    row.message_id = Some(put(tx, Errand::InsideRegister, key, &row, row.sent_from, &carried).await?);
    Ok(row)
}

async fn put<T: Serialize + Sync>(
    tx: &TenantTx,
    errand: Errand,
    key: String,
    row: &Model,
    not_before: Option<DateTime<Utc>>,
    carried: &T,
) -> Result<Uuid, Error> {
    let payload = serde_json::to_vec(carried).map_err(Error::internal)?;
    let posting = Posting {
        errand,
        key,
        lane: row.id,
        patient_id: Some(PatientId::new(row.patient_id)),
        encounter_id: Some(EncounterId::new(row.encounter_id)),
        payload: &payload,
        not_before,
    };
    Ok(outbox::put(tx, posting).await?.as_uuid())
}

/// 退院: what waited for it is registered now.
pub async fn discharged(tx: &TenantTx, visit: &encounter::Model) -> Result<(), Error> {
    if visit.class != EncounterClass::Inpatient.code() {
        return Ok(());
    }
    for row in store::of_encounter(tx, EncounterId::new(visit.id)).await? {
        if store::status(&row)? == InsideStatus::Held {
            let head = heads::get(tx, row.id).await?;
            let row = post(tx, &head, row).await?;
            if row.message_id.is_none() {
                store::remark(tx, row).await?;
            } else if store::turn(tx, row, InsideEvent::Release).await?.is_err() {
                return Err(Error::Conflict { current_version: 0 });
            }
        }
    }
    Ok(())
}

/// 取消 in the chart: what was never sent ends at once; what stands there, or may, is taken back.
pub async fn taken_back(tx: &TenantTx, prescription: Uuid) -> Result<(), Error> {
    let mut next = Some(prescription);
    while let Some(id) = next.take() {
        let Some(seen) = store::find(tx, id).await? else { return Ok(()) };
        let (fate, trace) = match seen.message_id {
            Some(message) => stop(tx, MessageId::new(message)).await?,
            None => (Fate::Never, None),
        };
        let Some(mut row) = store::lock(tx, id).await? else { return Ok(()) };
        if row.message_id != seen.message_id {
            return Err(Error::Conflict { current_version: row.version });
        }
        let Ok(then) = store::status(&row)?.after(InsideEvent::Withdraw(fate)) else { return Ok(()) };
        let replaced = match row.replaces_id {
            Some(old) => store::find(tx, old).await?,
            None => None,
        };
        if let (InsideStatus::Withdrawing, Some(trace)) = (then, trace) {
            let register_id = Some(row.register_id.clone()).filter(|id| !id.is_empty());
            let replaced = replaced.map(|old| old.register_id).filter(|id| !id.is_empty() && register_id.is_none());
            let key = format!("in/{id}/revoke/{}", row.version);
            row.message_id = Some(put(tx, Errand::InsideRevoke, key, &row, None, &Revoking { trace, register_id, replaced }).await?);
        } else if let Some(old) = replaced {
            // The change was never taken: what it was to replace still stands there.
            next = Some(old.id);
        }
        store::turn(tx, row, InsideEvent::Withdraw(fate)).await?.map_err(|_| Error::Conflict { current_version: 0 })?;
    }
    Ok(())
}

/// Nobody sends this message any more; what is certain of it, and under which name it went.
async fn stop(tx: &TenantTx, id: MessageId) -> Result<(Fate, Option<Trace>), Error> {
    #[derive(Deserialize)]
    struct Named {
        trace: Trace,
    }
    let mut message = outbox::store::lock(tx, id).await?;
    let named: Named = serde_json::from_slice(&outbox::store::payload(tx, &message).await?).map_err(Error::internal)?;
    let mut parcel = message.parcel()?;
    let fate = Fate::of(&parcel);
    if parcel.state != Delivery::Done && parcel.withdraw().is_ok() {
        message.turn(&parcel, tx.now());
        outbox::store::save(tx, message).await?;
    }
    Ok((fate, Some(named.trace)))
}
