//! Asking: at reception that somebody came, and about a draft whenever it has changed.

use domain::outbox::Errand;
use domain::{EncounterId, PatientId, clock};
use serde::{Deserialize, Serialize};
use tenancy::versioned::sha256;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::consent::Given;
use super::entity::duplicate_check::Model;
use super::store;
use crate::adapters::eprescription::Trace;
use crate::adapters::eprescription::check::Consents;
use crate::encounters::entity::encounter;
use crate::eprescriptions::content;
use crate::outbox::{self, Posting};
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::store as prescriptions;

/// What a check's message carries.
#[derive(Serialize, Deserialize)]
pub struct Asking {
    pub check_id: Uuid,
    pub trace: Trace,
    pub csv: String,
    pub consents: Consents,
}

/// 事前処理: tells the service who came, so that the check is quick later. Nobody waits for it and nothing depends on it.
pub async fn prefetch(tx: &TenantTx, visit: &encounter::Model) -> Result<(), Error> {
    if visit.coverage_id.is_none() || !store::is_connected(tx).await? {
        return Ok(());
    }
    let Some(trace) = content::trace(tx, visit, format!("pre-{}", visit.id)).await? else { return Ok(()) };
    let payload = serde_json::to_vec(&trace).map_err(Error::internal)?;
    let key = format!("pre/{}", visit.id);
    outbox::put(tx, posting(Errand::CheckPrefetch, key, tx.new_id(), visit, &payload)).await.map(drop)
}

/// The lines a check is about: the drafts, or what was signed when nothing is open any more.
pub fn lines_of(all: Vec<medication_request::Model>) -> Vec<medication_request::Model> {
    if all.iter().any(|line| line.status == prescriptions::DRAFT) {
        return all.into_iter().filter(|line| line.status == prescriptions::DRAFT).collect();
    }
    all
}

/// Asks about the drafts as they stand, once for each content and consent. `None` when there is nothing that can be asked.
pub async fn ask(tx: &TenantTx, visit: &encounter::Model) -> Result<Option<Model>, Error> {
    let encounter = EncounterId::new(visit.id);
    let lines = lines_of(prescriptions::lines(tx, encounter).await?);
    let known = content::known(tx, &lines, clock::today(tx.now())).await?;
    let Some(csv) = content::draft(&lines, &known).ok() else { return Ok(None) };
    let given = Given::read(tx, visit).await?;
    let (sha256, consents) = (sha256(csv.as_bytes()), given.consents(tx.now()));
    let known = match store::find(tx, encounter, &sha256).await? {
        Some((row, carrier)) if !needs_asking(&row, &carrier, consents) => return Ok(Some(row)),
        Some((row, _)) => Some(store::lock(tx, row.id).await?),
        None => None,
    };
    let is_new = known.is_none();
    let mut row = known.unwrap_or_else(|| begun(tx, visit, sha256.to_vec(), lines.len()));
    let version = if is_new { 1 } else { row.version + 1 };
    (row.oral_consent, row.consent_until) = (consents.oral, given.online_until.filter(|_| consents.online));
    (row.asked_at, row.asked_by_id) = (tx.now(), tx.actor().as_uuid());
    match content::trace(tx, visit, format!("chk-{}", row.id)).await? {
        Some(trace) => {
            let payload = serde_json::to_vec(&Asking { check_id: row.id, trace, csv, consents }).map_err(Error::internal)?;
            let key = format!("check/{}/{version}", row.id);
            let id = outbox::put(tx, posting(Errand::DuplicateCheck, key, row.id, visit, &payload)).await?;
            (row.message_id, row.status) = (Some(id.as_uuid()), store::ASKED.to_owned());
        }
        None => {
            row.status = store::UNAVAILABLE.to_owned();
            row.said = "保険・公費の資格がないため照会できません。".to_owned();
        }
    }
    if is_new { store::insert(tx, row).await.map(Some) } else { store::save(tx, row).await.map(Some) }
}

/// Nothing came and nothing will, or the patient has agreed to more since.
fn needs_asking(row: &Model, carrier: &store::Carrier, consents: Consents) -> bool {
    let has_said_less = consents.oral && !row.oral_consent || consents.online && row.consent_until.is_none();
    let is_lost = row.status == store::ASKED && carrier.state == domain::outbox::Delivery::Withdrawn.code();
    has_said_less || is_lost || matches!(row.status.as_str(), store::REFUSED | store::UNAVAILABLE)
}

fn begun(tx: &TenantTx, visit: &encounter::Model, content_sha256: Vec<u8>, drugs: usize) -> Model {
    Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 1,
        patient_id: visit.patient_id,
        encounter_id: visit.id,
        message_id: None,
        content_sha256,
        drugs: i32::try_from(drugs).unwrap_or(i32::MAX),
        oral_consent: false,
        consent_until: None,
        status: store::ASKED.to_owned(),
        alerts: 0,
        result: None,
        said: String::new(),
        asked_at: tx.now(),
        asked_by_id: tx.actor().as_uuid(),
        answered_at: None,
    }
}

fn posting<'a>(errand: Errand, key: String, lane: Uuid, visit: &encounter::Model, payload: &'a [u8]) -> Posting<'a> {
    Posting {
        errand,
        key,
        lane,
        patient_id: Some(PatientId::new(visit.patient_id)),
        encounter_id: Some(EncounterId::new(visit.id)),
        payload,
        not_before: None,
    }
}
