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

use domain::Role;
use domain::order::{OrderAct, OrderStatus};
use tenancy::{Error, TenantTx};

use crate::notes::SignedNote;

pub use routes::routes;

/// 確定: what was only noted down is issued.
pub async fn note_signed(tx: &TenantTx, signed: &SignedNote) -> Result<(), Error> {
    for row in store::of_encounter(tx, signed.encounter_id).await?.into_iter().filter(|row| store::status(row) == OrderStatus::Draft) {
        // Only a doctor signs, so the act can be refused for no reason that still stands.
        store::act(tx, row, OrderAct::Issue, Role::Doctor).await?.map_err(|_| Error::Conflict { current_version: 0 })?;
    }
    Ok(())
}
