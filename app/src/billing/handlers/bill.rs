//! The bill of one visit, shown: fresh, refused, or changed by somebody else meanwhile.

use actix_web::{Either, web};
use domain::{EncounterId, PatientId, clock};
use tenancy::permission::{BillingRead, BillingWrite, CoverageWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::{Answer, Clerk};
use crate::billing::account::Case;
use crate::billing::forms::RawBillForm;
use crate::billing::procedures::{self, Procedure};
use crate::billing::store;
use crate::billing::views::{BillFacts, BillPage, DonePane};
use crate::claims::{ClaimFace, engine, store as claims};
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::observations::store as observations;
use crate::orders::store as orders;
use crate::patients::store as patients;
use crate::prescriptions::store as prescriptions;
use crate::web::{Chrome, FormErrors, FormState, Nav, Page, PatientStripe};

/// 会計.
pub async fn show(access: Access<BillingRead>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let (tx, page) = draw(&access, *path, None, FormErrors::default()).await?;
    Page::full(tx.commit(viewed(&page)).await?, &page)
}

/// The page with its errors: 422.
pub async fn invalid(clerk: &Clerk, id: EncounterId, raw: RawBillForm, errors: FormErrors) -> Result<Answer, AppError> {
    let (tx, page) = draw(clerk, id, Some(raw), errors).await?;
    Ok(Either::Right(Page::invalid(tx.commit(viewed(&page)).await?, &page)?))
}

/// The bill as it is now, with what was typed in sight of the one before: 409.
pub async fn stale(clerk: &Clerk, id: EncounterId, raw: RawBillForm) -> Result<Answer, AppError> {
    let raw = RawBillForm { amount: String::new(), ..raw };
    let (tx, page) = draw(clerk, id, Some(raw), FormErrors::default()).await?;
    let page = BillPage { is_stale: true, ..page };
    Ok(Either::Right(Page::conflict(tx.commit(viewed(&page).detail("conflict", true)).await?, &page)?))
}

fn viewed(page: &BillPage) -> Audit {
    Audit::viewed(InfoClass::Billing).subject(page.stripe.patient_id).entity("encounter", page.encounter_id)
}

async fn draw<P: Permission>(
    access: &Access<P>,
    id: EncounterId,
    typed: Option<RawBillForm>,
    errors: FormErrors,
) -> Result<(TenantTx, BillPage), AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, id).await?;
    let case = Case::load(&tx, visit).await?;
    let options = match &typed {
        Some(raw) if errors.of("q").is_some() || errors.of("points").is_some() => search(&tx, &raw.q).await?,
        _ => Vec::new(),
    };
    let facts = BillFacts {
        payments: store::payments(&tx, id).await?,
        claim: claim_face(&tx, &case).await?,
        options,
        key: tx.new_id(),
        can_write: access.may::<BillingWrite>(),
        can_change_coverage: access.may::<CoverageWrite>(),
    };
    let same_name = patients::count_namesakes(&tx, &case.group.patient).await?;
    let chrome = Chrome::of(access.principal(), Nav::Billing);
    let stripe = PatientStripe::of(&case.group.patient, clock::today(tx.now()), same_name);
    let raw = typed.unwrap_or_default();
    let form = FormState::of(&raw).with_errors(errors);
    Ok((tx, BillPage::of(chrome, stripe, case, facts, form)))
}

/// The receipt computer's chip; two statements. A visit from before the connection has no claim and can be sent all the same.
async fn claim_face(tx: &TenantTx, case: &Case) -> Result<Option<ClaimFace>, tenancy::Error> {
    let id = case.id();
    if let Some(claim) = claims::find(tx, id).await? {
        return Ok(Some(ClaimFace::of(&claim, claims::last_message(tx, id).await?.as_ref())));
    }
    let is_over = case.visit.ended_at.is_some();
    let is_on = is_over && engine::find(tx).await?.is_some_and(|engine| engine.is_on());
    Ok(is_on.then(ClaimFace::never_sent))
}

/// 行ったこと: what the lines of the bill should add up to.
pub async fn done(access: Access<BillingRead>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let done = orders::done_lines(&tx, *path).await?;
    let measured = observations::last_of_visit(&tx, *path).await?.map(|round| round.measured_at);
    let mut prescribed = prescriptions::lines(&tx, *path).await?;
    prescribed.retain(|line| line.status == prescriptions::SIGNED);
    let pane = DonePane::of(PatientId::new(visit.patient_id), done, measured, &prescribed);
    let audit = Audit::viewed(InfoClass::Billing).subject(pane.patient_id).entity("encounter", *path);
    Page::full(tx.commit(audit).await?, &pane)
}

pub(super) async fn search(tx: &TenantTx, q: &str) -> Result<Vec<Procedure>, tenancy::Error> {
    let text: String = q.chars().filter(|c| !c.is_control()).take(60).collect();
    procedures::search(tx, &text, clock::today(tx.now())).await
}
