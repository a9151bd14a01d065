//! 署名, and taking back what was signed.

use actix_web::{HttpRequest, web};
use domain::prescription::check_comment;
use domain::prescription::head::RxStatus;
use domain::{EncounterId, PatientId, clock};
use serde::Deserialize;
use tenancy::permission::PrescriptionSign;
use tenancy::{Access, Act, Audit, InfoClass};
use uuid::Uuid;

use super::whole::read_pairs;
use super::{Answer, check_token, check_version, done, open_visit};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::allergies;
use crate::encounters::store as encounters;
use crate::eprescriptions::store as eprescriptions;
use crate::error::AppError;
use crate::inside_prescriptions;
use crate::notes::neighbours;
use crate::notes::store::answers;
use crate::prescriptions::pane::Extra;
use crate::prescriptions::safety;
use crate::prescriptions::store::{self, heads};
use crate::web::Redirect;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SignForm {
    patient_token: String,
    /// `id:version` of each line on the page
    seen: String,
}

/// 署名 of the prescription alone, while nothing stands in its way; reasons are given on the chart and sealed with 確定.
pub async fn sign(
    access: Access<PrescriptionSign>,
    path: web::Path<EncounterId>,
    form: web::Form<SignForm>,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let patient = PatientId::new(visit.patient_id);
    let seen = read_pairs(&form.seen).ok_or_else(|| AppError::Invalid("画面を開き直してから署名してください。".into()))?;
    let group = neighbours::group(&tx, patient).await?;
    let allergies = allergies::store::of_patients(&tx, &group.ids()).await?;
    let mut found = safety::warnings(&tx, &group, *path, &allergies).await?;
    answers::of_encounter(&tx, *path).await?.settle(&mut found);
    let sealed = store::seal(&tx, *path, &seen, clock::today(tx.now())).await?;
    let sealed = sealed.map_err(|refusal| AppError::Refused(refusal.sentence()))?;
    if let Some(open) = found.iter().find(|w| w.is_open()) {
        let says = format!("{}: {} 直すか、カルテの「確定前の確認」で理由を選んでから署名してください。", open.subject, open.text);
        return Err(AppError::Refused(says));
    }
    crate::prescriptions::issue(&tx, &sealed, signer.get_ref()).await?.map_err(AppError::Refused)?;
    let audit = Audit::of(Act::Sign, InfoClass::Prescription).subject(patient).entity("encounter", *path).detail("lines", sealed.lines);
    Ok(Redirect::to(tx.commit(audit).await?, format!("/encounters/{path}/prescription/print")))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TakeBackForm {
    patient_token: String,
    version: String,
    reason: String,
}

/// 処方箋の取消: the lines stay as they were signed, and no longer stand.
pub async fn take_back(
    access: Access<PrescriptionSign>,
    path: web::Path<Uuid>,
    form: web::Form<TakeBackForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let head = heads::get(&tx, *path).await?;
    check_token(&form.patient_token, head.patient_id)?;
    check_version(&form.version, head.version)?;
    let status = heads::status(&head);
    for row in eprescriptions::of_prescription(&tx, head.id).await? {
        if eprescriptions::status(&row)?.bars_paper() {
            return Err(AppError::Refused("電子処方箋です。「電子処方箋を取り消す」で取り消してください。".into()));
        }
    }
    if !status.can_be_withdrawn() {
        return Err(AppError::Refused(format!("「{}」の処方箋は、ここでは取り消せません。", status.label())));
    }
    let reason = check_comment(&form.reason).ok().filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(|| AppError::Invalid("取り消す理由を60文字までで入れてください。".into()))?;
    let visit = encounters::get(&tx, EncounterId::new(head.encounter_id)).await?;
    let row = heads::move_to(&tx, head, RxStatus::Withdrawn, &reason).await?;
    inside_prescriptions::taken_back(&tx, row.id).await?;
    let audit = Audit::updated(InfoClass::Prescription).entity("prescription", row.id).detail("status", row.status);
    done(&access, tx, &visit, &req, audit, Extra::default()).await
}
