//! Proposing a 病名, taking it over, declining it.

use actix_web::{Either, HttpRequest, web};
use domain::{ConditionId, ConditionProposalId, EncounterId, PatientId, clock, text};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{ConditionPropose, ConditionWrite};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::forms::RawCondition;
use super::handlers::{after, check_token, shown, visit_of};
use super::{proposal, store};
use crate::AppError;
use crate::web::{Page, Redirect};

const PROPOSE: &str = "condition.propose";
const WHY_MAX: usize = 60;

/// 提案. Nothing is added to the chart by it; pressed twice it is one proposal.
pub async fn propose(
    access: Access<ConditionPropose>,
    path: web::Path<PatientId>,
    form: web::Form<RawCondition>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let patient = crate::patients::store::get(&tx, *path).await?.id;
    check_token(&tx, &form.patient_token, patient).await?;
    let encounter = visit_of(&tx, &form.encounter, patient).await?;
    let act = tx.act_key(form.key()?, PROPOSE, &format!("{patient} {:?}", *form));
    if tx.idempotent(act).await?.is_some() {
        return after(&access, patient, &form.encounter, &req).await;
    }
    let mut content = form.read(&tx, clock::today(tx.now())).await?;
    let why = text::line(&form.reason, WHY_MAX).unwrap_or_else(|_| {
        let mut errors = content.as_ref().err().cloned().unwrap_or_default();
        errors.add("reason", format!("理由は{WHY_MAX}文字までです。"));
        content = Err(errors);
        None
    });
    let content = match content {
        Ok(content) => content,
        Err(errors) => {
            drop(tx);
            return shown(&access, patient, &form, errors, "", &req).await.map(Either::Right);
        }
    };
    tx.remember(act, json!({})).await?;
    let row = proposal::propose(&tx, patient, encounter, &content, &form.choice, &why.unwrap_or_default()).await?;
    tx.commit(Audit::created(InfoClass::Condition).subject(patient).entity("condition_proposal", row.id)).await?;
    after(&access, patient, &form.encounter, &req).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    patient_token: String,
    version: String,
    encounter: String,
}

async fn open(tx: &TenantTx, id: ConditionProposalId, form: &AnswerForm) -> Result<proposal::Model, AppError> {
    let row = proposal::get(tx, id).await?;
    check_token(tx, &form.patient_token, PatientId::new(row.patient_id)).await?;
    if form.version.parse() != Ok(row.version) || row.status != proposal::PROPOSED {
        return Err(AppError::Conflict);
    }
    Ok(row)
}

/// 採用: the doctor's own statement from here on, judged by the masters of today.
pub async fn accept(
    access: Access<ConditionWrite>,
    path: web::Path<ConditionProposalId>,
    form: web::Form<AnswerForm>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let row = open(&tx, *path, &form).await?;
    let patient = PatientId::new(row.patient_id);
    let raw = RawCondition { choice: row.choice.clone(), ..RawCondition::default() };
    let content = raw.read(&tx, clock::today(tx.now())).await?.map_err(|errors| {
        let says = errors.iter().map(|(_, says)| says).collect::<Vec<_>>().join(" ");
        AppError::Refused(format!("この提案は採用できません。{says}"))
    })?;
    let condition = store::insert(&tx, patient, row.encounter_id.map(EncounterId::new), &content).await?;
    proposal::close(&tx, row, proposal::ACCEPTED, Some(ConditionId::new(condition.id))).await?;
    let audit =
        Audit::created(InfoClass::Condition).subject(patient).entity("condition", condition.id).detail("proposal", path.to_string());
    tx.commit(audit).await?;
    after(&access, patient, &form.encounter, &req).await
}

/// 不要.
pub async fn decline(
    access: Access<ConditionWrite>,
    path: web::Path<ConditionProposalId>,
    form: web::Form<AnswerForm>,
    req: HttpRequest,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let row = open(&tx, *path, &form).await?;
    let patient = PatientId::new(row.patient_id);
    proposal::close(&tx, row, proposal::DECLINED, None).await?;
    tx.commit(Audit::updated(InfoClass::Condition).subject(patient).entity("condition_proposal", *path)).await?;
    after(&access, patient, &form.encounter, &req).await
}
