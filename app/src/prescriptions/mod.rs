//! 処方 (S10): the prescription of one visit, written on the chart, sealed with the note, printed as 処方箋.
//!
//! Lines are versioned drafts until a doctor signs all of them together; the table then refuses any change. A drug that has ended
//! in the master is refused when it is added and again at signing. What is written is compared with the chart by data-driven rules
//! (see [`safety`]). The paper is 様式第二号 (see [`paper`]).

pub mod drugs;
pub mod entity;
mod forms;
mod handlers;
mod issue;
mod pane;
pub mod paper;
mod patient_papers;
pub mod print;
mod routes;
pub mod rules;
pub mod safety;
#[cfg(test)]
mod samples;
mod set_views;
mod slips;
pub mod store;
pub mod views;

use domain::{EncounterId, StaffId, clock};
use tenancy::{Error, TenantTx};

use crate::adapters::eprescription::PrescriptionSigner;
use crate::eprescriptions;
use crate::inside_prescriptions;
use crate::notes::Refusal;
use crate::notes::SignedNote;
use crate::notes::seen::{Kind, Pending, Shown};

pub use routes::routes;
pub use safety::warnings;

/// 確定: the prescription is sealed with the note, and registered when it is an electronic one. A drug that ended meanwhile stops it;
/// the panel before 確定 has said so.
pub async fn note_signed(tx: &TenantTx, signed: &SignedNote, seen: &Shown, signer: &dyn PrescriptionSigner) -> Result<(), Refusal> {
    let seen: Vec<_> = seen.iter().map(|(id, version)| (*id, *version)).collect();
    match store::seal(tx, signed.encounter_id, &seen, clock::today(tx.now())).await? {
        Ok(sealed) => issue(tx, &sealed, signer).await?.map_err(Refusal::Prescription),
        Err(store::SignRefusal::NothingToSign) => Ok(()),
        Err(_) => Err(Error::Conflict { current_version: 0 }.into()),
    }
}

/// 発行: electronic prescriptions are signed by the doctor's key and sent; the others wait to be printed.
async fn issue(tx: &TenantTx, sealed: &store::Sealed, signer: &dyn PrescriptionSigner) -> Result<Result<(), String>, Error> {
    if let Err(problem) = eprescriptions::check::record(tx, &sealed.heads).await? {
        return Ok(Err(problem));
    }
    for head in sealed.heads.iter().filter(|head| store::heads::content_of(head).dispensed_at.is_inside()) {
        inside_prescriptions::issued(tx, head).await?;
    }
    for head in sealed.heads.iter().filter(|head| !store::heads::content_of(head).issue_form.is_registered()) {
        if let Err(problem) = eprescriptions::exchange(tx, head).await? {
            return Ok(Err(problem));
        }
    }
    for head in sealed.heads.iter().filter(|head| store::heads::content_of(head).issue_form.is_registered()) {
        if let Err(problem) = eprescriptions::register(tx, head, signer).await? {
            return Ok(Err(format!("登録できません。{problem}処方の「発行形態」を紙にすると、このまま確定できます。")));
        }
    }
    Ok(Ok(()))
}

/// The drafts 確定 would sign.
pub async fn pending(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Pending>, Error> {
    let drafts = store::lines(tx, encounter).await?.into_iter().filter(|row| row.status == store::DRAFT);
    let pending = |row: entity::medication_request::Model| Pending {
        kind: Kind::Prescription,
        id: row.id,
        version: row.version,
        text: store::lines::words(&row),
        by: StaffId::new(row.entered_by_id),
    };
    Ok(drafts.map(pending).collect())
}
