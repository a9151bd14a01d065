//! Fetch who consented, ask before a visit, end a consent.

use actix_web::{Either, web};
use domain::check_in::ConsentEnding;
use domain::{EncounterId, PatientId, RemoteConsentId, clock};
use serde::Deserialize;
use serde_json::json;
use tenancy::permission::CoverageWrite;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::forms::{RawListing, Span};
use super::views::{RemoteConsentsPage, Rows};
use super::{ending, listing, store};
use crate::encounters::reader_store;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::inquiries;
use crate::live::{Live, Topic};
use crate::notes::neighbours;
use crate::patients::store as patients;
use crate::web::act_form::{check_token, check_version, key_of};
use crate::web::{Chrome, FormState, Nav, Page, Redirect, Subjects};

type Clerk = Access<CoverageWrite>;
const PATH: &str = "/reception/remote-consents";

pub async fn list(access: Clerk) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let raw = RawListing::begun(tx.new_id(), clock::today(tx.now()));
    let page = page(&access, &tx, FormState::of(&raw)).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Consent).subjects(page.subjects())).await?;
    Page::full(receipt, &page)
}

async fn page(access: &Clerk, tx: &TenantTx, form: FormState) -> Result<RemoteConsentsPage, AppError> {
    let (active, ended) = store::all(tx).await?;
    let people = neighbours::cards(tx, active.iter().chain(&ended).map(|row| PatientId::new(row.patient_id))).await?;
    let results = reader_store::validities(tx, active.iter().map(|row| row.reader_result_id)).await?;
    let rows = Rows { active: active.into_iter().map(|row| (row, tx.new_id())).collect(), ended, people, results };
    let (lists, waiting) = (listing::recent(tx).await?, reader_store::remote_unreflected(tx).await?);
    Ok(RemoteConsentsPage::of(Chrome::of(access.principal(), Nav::Today), form, lists, waiting, rows, clock::today(tx.now())))
}

/// 同意した人を取り込む. The page goes on at once; the answers come to the list.
pub async fn fetch(access: Clerk, form: web::Form<RawListing>) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let (key, span) = match form.read(clock::today(tx.now())) {
        Ok(read) => read,
        Err(errors) => {
            let page = page(&access, &tx, FormState::of(&*form).with_errors(errors)).await?;
            let receipt = tx.commit(Audit::viewed(InfoClass::Consent).subjects(page.subjects())).await?;
            return Ok(Either::Right(Page::invalid(receipt, &page)?));
        }
    };
    match fetch_once(tx, key, span).await {
        // The other half of a double press got there first.
        Err(Error::Duplicate { .. }) => Ok(Either::Left(fetch_once(access.begin().await?, key, span).await?)),
        done => Ok(Either::Left(done?)),
    }
}

async fn fetch_once(tx: TenantTx, key: Uuid, span: Span) -> Result<Redirect, Error> {
    let key = tx.act_key(key, "consented_listing.ask", &format!("{span:?}"));
    let audit = Audit::of(Act::Send, InfoClass::Consent).detail("setting", span.setting.code());
    if tx.idempotent(key).await?.is_some() {
        return Ok(Redirect::to(tx.commit(audit.detail("repeated", true)).await?, PATH));
    }
    let id = tx.new_id();
    tx.remember(key, json!({ "listing_id": id })).await?;
    listing::ask(&tx, id, span.setting, span.from, span.to).await?;
    Ok(Redirect::to(tx.commit(audit.entity("consented_listing", id)).await?, PATH))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    idempotency_key: String,
    patient_token: String,
    version: String,
    ending: String,
}

/// 資格を確かめる: a question before a visit, under the consent the person gave.
pub async fn ask(access: Clerk, id: web::Path<RemoteConsentId>, form: web::Form<ActForm>) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::lock(&tx, *id).await?;
    check_token(&form.patient_token, row.patient_id)?;
    let key = key_of(&form.idempotency_key)?;
    if row.is_over(clock::today(tx.now())) {
        return Err(AppError::Refused("この同意はもう終わっています。患者にもう一度、在宅受付での同意を頼んでください。".into()));
    }
    inquiries::ask_about(&access, tx, key, Some(PatientId::new(row.patient_id)), &row.numbers()).await
}

/// 同意を終える. Open pages of today's visits drop what they show.
pub async fn end(
    access: Clerk,
    live: web::Data<Live>,
    id: web::Path<RemoteConsentId>,
    form: web::Form<ActForm>,
) -> Result<Redirect, AppError> {
    let tx = access.begin().await?;
    let row = store::lock(&tx, *id).await?;
    check_token(&form.patient_token, row.patient_id)?;
    check_version(&form.version, row.version)?;
    let reason = ConsentEnding::from_code(&form.ending).ok_or_else(|| AppError::Invalid("終える理由を選んでください。".into()))?;
    if row.status == store::ENDED {
        return Err(AppError::Refused("この同意はもう終わっています。".into()));
    }
    let patient = PatientId::new(row.patient_id);
    let group = patients::group_ids(&tx, patient).await?;
    ending::end(&tx, row, &group, reason).await?;
    let open = encounters::active_on(&tx, encounters::today(&tx, access.principal()), &group).await?;
    let audit = Audit::updated(InfoClass::Consent).subject(patient).entity("remote_consent", *id).detail("ending", reason.code());
    let receipt = tx.commit(audit).await?;
    open.iter().for_each(|visit| live.announce(access.tenant_id(), Topic::Visit(EncounterId::new(visit.id))));
    Ok(Redirect::to(receipt, PATH))
}
