//! One line: added, changed, taken out.

use actix_web::{HttpRequest, web};
use domain::prescription::Supply;
use domain::{EncounterId, MedicationRequestId};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{Permission, PrescriptionWrite};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::drugs::{meant, search};
use super::{Answer, check_token, check_version, done, key_of, open_visit, refused};
use crate::adapters::eprescription::PrescriptionSigner;
use crate::encounters::entity::encounter;
use crate::error::AppError;
use crate::prescriptions::drugs::{self, Drug};
use crate::prescriptions::entity::medication_request::Model;
use crate::prescriptions::forms::RawLineForm;
use crate::prescriptions::pane::Extra;
use crate::prescriptions::store::{self, heads, lines};
use crate::web::FormErrors;

const ADD: &str = "prescription.add";
const AUDITED: &str = "medication_request";

/// One drug more. Posting twice adds once.
pub async fn add(
    access: Access<PrescriptionWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawLineForm>,
    req: HttpRequest,
    signer: web::Data<dyn PrescriptionSigner>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = open_visit(&tx, *path, &form.patient_token).await?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, ADD, &format!("{} {:?}", *path, *form));
    let audit = Audit::created(InfoClass::Prescription);
    if tx.idempotent(key).await?.is_some() {
        return done(&access, tx, &visit, &req, audit.entity("encounter", *path), Extra::default()).await;
    }
    let drug = meant(&tx, &form).await?;
    match form.read(drug.as_ref().map_err(Clone::clone)) {
        Err(errors) => not_added(&access, tx, &visit, &req, form.into_inner(), errors).await,
        Ok(content) => {
            let drug = drug.map_err(AppError::Invalid)?;
            tx.remember(key, json!({})).await?;
            let head = heads::open(&tx, &visit, signer.is_on()).await?;
            let last = lines::lines(&tx, *path).await?.iter().map(|row| row.line_no).max().unwrap_or_default();
            let row = lines::add(&tx, &visit, head.id, last + 1, &drug, &content).await?;
            let said = Some((format!("{}を足しました", row.drug_name), vec![(row.id, row.version)]));
            done(&access, tx, &visit, &req, audit.entity(AUDITED, row.id), Extra { done: said, ..Extra::default() }).await
        }
    }
}

async fn not_added<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    form: RawLineForm,
    errors: FormErrors,
) -> Result<Answer, AppError> {
    let options = search(&tx, &form).await?;
    refused(access, tx, visit, req, Extra { adding: Some((form, errors)), options, ..Extra::default() }).await
}

/// The line a form was drawn for, as a draft of an open visit.
async fn open_line(tx: &TenantTx, id: MedicationRequestId, token: &str, version: &str) -> Result<(Model, encounter::Model), AppError> {
    let line = store::get(tx, id).await?;
    check_token(token, line.patient_id)?;
    let visit = open_visit(tx, EncounterId::new(line.encounter_id), token).await?;
    if line.status == store::WITHDRAWN {
        return Err(AppError::Conflict);
    }
    if line.status != store::DRAFT {
        return Err(AppError::Refused("署名した処方は変えられません。処方箋を取り消してから書き直してください。".into()));
    }
    check_version(version, line.version)?;
    Ok((line, visit))
}

/// 変更 of everything but the drug.
pub async fn change(
    access: Access<PrescriptionWrite>,
    path: web::Path<MedicationRequestId>,
    form: web::Form<RawLineForm>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let (mut line, visit) = open_line(&tx, *path, &form.patient_token, &form.version).await?;
    let drug = drugs::find(&tx, &line.drug_code, domain::clock::today(tx.now())).await?;
    let drug = drug.unwrap_or_else(|| Drug { code: line.drug_code.clone(), unit: line.dose_unit.clone(), ..Drug::default() });
    let typed = RawLineForm { q: String::new(), ..form.into_inner() };
    match typed.read(Ok(&drug)) {
        Err(errors) => {
            let editing = Some((line.id, Some((typed, errors))));
            refused(&access, tx, &visit, &req, Extra { editing, ..Extra::default() }).await
        }
        Ok(content) => {
            lines::state(&mut line, &content);
            changed(&access, tx, &visit, &req, line).await
        }
    }
}

async fn changed<P: Permission>(
    access: &Access<P>,
    tx: TenantTx,
    visit: &encounter::Model,
    req: &HttpRequest,
    line: Model,
) -> Result<Answer, AppError> {
    let row = lines::update(&tx, line).await?;
    let said = Some((format!("{}を変えました", row.drug_name), vec![(row.id, row.version)]));
    let audit = Audit::updated(InfoClass::Prescription).entity(AUDITED, row.id);
    done(access, tx, visit, req, audit, Extra { done: said, ..Extra::default() }).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineAct {
    patient_token: String,
    version: String,
    /// Days or times, where they are changed.
    count: String,
}

/// 日数・回数 typed into the row itself.
pub async fn change_days(
    access: Access<PrescriptionWrite>,
    path: web::Path<MedicationRequestId>,
    form: web::Form<LineAct>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let (mut line, visit) = open_line(&tx, *path, &form.patient_token, &form.version).await?;
    let typed = RawLineForm { count: form.count.clone(), ..RawLineForm::of(&line, tx.new_id()) };
    let drug = Drug { unit: line.dose_unit.clone(), ..Drug::default() };
    match typed.read(Ok(&drug)) {
        Err(errors) => {
            let says = errors.iter().map(|(_, says)| says).collect::<Vec<_>>().join(" ");
            refused(&access, tx, &visit, &req, Extra { days: Some((line.id, form.count.clone(), says)), ..Extra::default() }).await
        }
        Ok(content) if content.supply == Supply::Total => Err(AppError::Refused("外用の量は「編集」で変えてください。".into())),
        Ok(content) => {
            lines::state(&mut line, &content);
            changed(&access, tx, &visit, &req, line).await
        }
    }
}

/// 取消 of a draft line; a signed one is taken back with its 処方箋.
pub async fn withdraw(
    access: Access<PrescriptionWrite>,
    path: web::Path<MedicationRequestId>,
    form: web::Form<LineAct>,
    req: HttpRequest,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let (line, visit) = open_line(&tx, *path, &form.patient_token, &form.version).await?;
    let row = lines::withdraw(&tx, line).await?;
    let said = Some((format!("{}を外しました", row.drug_name), vec![(row.id, row.version)]));
    let audit = Audit::updated(InfoClass::Prescription).entity(AUDITED, row.id).detail("status", "withdrawn");
    done(&access, tx, &visit, &req, audit, Extra { done: said, ..Extra::default() }).await
}
