//! 継続的な同意を終える: what was seen under it closes at once, and the service is told in the background (OQSsihvd01).

use domain::check_in::{CareSetting, CheckChannel, ConsentEnding};
use domain::outbox::Errand;
use domain::{PatientId, ReaderResultId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};

use super::entity::consent::Model;
use super::store;
use crate::adapters::eligibility::bulk::{Insured, outcome, read_registered};
use crate::adapters::eligibility::consented::{CANCEL, cancellation};
use crate::adapters::national_way::NationalWay;
use crate::bulk_inquiries::exchange::{identifier, read, unreadable};
use crate::consents::store as consents;
use crate::encounters::entity::reader_result;
use crate::inquiries::store::institution_code;
use crate::outbox::{Exchange, Message, Posting, put};

#[derive(Debug, Serialize, Deserialize)]
struct Cancellation {
    institution_code: String,
    insured: Insured,
    birth_date: chrono::NaiveDate,
}

/// Ends an active consent. オンライン診療等 has no interface for it: its consents end by themselves within a day.
pub async fn end(tx: &TenantTx, row: Model, group: &[PatientId], ending: ConsentEnding) -> Result<(), Error> {
    close(tx, &row, group).await?;
    let message = if row.setting() == CareSetting::Home { Some(post(tx, &row).await?) } else { None };
    store::end(tx, row, ending, message).await
}

/// The last word on everything this kind of consent opened is now no.
async fn close(tx: &TenantTx, row: &Model, group: &[PatientId]) -> Result<(), Error> {
    let given = consents::of_patient(tx, group).await?;
    let results: Vec<uuid::Uuid> = given.0.iter().map(|given| given.reader_result_id).collect();
    let channel = if row.setting() == CareSetting::Home { CheckChannel::Home } else { CheckChannel::Online };
    let own: Vec<uuid::Uuid> = reader_result::Entity::find()
        .filter(reader_result::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(reader_result::Column::Id.eq_any(results))
        .filter(reader_result::Column::Channel.eq(channel.code()))
        .all(tx)
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    let closed: Vec<_> = given
        .0
        .into_iter()
        .filter(|given| own.contains(&given.reader_result_id))
        .map(|given| domain::consent::Consent { flag: "0".into(), given_at: None, available_until: None, ..given.consent })
        .collect();
    consents::keep(tx, PatientId::new(row.patient_id), ReaderResultId::new(row.reader_result_id), &closed).await
}

async fn post(tx: &TenantTx, row: &Model) -> Result<domain::MessageId, Error> {
    let insured = Insured {
        insurer_number: row.insurer_number.clone(),
        insured_symbol: row.insured_symbol.clone(),
        insured_number: row.insured_number.clone(),
        branch_number: row.branch_number.clone(),
    };
    let cancellation = Cancellation { institution_code: institution_code(tx).await?, insured, birth_date: row.birth_date };
    let payload = serde_json::to_vec(&cancellation).map_err(Error::internal)?;
    let posting = Posting {
        errand: Errand::ConsentCancel,
        key: format!("remote-consent/{}", row.id),
        lane: row.id,
        patient_id: Some(PatientId::new(row.patient_id)),
        encounter_id: None,
        payload: &payload,
        not_before: None,
    };
    put(tx, posting).await
}

/// What is cancelled may be cancelled again: an unknown outcome is a failed attempt. What was turned down stands on 後処理.
pub async fn send(way: &NationalWay, message: &Message) -> Exchange {
    let Some(asked) = read::<Cancellation>(message) else { return unreadable() };
    let name = identifier(message);
    let sent = cancellation(&asked.institution_code, &name, &asked.insured, asked.birth_date);
    way.exchange(CANCEL, &name, sent, |received| outcome(read_registered(received, &asked.institution_code, &name), received)).await
}
