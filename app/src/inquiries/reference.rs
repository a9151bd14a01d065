//! 照会番号登録: our patient number is registered in the background, so that the next card names the chart.

use domain::eligibility::{FaceResult, Qualification};
use domain::outbox::Errand;
use domain::patient::Patient;
use serde::{Deserialize, Serialize};
use tenancy::versioned::sha256;
use tenancy::{Error, TenantTx};

use super::store::institution_code;
use crate::adapters::eligibility::bulk::{Insured, outcome, read_registered, registration};
use crate::adapters::national_way::NationalWay;
use crate::outbox::{Exchange, Message, Outcome, Posting, put};

const PATH: &str = "/oqs/v1/OQSsiimm01";

#[derive(Debug, Serialize, Deserialize)]
struct Registration {
    institution_code: String,
    reference: String,
    insured: Insured,
}

/// A card that does not name the chart it belongs to. The same number for the same insurance is registered once.
pub async fn register(tx: &TenantTx, patient: &Patient, result: &FaceResult, q: &Qualification) -> Result<(), Error> {
    if !result.channel().is_by_card() || q.reference_number.as_deref() == Some(patient.number.as_str()) {
        return Ok(());
    }
    let insured = Insured {
        insurer_number: q.insurer_number.clone(),
        insured_symbol: q.insured_symbol.clone().unwrap_or_default(),
        insured_number: q.insured_number.clone(),
        branch_number: q.branch_number.clone().unwrap_or_default(),
    };
    let registration =
        Registration { institution_code: institution_code(tx).await?, reference: patient.number.as_str().to_owned(), insured };
    let payload = serde_json::to_vec(&registration).map_err(Error::internal)?;
    let digest: String = sha256(&payload).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let posting = Posting {
        errand: Errand::ReferenceRegister,
        key: format!("reference/{}/{digest}", patient.id),
        lane: patient.id.as_uuid(),
        patient_id: Some(patient.id),
        encounter_id: None,
        payload: &payload,
        not_before: None,
    };
    put(tx, posting).await.map(drop)
}

/// The same number for the same person may be registered again: an unknown outcome is a failed attempt.
pub async fn send(way: &NationalWay, message: &Message) -> Exchange {
    let Ok(asked) = serde_json::from_slice::<Registration>(&message.payload) else {
        return Outcome::Refused { code: "payload".into(), said: "登録の内容を読み戻せません。".into() }.into();
    };
    let name = format!("{}-{}", message.id, message.attempts);
    let sent = registration(&asked.institution_code, &name, &asked.reference, &asked.insured);
    way.exchange(PATH, &name, sent, |received| outcome(read_registered(received, &asked.institution_code, &name), received)).await
}
