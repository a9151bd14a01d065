//! What the patient allowed, and what is seen under it.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::PatientId;
use domain::consent::ConsentSubject;
use serde::Deserialize;
use tenancy::permission::{
    CareHistoryRead, CheckupHistoryRead, ConsentRead, ConsentedFetch, DisasterOpen, EmergencyOpen, MedicationHistoryRead, Permission,
};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::record;
use super::fetch;
use super::own;
use super::shown::{Content, Latest, RecordPage, Shown};
use super::store::{self, Consents, Kind};
use super::views::{ConsentList, ConsentPage, Doors};
use crate::AppError;
use crate::adapters::eligibility::history::{read_care, read_checkups};
use crate::emergency_views;
use crate::notes::neighbours;
use crate::patients::store as patients;
use crate::telemetry::Metrics;
use crate::web::act_form::{check_token, check_version};
use crate::web::{Chrome, Nav, Page, Redirect, is_htmx};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct At {
    /// The visit the box stands beside: it is told when something arrives.
    encounter: String,
    /// `list`: only the consents, while the rest of the box stays.
    part: String,
}

/// 同意 and what can be opened under it: a box for htmx, else the page.
pub async fn list(access: Access<ConsentRead>, path: web::Path<PatientId>, at: web::Query<At>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, *path).await?;
    let consents = store::of_patient(&tx, &person.group).await?;
    let records = store::records(&tx, &person.group, &consents).await?;
    let doors = Doors {
        medication: access.may::<MedicationHistoryRead>(),
        care: access.may::<CareHistoryRead>(),
        checkup: access.may::<CheckupHistoryRead>(),
        fetch: access.may::<ConsentedFetch>(),
        emergency: may_open_unasked(&access, &tx, &consents).await?,
        disaster: access.may::<DisasterOpen>() && is_disaster(&access, tx.now()),
    };
    let list = ConsentList::of(person.stripe.patient_id, at.encounter.parse().ok(), &consents, &records, doors, tx.now());
    let page = ConsentPage { chrome: Chrome::of(access.principal(), Nav::Patients), stripe: person.stripe, list };
    let receipt = tx.commit(Audit::viewed(InfoClass::Consent).subjects([*path, page.stripe.patient_id])).await?;
    match (is_htmx(&req), at.part.as_str()) {
        (true, "list") => Page::full(receipt, &page.list),
        (true, _) => Page::fragment(receipt, &page, page.as_box()),
        (false, _) => Page::full(receipt, &page),
    }
}

fn is_disaster(access: &Access<ConsentRead>, now: DateTime<Utc>) -> bool {
    let who = access.principal();
    who.standing.snapshot().disaster(&who.prefecture, now).is_some()
}

/// Whether this person may open what could not be asked about.
async fn may_open_unasked(access: &Access<ConsentRead>, tx: &TenantTx, consents: &Consents) -> Result<bool, AppError> {
    let is_possible = access.may::<EmergencyOpen>() && consents.0.iter().any(|given| given.consent.is_unobtainable());
    Ok(is_possible && emergency_views::store::is_named(tx, access.principal().staff_id).await?)
}

/// 薬剤情報 of the claims and 処方・調剤情報 of 電子処方箋, each as far as it is allowed.
pub async fn medication(access: Access<MedicationHistoryRead>, path: web::Path<PatientId>, req: HttpRequest) -> Result<Page, AppError> {
    shown(&access, *path, &[ConsentSubject::Medication, ConsentSubject::Prescription], InfoClass::MedicationHistory, &req).await
}

/// 診療情報; 手術 only where the patient allowed that too.
pub async fn care(access: Access<CareHistoryRead>, path: web::Path<PatientId>, req: HttpRequest) -> Result<Page, AppError> {
    shown(&access, *path, &[ConsentSubject::Care, ConsentSubject::Surgery], InfoClass::CareHistory, &req).await
}

/// 特定健診等情報.
pub async fn checkup(access: Access<CheckupHistoryRead>, path: web::Path<PatientId>, req: HttpRequest) -> Result<Page, AppError> {
    shown(&access, *path, &[ConsentSubject::Checkup], InfoClass::CheckupHistory, &req).await
}

