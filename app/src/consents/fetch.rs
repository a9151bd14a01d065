//! Asking for what a consent allows: once per reading, in the background, through the outbox.

use chrono::Months;
use domain::consent::{Consent, ConsentSubject};
use domain::eligibility::{FaceResult, Qualification};
use domain::outbox::{Errand, Trouble};
use domain::{EncounterId, PatientId, ReaderResultId};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::record;
use super::store::{self, Kind};
use crate::adapters::eligibility::history::{Asks, HistoryQuestion, Reply, read_reply};
use crate::adapters::national_way::NationalWay;
use crate::outbox::{Ending, Exchange, Message, Outcome, Posting, put};

/// How far back 薬剤・診療情報 is asked for.
const MONTHS_BACK: u32 = 12;
const QUESTION: &str = "consented_record.question";

/// A card's result that was taken over for a patient and a visit.
pub struct Reading<'a> {
    pub id: ReaderResultId,
    pub result: &'a FaceResult,
    pub qualification: &'a Qualification,
    pub patient: PatientId,
    /// The visit it was taken over for; without one nothing is fetched yet.
    pub encounter: Option<EncounterId>,
}

/// Keeps the consents and asks for what they allow. A result by number carries no consent and opens nothing.
pub async fn begin(tx: &TenantTx, reading: &Reading<'_>) -> Result<(), Error> {
    if !reading.result.channel().is_by_card() {
        return Ok(());
    }
    let consents = &reading.qualification.consents;
    store::keep(tx, reading.patient, reading.id, consents).await?;
    let Some(encounter) = reading.encounter else { return Ok(()) };
    let is_open = |subject| consents.iter().any(|c: &Consent| c.is_about(subject) && c.is_open(tx.now()));
    let with_treatments = is_open(ConsentSubject::Care) || is_open(ConsentSubject::Surgery);
    if with_treatments || is_open(ConsentSubject::Medication) || is_open(ConsentSubject::Prescription) {
        let to = domain::clock::today(tx.now());
        let from = to.checked_sub_months(Months::new(MONTHS_BACK)).unwrap_or(to);
        request(tx, reading, encounter, Kind::Care, Asks::Care { from, to, with_treatments }).await?;
    }
    if is_open(ConsentSubject::Checkup) {
        request(tx, reading, encounter, Kind::Checkup, Asks::Checkups).await?;
    }
    Ok(())
}

async fn request(tx: &TenantTx, reading: &Reading<'_>, encounter: EncounterId, kind: Kind, asks: Asks) -> Result<(), Error> {
    let q = reading.qualification;
    let question = HistoryQuestion {
        institution_code: crate::inquiries::store::institution_code(tx).await?,
        insurer_number: q.insurer_number.clone(),
        insured_symbol: q.insured_symbol.clone().unwrap_or_default(),
        insured_number: q.insured_number.clone(),
        branch_number: q.branch_number.clone().unwrap_or_default(),
        birth_date: q.birth_date,
        asks,
        setting: reading.result.setting,
    };
    let payload = serde_json::to_vec(&question).map_err(Error::internal)?;
    let row = record::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 1,
        patient_id: reading.patient.as_uuid(),
        encounter_id: encounter.as_uuid(),
        reader_result_id: reading.id.as_uuid(),
        kind: kind.code().to_owned(),
        status: store::PENDING.to_owned(),
        said: String::new(),
        question: tx.seal(QUESTION, &payload).await?,
        raw: None,
        requested_at: tx.now(),
        received_at: None,
    };
    post(tx, &row, &payload).await?;
    store::insert(tx, row).await
}

async fn post(tx: &TenantTx, row: &record::Model, payload: &[u8]) -> Result<(), Error> {
    let posting = Posting {
        errand: if row.kind == Kind::Checkup.code() { Errand::CheckupHistory } else { Errand::CareHistory },
        key: format!("consented/{}/{}", row.id, row.version),
        lane: row.id,
        patient_id: Some(PatientId::new(row.patient_id)),
        encounter_id: Some(EncounterId::new(row.encounter_id)),
        payload,
        not_before: None,
    };
    put(tx, posting).await.map(drop)
}

/// もう一度取り寄せる: the same question anew. What came before is shown until the new answer is there.
pub async fn repeat(tx: &TenantTx, mut row: record::Model) -> Result<(), Error> {
    let payload = tx.open(QUESTION, &row.question).await?;
    if row.raw.is_none() {
        row.status = store::PENDING.to_owned();
    }
    row.requested_at = tx.now();
    row.said.clear();
    post(tx, &record::Model { version: row.version + 1, ..row.clone() }, &payload).await?;
    store::save(tx, row).await
}

/// One exchange with the service. Asking changes nothing there: an unknown outcome is a failed attempt.
pub async fn send(way: &NationalWay, message: &Message) -> Exchange {
    let Ok(question) = serde_json::from_slice::<HistoryQuestion>(&message.payload) else {
        return Outcome::Refused { code: "payload".into(), said: "照会の内容を読み戻せません。".into() }.into();
    };
    let identifier = format!("{}-{}", message.lane, message.attempts);
    let sent = question.message(&identifier);
    let path = match message.errand {
        Errand::CheckupHistory => "/oqs/v1/TKKsiquc01",
        // ⟲ no public document names its file: the number of the interface stands in
        Errand::EmergencySummary => "/oqs/v1/OQS-IF-047",
        Errand::DisasterHistory => "/oqs/v1/DISASTER",
        _ => "/oqs/v1/YZKsiquc01",
    };
    let judge = |received: &[u8]| match read_reply(received, &question, &identifier) {
        Ok(Reply::Given) => Outcome::Done(received.to_vec()),
        Ok(Reply::Refused { code, said }) => Outcome::Refused { code, said },
        Err(_) => Outcome::Retry(Trouble::Unreadable),
    };
    way.exchange(path, &identifier, sent, judge).await
}

/// What the answer means, in the transaction that settles the message.
pub async fn settled(tx: &TenantTx, record: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    if let Ending::Done(reply) = ending {
        return store::receive(tx, record, reply).await;
    }
    let mut row = store::lock(tx, record).await?;
    let is_kept = row.raw.is_some();
    match ending {
        Ending::Refused { said, .. } => {
            row.said = said.chars().filter(|c| !c.is_control()).take(200).collect();
            row.status = if is_kept { store::RECEIVED } else { store::REFUSED }.to_owned();
        }
        _ if is_kept => row.said = "時間内に返事がありませんでした".to_owned(),
        _ => row.status = store::UNAVAILABLE.to_owned(),
    }
    store::save(tx, row).await
}
