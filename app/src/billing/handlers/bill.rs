//! The bill of one visit, shown: fresh, refused, or changed by somebody else meanwhile.

use actix_web::{Either, web};
use domain::{EncounterId, clock};
use tenancy::permission::{BillingRead, BillingWrite, Permission};
use tenancy::{Access, Audit, InfoClass, TenantTx};

use super::{Answer, Clerk};
use crate::billing::account::Case;
use crate::billing::forms::RawBillForm;
use crate::billing::procedures::{self, Procedure};
use crate::billing::store;
use crate::billing::views::{BillFacts, BillPage};
use crate::claims::{ClaimFace, store as claims};
use crate::encounters::store as encounters;
use crate::error::AppError;
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
        prescribed: prescriptions::lines(&tx, id).await?.into_iter().filter(|line| line.status == prescriptions::SIGNED).collect(),
        claim: claim_face(&tx, id).await?,
        options,
        key: tx.new_id(),
        can_write: access.may::<BillingWrite>(),
    };
    let same_name = patients::count_namesakes(&tx, &case.group.patient).await?;
    let chrome = Chrome::of(access.principal(), Nav::Billing);
    let stripe = PatientStripe::of(&case.group.patient, clock::today(tx.now()), same_name);
    let raw = typed.unwrap_or_default();
    let form = FormState::of(&raw).with_errors(errors);
    Ok((tx, BillPage::of(chrome, stripe, case, facts, form)))
}

/// The receipt computer's chip; two statements where there is one.
async fn claim_face(tx: &TenantTx, id: EncounterId) -> Result<Option<ClaimFace>, tenancy::Error> {
    let Some(claim) = claims::find(tx, id).await? else { return Ok(None) };
    Ok(Some(ClaimFace::of(&claim, claims::last_message(tx, id).await?.as_ref())))
}

pub(super) async fn search(tx: &TenantTx, q: &str) -> Result<Vec<Procedure>, tenancy::Error> {
    let text: String = q.chars().filter(|c| !c.is_control()).take(60).collect();
    procedures::search(tx, &text, clock::today(tx.now())).await
}
