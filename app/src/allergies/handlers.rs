//! Asking, recording and ending a statement.

use actix_web::{Either, web};
use domain::allergy::{AllergyStatus, Source, check_reaction};
use domain::{AllergyId, PatientId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{AllergyRead, AllergyWrite, MasterRead, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::forms::{self, RawAllergyForm};
use super::store;
use super::substances::{self, Substance};
use super::views::{AllergyPage, Statement, SubstanceOptions, guard};
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::act_form::{check_token, key_of};
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe, Redirect};

const ADD: &str = "allergy.add";
const NONE: &str = "allergy.none";
/// Longest search text that is looked up.
const QUERY_MAX: usize = 60;

/// アレルギー of a patient.
pub async fn show(access: Access<AllergyRead>, path: web::Path<PatientId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let form = FormState::of(&RawAllergyForm::begun(tx.new_id()));
    let page = page(&access, &tx, *path, form, vec![]).await?;
    let audit = Audit::viewed(InfoClass::Allergy).subjects([*path, page.stripe.patient_id]);
    Page::full(tx.commit(audit).await?, &page)
}

async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    id: PatientId,
    form: FormState,
    options: Vec<Substance>,
) -> Result<AllergyPage, AppError> {
    let group = patients::get_group(tx, id).await?;
    let namesakes = patients::count_namesakes(tx, &group.patient).await?;
    let rows = store::all_of(tx, &group.ids()).await?;
    let active: Vec<_> = rows.iter().filter(|row| row.status == AllergyStatus::Active.code()).cloned().collect();
    let (statements, past) = rows.iter().map(Statement::of).partition(|s: &Statement| s.is_active);
    Ok(AllergyPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: PatientStripe::of(&group.patient, clock::today(tx.now()), namesakes).knowing(guard(&active)),
        statements,
        past,
        form,
        options,
        act_key: tx.new_id(),
        can_write: access.may::<AllergyWrite>(),
    })
}

/// 物質の候補 while typing. Posted: what a patient is allergic to belongs into no address.
pub async fn substances(access: Access<MasterRead>, form: web::Form<RawAllergyForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let options = options(&tx, &form).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Master)).await?;
    Page::full(receipt, &SubstanceOptions { options, typed: form.substance.clone() })
}

async fn options(tx: &TenantTx, form: &RawAllergyForm) -> Result<Vec<Substance>, AppError> {
    let text: String = form.substance.chars().filter(|c| !c.is_control()).take(QUERY_MAX).collect();
    Ok(substances::search(tx, form.category(), &text).await?)
}

fn back(id: PatientId) -> String {
    format!("/patients/{id}/allergies")
}

/// One substance more.
pub async fn add(
    access: Access<AllergyWrite>,
    path: web::Path<PatientId>,
    form: web::Form<RawAllergyForm>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, *path).await?;
    check_token(&form.patient_token, *path)?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, ADD, &format!("{} {:?}", *path, *form));
    let audit = Audit::created(InfoClass::Allergy).subject(*path);
    if tx.idempotent(key).await?.is_some() {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, back(*path))));
    }
    let code = form.substance_code.as_str();
    let chosen = if code.is_empty() { None } else { substances::find(&tx, form.category(), code).await? };
    match read(&form, chosen.as_ref()) {
        Ok(content) => {
            tx.remember(key, json!({})).await?;
            let known = store::of_patients(&tx, &group.ids()).await?;
            let yj_code = chosen.map(|c| c.yj_code).unwrap_or_default();
            let row = store::add(&tx, *path, &content, &yj_code, known).await?;
            Ok(Either::Left(Redirect::to(tx.commit(audit.entity("allergy_intolerance", row.id)).await?, back(*path))))
        }
        Err(errors) => {
            let form = RawAllergyForm { idempotency_key: tx.new_id().to_string(), ..form.into_inner() };
            let options = options(&tx, &form).await?;
            let page = page(&access, &tx, *path, FormState::of(&form).with_errors(errors), options).await?;
            let audit = Audit::viewed(InfoClass::Allergy).subjects([*path, page.stripe.patient_id]);
            Ok(Either::Right(Page::invalid(tx.commit(audit).await?, &page)?))
        }
    }
}

/// A code that is on no list is not quietly taken as free text.
fn read(form: &RawAllergyForm, chosen: Option<&Substance>) -> Result<domain::allergy::AllergyContent, FormErrors> {
    let read = form.read(chosen);
    if form.substance_code.is_empty() || chosen.is_some() {
        return read;
    }
    let mut errors = read.err().unwrap_or_default();
    errors.add("substance", "選んだ物質が一覧にありません。もう一度探してください");
    Err(errors)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoneForm {
    patient_token: String,
    idempotency_key: String,
    source: String,
}

/// なし: asked today, and nothing is known.
pub async fn state_none(access: Access<AllergyWrite>, path: web::Path<PatientId>, form: web::Form<NoneForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, *path).await?;
    check_token(&form.patient_token, *path)?;
    let key = tx.act_key(key_of(&form.idempotency_key)?, NONE, &path.to_string());
    let audit = Audit::created(InfoClass::Allergy).subject(*path);
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit).await?, back(*path)));
    }
    let known = store::of_patients(&tx, &group.ids()).await?;
    if known.iter().any(|row| !Statement::of(row).is_none) {
        return Err(AppError::Refused("登録された物質があります。解消か誤登録にしてから「なし」にしてください。".into()));
    }
    tx.remember(key, json!({})).await?;
    let content = forms::none(Source::from_code(&form.source).unwrap_or(Source::Patient));
    for earlier in known {
        store::end(&tx, earlier, AllergyStatus::Resolved, "あらためて確認した").await?;
    }
    let row = store::add(&tx, *path, &content, "", vec![]).await?;
    Ok(Redirect::to(tx.commit(audit.entity("allergy_intolerance", row.id)).await?, back(*path)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndForm {
    patient_token: String,
    version: String,
    /// `resolved` or `entered_in_error`
    status: String,
    reason: String,
}

/// 解消・誤登録, with a reason; the statement stays readable.
pub async fn end(access: Access<AllergyWrite>, path: web::Path<AllergyId>, form: web::Form<EndForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&form.patient_token, patient)?;
    if form.version.parse() != Ok(row.version) || row.status != AllergyStatus::Active.code() {
        return Err(AppError::Conflict);
    }
    let status = AllergyStatus::from_code(&form.status).filter(|status| *status != AllergyStatus::Active);
    let status = status.ok_or_else(|| AppError::Invalid("解消か誤登録を選んでください。".into()))?;
    let reason = check_reaction(&form.reason).ok().filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(|| AppError::Invalid("理由を100文字までで入れてください。".into()))?;
    store::end(&tx, row, status, &reason).await?;
    let audit = Audit::updated(InfoClass::Allergy).subject(patient).entity("allergy_intolerance", *path).detail("status", status.code());
    Ok(Redirect::to(tx.commit(audit).await?, back(patient)))
}
