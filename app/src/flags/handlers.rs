//! Saying, ending, and sticking.

use actix_web::{Either, web};
use domain::encounter::VisitStatus;
use domain::flag::parse_said;
use domain::{EncounterId, FlagId, PatientId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::{FlagRead, FlagWrite, Permission, StickyWrite};
use tenancy::{Access, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::Model;
use super::forms::{RawFlag, RawSticky};
use super::store;
use super::views::{FlagsPage, StickyPage, guards};
use crate::encounters::entity::encounter;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::patients::store as patients;
use crate::web::act_form::check_token;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe, Redirect};

const ADD: &str = "flag.add";

type Answer = Either<Redirect, Page>;

/// 感染・禁忌・妊娠 of a patient.
pub async fn show(access: Access<FlagRead>, path: web::Path<PatientId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let form = FormState::of(&RawFlag::begun(tx.new_id()));
    let page = page(&access, &tx, *path, form).await?;
    Page::full(tx.commit(viewed(&page, *path)).await?, &page)
}

fn viewed(page: &FlagsPage, asked: PatientId) -> Audit {
    Audit::viewed(InfoClass::Flag).subjects([asked, page.stripe.patient_id])
}

async fn page<P: Permission>(access: &Access<P>, tx: &TenantTx, id: PatientId, form: FormState) -> Result<FlagsPage, AppError> {
    let group = patients::get_group(tx, id).await?;
    let namesakes = patients::count_namesakes(tx, &group.patient).await?;
    let rows = store::all_of(tx, &group.ids()).await?;
    let today = clock::today(tx.now());
    let active: Vec<Model> = rows.iter().filter(|row| row.status == store::ACTIVE).cloned().collect();
    let stripe = PatientStripe::of(&group.patient, today, namesakes).flagged(guards(&active, &group.patient, today));
    Ok(FlagsPage::of(Chrome::of(access.principal(), Nav::Patients), stripe, &rows, form, access.may::<FlagWrite>()))
}

/// One statement more: something found, or asked and none.
pub async fn add(access: Access<FlagWrite>, path: web::Path<PatientId>, form: web::Form<RawFlag>) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let group = patients::get_group(&tx, *path).await?;
    check_token(&form.patient_token, *path)?;
    let said = match form.read() {
        Ok(said) => said,
        Err(errors) => return again(&access, tx, *path, form.into_inner(), errors).await,
    };
    let key = form.idempotency_key.parse::<Uuid>().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))?;
    let key = tx.act_key(key, ADD, &format!("{} {said:?}", *path));
    let audit = Audit::created(InfoClass::Flag).subject(*path);
    if tx.idempotent(key).await?.is_some() {
        return Ok(Either::Left(Redirect::to(tx.commit(audit).await?, back(*path))));
    }
    let known = store::of_patients(&tx, &group.ids()).await?;
    let stands = |row: &Model| row.category == said.category.code() && row.is_present && !said.category.is_single();
    if !said.is_present && known.iter().any(stands) {
        let mut errors = FormErrors::default();
        errors.add("presence", "登録された内容があります。終えてから「なし」にしてください");
        return again(&access, tx, *path, form.into_inner(), errors).await;
    }
    tx.remember(key, json!({})).await?;
    let row = store::add(&tx, *path, &said, known).await?;
    Ok(Either::Left(Redirect::to(tx.commit(audit.entity("patient_flag", row.id)).await?, back(*path))))
}

async fn again(access: &Access<FlagWrite>, tx: TenantTx, id: PatientId, raw: RawFlag, errors: FormErrors) -> Result<Answer, AppError> {
    let raw = RawFlag { idempotency_key: tx.new_id().to_string(), ..raw };
    let page = page(access, &tx, id, FormState::of(&raw).with_errors(errors)).await?;
    Ok(Either::Right(Page::invalid(tx.commit(viewed(&page, id)).await?, &page)?))
}

