//! 災害時の照会: by 4情報 of the registered person, while the nation declares it.

use actix_web::{Either, web};
use chrono::{DateTime, Utc};
use domain::PatientId;
use domain::emergency::Grounds;
use domain::patient::Patient;
use serde_json::json;
use tenancy::permission::DisasterOpen;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use crate::emergency_views::basis::Basis;
use crate::emergency_views::forms::RawLook;
use crate::emergency_views::store::{self, Why};
use crate::emergency_views::views::DisasterPage;
use crate::error::AppError;
use crate::notes::neighbours;
use crate::patients::store as patients;
use crate::web::act_form::{check_token, key_of};
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

type Opener = Access<DisasterOpen>;
type Answer = Either<Redirect, Page>;

const OPEN: &str = "disaster_view.open";

/// Until when the mode holds here; `None` when it does not.
fn declared(access: &Opener, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let principal = access.principal();
    principal.standing.snapshot().disaster(&principal.prefecture, now).map(|disaster| disaster.until)
}

pub async fn new(access: Opener, path: web::Path<PatientId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let patient = patients::get(&tx, *path).await?;
    let form = FormState::of(&RawLook::default().kept(tx.new_id()));
    let page = page(&access, &tx, &patient, form).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::EmergencyRecord).subject(*path)).await?;
    Page::full(receipt, &page)
}

async fn page(access: &Opener, tx: &TenantTx, patient: &Patient, form: FormState) -> Result<DisasterPage, AppError> {
    let stripe = neighbours::person(tx, patient.id).await?.stripe;
    let address = patient.demographics.address.clone().unwrap_or_default();
    Ok(DisasterPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe,
        is_declared: declared(access, tx.now()).is_some(),
        address,
        form,
    })
}

/// Refused outside the mode, whatever page is still open.
pub async fn open(access: Opener, path: web::Path<PatientId>, form: web::Form<RawLook>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let patient = patients::get(&tx, *path).await?;
    check_token(&form.patient_token, patient.id)?;
    let until = declared(&access, tx.now()).ok_or_else(|| AppError::Refused("災害時モードではないため、照会できません。".into()))?;
    if patient.demographics.address.is_none() {
        return Err(AppError::Refused("住所が登録されていません。患者の情報で住所を入れてから照会してください。".into()));
    }
    let key = key_of(&form.idempotency_key)?;
    let why = match form.read(Grounds::Disaster) {
        Ok(why) => why,
        Err(errors) => return again(&access, tx, &patient, form.into_inner(), errors).await,
    };
    match once(tx, key, &patient, until, &why).await {
        // The other half of a double press got there first; its look is there now.
        Err(Error::Duplicate { .. }) => Ok(Either::Left(once(access.begin().await?, key, &patient, until, &why).await?)),
        done => Ok(Either::Left(done?)),
    }
}

async fn once(tx: TenantTx, key: Uuid, patient: &Patient, until: DateTime<Utc>, why: &Why) -> Result<Redirect, Error> {
    let key = tx.act_key(key, OPEN, &format!("{} {why:?}", patient.id));
    let audit = Audit::of(Act::DisasterView, InfoClass::EmergencyRecord).subject(patient.id);
    if let Some(outcome) = tx.idempotent(key).await? {
        let id = outcome["id"].as_str().unwrap_or_default().to_owned();
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, format!("/emergency-views/{id}")));
    }
    let id = tx.new_id();
    tx.remember(key, json!({"id": id})).await?;
    store::open(&tx, id, patient.id, &Basis::Disaster { demographics: &patient.demographics, until }, why).await?;
    let audit = audit.entity("emergency_view", id).detail("opened", true).detail("reason", why.reason.code());
    Ok(Redirect::to(tx.commit(audit).await?, format!("/emergency-views/{id}")))
}

async fn again(access: &Opener, tx: TenantTx, patient: &Patient, raw: RawLook, errors: FormErrors) -> Result<Answer, AppError> {
    let form = FormState::of(&raw.kept(tx.new_id())).with_errors(errors);
    let page = page(access, &tx, patient, form).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::EmergencyRecord).subject(patient.id)).await?;
    Ok(Either::Right(Page::invalid(receipt, &page)?))
}
