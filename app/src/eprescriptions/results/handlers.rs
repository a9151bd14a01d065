//! 確認済.

use actix_web::{HttpRequest, web};
use domain::{EncounterId, PatientId};
use serde::Deserialize;
use tenancy::permission::PrescriptionWrite;
use tenancy::{Access, Act, Audit, InfoClass};
use uuid::Uuid;

use super::store;
use crate::eprescriptions::handlers::{Answer, read};
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::web::act_form::check_token;
use crate::web::{Page, Redirect, is_htmx};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReviewForm {
    patient_token: String,
}

/// A doctor has read it; pressed twice it is read once.
pub async fn review(
    access: Access<PrescriptionWrite>,
    path: web::Path<Uuid>,
    form: web::Form<ReviewForm>,
    live: web::Data<Live>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let row = store::lock(&tx, *path).await?;
    check_token(&form.patient_token, row.patient_id)?;
    store::review(&tx, &row).await?;
    let (encounter, patient, tenant) = (EncounterId::new(row.encounter_id), PatientId::new(row.patient_id), tx.tenant_id());
    let content = if is_htmx(&req) { Some(read(&access, &tx, encounter, patient).await?) } else { None };
    let audit = Audit::of(Act::Approve, InfoClass::Prescription).subject(patient).entity("dispense_result", row.id);
    let receipt = tx.commit(audit).await?;
    live.announce(tenant, Topic::Visit(encounter));
    match content {
        Some(content) => Ok(Answer::Right(Page::full(receipt, &content)?)),
        None => Ok(Answer::Left(Redirect::to(receipt, format!("/encounters/{encounter}/eprescription")))),
    }
}
