//! 検査・処置 (`ServiceRequest` → `Observation`, `Procedure`): ordered on the chart, issued when the doctor signs or says so, taken
//! and done by nurse or technician, billed when done; results entered by hand go from unread to reviewed.
//!
//! Who may move an order where is `domain::order`. Items come from the sample list (見本) and the procedure master.

mod catalog;
pub mod entity;
mod forms;
mod handlers;
mod routes;
#[cfg(test)]
mod samples;
pub mod store;
mod views;

use domain::order::{OrderAct, OrderStatus};
use domain::{EncounterId, Role, StaffId};
use tenancy::{Error, TenantTx};

pub use catalog::analytes_of;

use crate::notes::SignedNote;
use crate::notes::seen::{Kind, Pending, Shown};
use entity::service_request::Model;

pub use routes::routes;

/// 確定: what was only noted down is issued.
pub async fn note_signed(tx: &TenantTx, signed: &SignedNote, seen: &Shown) -> Result<(), Error> {
    let is_seen = |row: &Model| seen.get(&row.id) == Some(&row.version);
    for row in drafts(tx, signed.encounter_id).await?.into_iter().filter(is_seen) {
        // Only a doctor signs, so the act can be refused for no reason that still stands.
        store::act(tx, row, OrderAct::Issue, Role::Doctor).await?.map_err(|_| Error::Conflict { current_version: 0 })?;
    }
    Ok(())
}

/// The drafts 確定 would issue.
pub async fn pending(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Pending>, Error> {
    let pending = |row: Model| Pending {
        kind: Kind::Order,
        id: row.id,
        version: row.version,
        text: if row.quantity > 1 { format!("{} ×{}", row.name, row.quantity) } else { row.name },
        by: StaffId::new(row.entered_by_id),
    };
    Ok(drafts(tx, encounter).await?.into_iter().map(pending).collect())
}

async fn drafts(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    let rows = store::of_encounter(tx, encounter).await?;
    Ok(rows.into_iter().filter(|row| store::status(row) == OrderStatus::Draft).collect())
}
