//! 重複投薬等チェック (FN-EP-04, 05): every draft is put before the national service while the doctor goes on writing.
//!
//! A check belongs to the drugs exactly as they stand: its row is found by the digest of what was asked, so that any change leaves it
//! behind. What it finds stands in 確定前の確認 and wants a reason; what is to be registered waits for it, unless the service is away, and
//! then that is kept. What other places gave is shown only while the patient agrees: on the reader, or by word of mouth until the visit ends.

mod acts;
mod consent;
pub mod driver;
pub mod entity;
pub mod handlers;
mod issue;
#[cfg(test)]
mod samples;
mod store;
mod views;

use domain::EncounterId;
use domain::outbox::{Delivery, Trouble};
use domain::prescription::duplicate_check::{Finding, Standing};
use domain::warning::Warning;
use tenancy::versioned::sha256;
use tenancy::{Error, TenantTx};

use self::entity::duplicate_check::Model;
use self::store::Carrier;
use super::content;
use crate::adapters::eprescription::check::Alert;
use crate::prescriptions::drugs::Drug;
use crate::prescriptions::entity::medication_request;
use crate::prescriptions::entity::prescription::Model as Head;
use crate::prescriptions::store::heads;

pub use acts::prefetch;
pub use issue::record;

/// An answer nobody has seen after so long is taken for none.
const PATIENCE: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// The check of some lines.
pub struct Looked {
    pub standing: Standing,
    pub row: Option<Model>,
    pub alerts: Vec<Alert>,
}

/// How the check of exactly these lines stands; `None` when there is nothing that can be asked.
pub async fn look(
    tx: &TenantTx,
    encounter: EncounterId,
    lines: &[medication_request::Model],
    known: &[Drug],
) -> Result<Option<Looked>, Error> {
    if lines.is_empty() {
        return Ok(None);
    }
    let Ok(csv) = content::draft(lines, known) else { return Ok(None) };
    let Some((row, carrier)) = store::find(tx, encounter, &sha256(csv.as_bytes())).await? else {
        return Ok(Some(Looked { standing: Standing::NotAsked, row: None, alerts: Vec::new() }));
    };
    let alerts = store::alerts(tx, &row).await?;
    let standing = match row.status.as_str() {
        store::ANSWERED => Standing::Answered(alerts.iter().map(finding).collect()),
        store::ASKED => waiting(&row, &carrier, tx.now()),
        _ => Standing::Away(row.said.clone()),
    };
    Ok(Some(Looked { standing, row: Some(row), alerts }))
}

fn waiting(row: &Model, carrier: &Carrier, now: chrono::DateTime<chrono::Utc>) -> Standing {
    if let Some(trouble) = Trouble::from_code(&carrier.code) {
        return Standing::Away(format!("電子処方箋管理サービス: {}。", trouble.label()));
    }
    let is_settled = Delivery::from_code(&carrier.state).is_none_or(Delivery::is_settled);
    if is_settled || now - row.asked_at > PATIENCE {
        return Standing::Away("電子処方箋管理サービスから返事がありません。".to_owned());
    }
    Standing::Waiting
}

fn finding(alert: &Alert) -> Finding {
    Finding {
        category: alert.category.clone(),
        drug_code: alert.target.code.clone(),
        drug_name: alert.target.name.clone(),
        ingredient: alert.ingredient.clone(),
    }
}

/// What stands in the way of 確定, for the drafts of a visit.
pub async fn warnings(
    tx: &TenantTx,
    encounter: EncounterId,
    open: Option<&Head>,
    drafts: &[medication_request::Model],
    known: &[Drug],
) -> Result<Vec<Warning>, Error> {
    let Some(looked) = look(tx, encounter, drafts, known).await? else { return Ok(Vec::new()) };
    let is_wanted = match looked.standing {
        Standing::NotAsked | Standing::Waiting => is_registered(open),
        Standing::Away(_) | Standing::Answered(_) => true,
    };
    Ok(looked.standing.warnings(is_wanted))
}

/// Whether the open 処方箋 of the visit goes to the service when it is signed.
async fn will_register(tx: &TenantTx, encounter: EncounterId) -> Result<bool, Error> {
    let open = heads::of_encounter(tx, encounter).await?.into_iter().find(|head| heads::status(head).is_open());
    Ok(is_registered(open.as_ref()))
}

fn is_registered(open: Option<&Head>) -> bool {
    open.is_some_and(|head| heads::content_of(head).issue_form.is_registered())
}