/// Whatever of these subjects is allowed at this moment; nothing allowed is a refusal, and is recorded as one.
async fn shown<P: Permission>(
    access: &Access<P>,
    patient: PatientId,
    subjects: &[ConsentSubject],
    class: InfoClass,
    req: &HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let person = neighbours::person(&tx, patient).await?;
    let consents = store::of_patient(&tx, &person.group).await?;
    let open: Vec<ConsentSubject> = subjects.iter().copied().filter(|s| consents.open(*s, tx.now()).is_some()).collect();
    if open.is_empty() {
        return Err(AppError::NoConsent);
    }
    let (record, content) = content(&tx, &person.group, &consents, &open).await?;
    let audit =
        Audit::viewed(class).subjects([patient, person.stripe.patient_id]).detail("surgery", open.contains(&ConsentSubject::Surgery));
    let audit = if class == InfoClass::CareHistory { audit.detail("care", open.contains(&ConsentSubject::Care)) } else { audit };
    let is_received = record.as_ref().is_some_and(|row| row.status == store::RECEIVED);
    let mut shown = Shown::of(person.stripe.patient_id, &open, &consents, content, tx.now());
    shown.latest = record.as_ref().filter(|_| access.may::<ConsentedFetch>()).and_then(Latest::of);
    let audit = record.map_or(audit.clone(), |row| audit.entity("consented_record", row.id).detail("status", row.status));
    let page = RecordPage { chrome: Chrome::of(access.principal(), Nav::Patients), stripe: person.stripe, shown };
    let receipt = tx.commit(audit).await?;
    if let Some(metrics) = req.app_data::<web::Data<Metrics>>().filter(|_| is_received) {
        open.iter().for_each(|subject| metrics.consent_views.with_label_values(&[subject.code()]).inc());
    }
    if is_htmx(req) { Page::full(receipt, &page.shown) } else { Page::full(receipt, &page) }
}

async fn content(
    tx: &TenantTx,
    group: &[PatientId],
    consents: &Consents,
    open: &[ConsentSubject],
) -> Result<(Option<record::Model>, Content), AppError> {
    let records = store::records(tx, group, consents).await?;
    let found = open.iter().find_map(|subject| store::under(&records, consents.of(*subject)?, Kind::of(*subject)?));
    let Some(row) = found.cloned() else { return Ok((None, Content::NotAsked)) };
    if row.status != store::RECEIVED {
        return Ok((Some(row.clone()), Content::waiting(&row)));
    }
    let bytes = store::open(tx, &row).await?;
    let content = if row.kind == Kind::Checkup.code() {
        Content::checkups(&read_checkups(&bytes).map_err(AppError::internal)?, &own::measured(tx, group).await?)
    } else if let Some(told) = consents.tells(open) {
        Content::drugs(&read_care(&bytes).map_err(AppError::internal)?, told)
    } else {
        Content::treatments(&read_care(&bytes).map_err(AppError::internal)?, open)
    };
    Ok((Some(row), content))
}

/// What has come is asked for anew only after so long.
const LATEST_AFTER: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RepeatForm {
    patient_token: String,
    version: String,
}

/// もう一度取り寄せる, while the consent lasts. A press twice is stopped by the version.
pub async fn repeat(access: Access<ConsentedFetch>, id: web::Path<Uuid>, form: web::Form<RepeatForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::lock(&tx, *id).await?;
    let patient = PatientId::new(row.patient_id);
    check_token(&form.patient_token, patient)?;
    check_version(&form.version, row.version)?;
    let is_kept = row.status == store::RECEIVED;
    if row.status == store::PENDING || is_kept && tx.now() - row.requested_at < LATEST_AFTER {
        return Err(AppError::Refused("いま届いたばかりか、取り寄せています。1分ほどたってからもう一度押してください。".into()));
    }
    let consents = store::of_patient(&tx, &patients::group_ids(&tx, patient).await?).await?;
    let is_open = |subject: &ConsentSubject| {
        let under_it = consents.open(*subject, tx.now()).filter(|given| given.reader_result_id == row.reader_result_id);
        under_it.is_some() && Kind::of(*subject).is_some_and(|kind| kind.code() == row.kind)
    };
    if !ConsentSubject::ALL.iter().any(is_open) {
        return Err(AppError::NoConsent);
    }
    let drugs = [ConsentSubject::Medication, ConsentSubject::Prescription];
    let door = match row.kind.as_str() {
        _ if !is_kept => "",
        kind if kind == Kind::Checkup.code() => "/checkup",
        _ if drugs.iter().any(|subject| consents.open(*subject, tx.now()).is_some()) => "/medication",
        _ => "/care",
    };
    fetch::repeat(&tx, row).await?;
    let audit = Audit::of(Act::Send, InfoClass::Consent).subject(patient).entity("consented_record", *id);
    Ok(Redirect::to(tx.commit(audit).await?, format!("/patients/{patient}/consents{door}")))
}