fn back(id: PatientId) -> String {
    format!("/patients/{id}/flags")
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

/// 終える, with a reason; it stays readable.
pub async fn end(access: Access<FlagWrite>, path: web::Path<FlagId>, form: web::Form<EndForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&form.patient_token, patient)?;
    if form.version.parse() != Ok(row.version) || row.status != store::ACTIVE {
        return Err(AppError::Conflict);
    }
    let status = [store::RESOLVED, store::IN_ERROR].into_iter().find(|status| *status == form.status);
    let status = status.ok_or_else(|| AppError::Invalid("終わったか、誤登録かを選んでください。".into()))?;
    let reason = parse_said(&form.reason).map_err(|_| AppError::Invalid("理由を60文字までで入れてください。".into()))?;
    store::end(&tx, row, status, &reason).await?;
    let audit = Audit::updated(InfoClass::Flag).subject(patient).entity("patient_flag", *path).detail("status", status);
    Ok(Redirect::to(tx.commit(audit).await?, back(patient)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct From {
    back: String,
}

/// 付箋 of a visit and of its patient.
pub async fn sticky(access: Access<StickyWrite>, path: web::Path<EncounterId>, query: web::Query<From>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let stuck = stuck(&tx, &visit).await?;
    let form = FormState::of(&raw_of(&stuck, &query.back));
    let page = sticky_page(&access, &tx, &visit, form, false).await?;
    Page::full(tx.commit(viewed_sticky(&visit)).await?, &page)
}

fn viewed_sticky(visit: &encounter::Model) -> Audit {
    Audit::viewed(InfoClass::Flag).subject(PatientId::new(visit.patient_id)).entity("encounter", visit.id)
}

/// The visit's 付箋 and the patient's.
async fn stuck(tx: &TenantTx, visit: &encounter::Model) -> Result<[Option<Model>; 2], AppError> {
    let group = patients::group_ids(tx, PatientId::new(visit.patient_id)).await?;
    let rows = store::of_patients(tx, &group).await?;
    Ok([store::sticky(&rows, Some(visit.id)).cloned(), store::sticky(&rows, None).cloned()])
}

fn raw_of([visit, patient]: &[Option<Model>; 2], back: &str) -> RawSticky {
    let said = |row: &Option<Model>| row.as_ref().map(|row| row.said.clone()).unwrap_or_default();
    RawSticky {
        visit_note: said(visit),
        visit_version: version(visit),
        patient_note: said(patient),
        patient_version: version(patient),
        back: back.to_owned(),
        ..RawSticky::default()
    }
}

fn version(row: &Option<Model>) -> String {
    row.as_ref().map_or(0, |row| row.version).to_string()
}

async fn sticky_page(
    access: &Access<StickyWrite>,
    tx: &TenantTx,
    visit: &encounter::Model,
    form: FormState,
    is_stale: bool,
) -> Result<StickyPage, AppError> {
    let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
    let namesakes = patients::count_namesakes(tx, &patient).await?;
    let stripe = PatientStripe::of(&patient, clock::today(tx.now()), namesakes);
    Ok(StickyPage { chrome: Chrome::of(access.principal(), Nav::Today), stripe, encounter_id: visit.id, form, is_stale })
}

/// 貼る・書き直す・はがす. Written by somebody else meanwhile: the page again with both texts, 409.
pub async fn stick(
    access: Access<StickyWrite>,
    path: web::Path<EncounterId>,
    form: web::Form<RawSticky>,
    live: web::Data<Live>,
) -> Result<Answer, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let patient = PatientId::new(visit.patient_id);
    check_token(&form.patient_token, patient)?;
    let [for_visit, for_patient] = match form.read() {
        Ok(read) => read,
        Err(errors) => {
            let page = sticky_page(&access, &tx, &visit, FormState::of(&form.into_inner()).with_errors(errors), false).await?;
            return Ok(Either::Right(Page::invalid(tx.commit(viewed_sticky(&visit)).await?, &page)?));
        }
    };
    let stuck = stuck(&tx, &visit).await?;
    let same = |row: &Option<Model>, text: &Option<String>| row.as_ref().map(|row| &row.said) == text.as_ref();
    if same(&stuck[0], &for_visit) && same(&stuck[1], &for_patient) {
        return Ok(Either::Left(Redirect::to(tx.commit(viewed_sticky(&visit)).await?, home(&visit, &form.back))));
    }
    if form.visit_version != version(&stuck[0]) || form.patient_version != version(&stuck[1]) {
        return stale(&access, tx, &visit, &stuck, form.into_inner()).await;
    }
    store::stick(&tx, patient, Some(visit.id), stuck[0].as_ref(), for_visit).await?;
    store::stick(&tx, patient, None, stuck[1].as_ref(), for_patient).await?;
    let audit = Audit::updated(InfoClass::Flag).subject(patient).entity("encounter", *path);
    let receipt = tx.commit(audit).await?;
    live.announce(access.tenant_id(), Topic::Visit(*path));
    Ok(Either::Left(Redirect::to(receipt, home(&visit, &form.back))))
}

async fn stale(
    access: &Access<StickyWrite>,
    tx: TenantTx,
    visit: &encounter::Model,
    stuck: &[Option<Model>; 2],
    typed: RawSticky,
) -> Result<Answer, AppError> {
    let now = raw_of(stuck, &typed.back);
    let form = FormState::of(&RawSticky { visit_version: now.visit_version, patient_version: now.patient_version, ..typed });
    let form = form.set("visit_now", now.visit_note).set("patient_now", now.patient_note);
    let page = sticky_page(access, &tx, visit, form, true).await?;
    Ok(Either::Right(Page::conflict(tx.commit(viewed_sticky(visit).detail("conflict", true)).await?, &page)?))
}

/// Back to where the person came from: the chart, or the list with the row in focus.
fn home(visit: &encounter::Model, back: &str) -> String {
    if back == "chart" {
        return format!("/encounters/{}", visit.id);
    }
    let is_over = VisitStatus::from_code(&visit.status).is_some_and(VisitStatus::is_finished);
    let state = if is_over { "?state=all" } else { "" };
    format!("/board{state}#name-{}", visit.id)
}
