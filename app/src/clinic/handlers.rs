//! Show and change the settings.

use actix_web::{Either, web};
use serde::Deserialize;
use tenancy::permission::ClinicManage;
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};

use super::forms::RawSettings;
use super::store;
use super::views::ClinicPage;
use crate::attachments::ScannerLine;
use crate::error::AppError;
use crate::sign_in::visitor::Visitor;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, Redirect};

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    saved: bool,
}

pub async fn show(access: Access<ClinicManage>, query: web::Query<Arrival>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let raw = RawSettings::from(&store::get(&tx).await?);
    let page = page(&access, &tx, &raw, FormErrors::default(), query.saved).await?;
    Page::full(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}

async fn page(
    access: &Access<ClinicManage>,
    tx: &TenantTx,
    raw: &RawSettings,
    errors: FormErrors,
    saved: bool,
) -> Result<ClinicPage, AppError> {
    Ok(ClinicPage {
        chrome: Chrome::of(access.principal(), Nav::Clinic),
        form: FormState::of(raw).with_errors(errors),
        saved,
        institution_code: store::get(tx).await?.institution_code,
        is_hospital: access.principal().is_hospital,
        scanner: ScannerLine::of(access.principal().standing.snapshot().scanner.as_ref(), tx.now()),
    })
}

/// 保存. What another administrator saved meanwhile is shown beside, never overwritten unseen; open sessions learn the new places.
pub async fn update(
    access: Access<ClinicManage>,
    visitor: Visitor,
    form: web::Form<RawSettings>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let settings = match form.validate(visitor.ip) {
        Ok(settings) => settings,
        Err(errors) => {
            let page = page(&access, &tx, &form, errors, false).await?;
            return Ok(Either::Right(Page::invalid(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)?));
        }
    };
    let allowed = settings.source_allow_list.clone();
    if !store::update(&tx, settings, form.version.parse().unwrap_or_default()).await? {
        return overtaken(&access, tx, form.into_inner()).await.map(Either::Right);
    }
    let people = store::people(&tx).await?;
    let receipt = tx.commit(Audit::of(Act::Manage, InfoClass::Clinic)).await?;
    for person in people {
        visitor.sign_in.sessions().refresh(access.tenant_id(), person, |p| p.source_allow_list.clone_from(&allowed)).await?;
    }
    Ok(Either::Left(Redirect::to(receipt, "/clinic?saved=true")))
}

async fn overtaken(access: &Access<ClinicManage>, tx: TenantTx, mut raw: RawSettings) -> Result<Page, AppError> {
    let current = RawSettings::from(&store::get(&tx).await?);
    let told = raw.differences(&current);
    raw.version = current.version;
    let page = page(access, &tx, &raw, told, false).await?;
    Page::conflict(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}
