//! One function per act. Each money act begins the same way: the right patient, not posted before, made in sight of what is stored.

pub mod bill;
pub mod lines;
pub mod money;
pub mod print;
pub mod queue;

use actix_web::Either;
use domain::{EncounterId, PatientId};
use serde_json::json;
use tenancy::permission::BillingWrite;
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};

use super::account::Case;
use super::acts::Refusal;
use super::forms::RawBillForm;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::web::{FormErrors, Page, Redirect};

pub type Clerk = Access<BillingWrite>;
pub type Answer = Either<Redirect, Page>;

pub fn bill_path(id: EncounterId) -> String {
    format!("/encounters/{id}/billing")
}

/// How an act begins.
enum Begun {
    Now(Box<(TenantTx, Case)>),
    /// The same form again: it was done.
    Before(Redirect),
    /// The bill changed since the form was drawn.
    Stale,
}

async fn begin(clerk: &Clerk, id: EncounterId, raw: &RawBillForm, act: &'static str, to: &str) -> Result<Begun, AppError> {
    match try_begin(clerk, id, raw, act, to).await {
        // The other half of a double press got there first; its answer is there now.
        Err(Refusal::Store(Error::Duplicate { constraint })) if constraint.starts_with("idempotency_key") => {
            try_begin(clerk, id, raw, act, to).await.map_err(into_error)
        }
        begun => begun.map_err(into_error),
    }
}

async fn try_begin(clerk: &Clerk, id: EncounterId, raw: &RawBillForm, act: &'static str, to: &str) -> Result<Begun, Refusal> {
    let tx = clerk.begin().await?;
    let visit = encounters::get(&tx, id).await?;
    if raw.patient_token != visit.patient_id.to_string() {
        return Err(Refusal::Not(WRONG_PATIENT.into()));
    }
    let key = raw.idempotency_key.parse().map_err(|_| Refusal::Not("画面を開き直してやり直してください。".into()))?;
    let key = tx.act_key(key, act, &format!("{id} {raw:?}"));
    if tx.idempotent(key).await?.is_some() {
        let audit = Audit::viewed(InfoClass::Billing).subject(PatientId::new(visit.patient_id)).entity("encounter", id);
        return Ok(Begun::Before(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, to)));
    }
    tx.remember(key, json!({ "encounter_id": id })).await?;
    let case = Case::load(&tx, visit).await?;
    if raw.version.parse() != Ok(case.account.version) {
        return Ok(Begun::Stale);
    }
    Ok(Begun::Now(Box::new((tx, case))))
}

const WRONG_PATIENT: &str = "wrong patient";

fn into_error(refusal: Refusal) -> AppError {
    match refusal {
        Refusal::Not(sentence) if sentence == WRONG_PATIENT => AppError::WrongPatient,
        Refusal::Not(sentence) | Refusal::Field(_, sentence) => AppError::Refused(sentence),
        Refusal::Store(error) => error.into(),
    }
}

/// The page again, saying why nothing was done; what was typed is kept.
async fn refused(clerk: &Clerk, id: EncounterId, raw: RawBillForm, refusal: Refusal) -> Result<Answer, AppError> {
    let mut errors = FormErrors::default();
    match refusal {
        Refusal::Field(field, sentence) => errors.add(field, sentence),
        Refusal::Not(sentence) => errors.add("act", sentence),
        Refusal::Store(Error::Conflict { .. }) => return bill::stale(clerk, id, raw).await,
        Refusal::Store(error) => return Err(error.into()),
    }
    bill::invalid(clerk, id, raw, errors).await
}

fn done(case_patient: PatientId, id: EncounterId) -> Audit {
    Audit::updated(InfoClass::Billing).subject(case_patient).entity("encounter", id)
}
