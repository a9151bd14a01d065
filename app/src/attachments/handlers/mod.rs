//! One short function per act.

pub mod adding;
pub mod cancelling;
pub mod drawing;
pub mod listing;
pub mod viewing;

use domain::{EncounterId, PatientId};
use tenancy::permission::{AttachmentWrite, DrawingWrite, Permission};
use tenancy::{Access, TenantTx};

use super::cabinet::Cabinet;
use super::store::{self, Reach, Wanted};
use super::views::{AttachmentPane, ScannerLine};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::patients::store as patients;

/// On the chart; the page of its own shows more.
const ON_CHART: u64 = 12;
const ON_PAGE: u64 = 60;

/// R3; a merged patient is the survivor's person too.
async fn check_token(tx: &TenantTx, token: PatientId, patient: PatientId) -> Result<(), AppError> {
    if patients::is_same_person(tx, token, patient).await? { Ok(()) } else { Err(AppError::WrongPatient) }
}

/// The visit named beside a patient, if any; another patient's visit is none.
async fn visit_of(tx: &TenantTx, patient: PatientId, typed: &str) -> Result<Option<EncounterId>, AppError> {
    let Ok(id) = typed.parse::<EncounterId>() else { return Ok(None) };
    let visit = encounters::get(tx, id).await?;
    check_token(tx, PatientId::new(visit.patient_id), patient).await?;
    Ok(Some(id))
}

/// The box for the chart.
async fn pane<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    cabinet: &Cabinet,
    (patient, group): (PatientId, &[PatientId]),
    encounter: Option<EncounterId>,
    wanted: Wanted,
) -> Result<AttachmentPane, AppError> {
    let reach = Reach::of(access);
    let wanted = Wanted { limit: wanted.limit + 1, ..wanted };
    let mut shown = store::of_patients(tx, group, wanted, reach).await?;
    let has_more = shown.len() as u64 == wanted.limit;
    shown.truncate(usize::try_from(wanted.limit - 1).unwrap_or(usize::MAX));
    let scanner = ScannerLine::of(access.principal().standing.snapshot().scanner.as_ref(), tx.now());
    let mut pane = AttachmentPane::of(patient, encounter, &shown, scanner, tx.now());
    pane.is_off = cabinet.is_off();
    pane.reach = reach;
    pane.can_write = access.may::<AttachmentWrite>();
    pane.can_draw = access.may::<DrawingWrite>();
    pane.act_key = tx.new_id();
    pane.older = shown.last().filter(|_| has_more).map(store::Shown::id);
    Ok(pane)
}
