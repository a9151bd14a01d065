//! One short function per thing a person does.

pub mod amendments;
pub mod approvals;
pub mod budget;
pub mod charts;
pub mod conflicts;
pub mod history;
pub mod past;
pub mod repeat;
pub mod sections;
pub mod signing;
pub mod warnings;

use domain::{EncounterId, PatientId};
use tenancy::permission::Permission;
use tenancy::{Access, Audit, InfoClass, Outcome, Receipt};

use super::acts::Refusal;
use super::assemble::{self, Extra};
use super::forms::RawNote;
use super::views::{ChartPage, Notice, RefusedPage};
use crate::AppError;
use crate::web::Page;
use crate::web::chrome::{Chrome, Nav};

/// Refusals that are not shown on the chart itself.
impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongPatient => AppError::WrongPatient,
            Refusal::Stale => AppError::Conflict,
            Refusal::Store(e) => e.into(),
            other => AppError::Refused(other.message()),
        }
    }
}

/// The chart again with a sentence on top: a rule said no, and nothing typed on the server is lost.
pub async fn chart_again<P: Permission>(access: &Access<P>, encounter: EncounterId, extra: Extra) -> Result<Page, AppError> {
    let (receipt, page) = drawn_again(access, encounter, extra).await?;
    Page::invalid(receipt, &page)
}

async fn drawn_again<P: Permission>(access: &Access<P>, encounter: EncounterId, extra: Extra) -> Result<(Receipt, ChartPage), AppError> {
    let tx = access.begin().await?;
    let (page, patient) = assemble::chart(&tx, access, encounter, extra).await?;
    let audit = Audit::viewed(InfoClass::Note).subject(patient).entity("encounter", encounter).outcome(Outcome::Refused);
    Ok((tx.commit(audit).await?, page))
}

/// Shows a rule's refusal on the chart; anything else goes to the error page.
pub async fn refused<P: Permission>(access: &Access<P>, encounter: EncounterId, refusal: Refusal) -> Result<Page, AppError> {
    refused_with(access, encounter, refusal, &RawNote::default()).await
}

/// The same with the texts that came along and are not stored: they stand on whatever page answers.
pub async fn refused_with<P: Permission>(
    access: &Access<P>,
    encounter: EncounterId,
    refusal: Refusal,
    form: &RawNote,
) -> Result<Page, AppError> {
    let rejected = form.again();
    match refusal {
        Refusal::WrongPatient if !rejected.is_empty() => {
            let texts: Vec<String> = rejected.iter().map(|r| format!("{} {}", r.section, r.body)).collect();
            wrong_patient(access, form.token()?, texts.join("\n")).await
        }
        Refusal::Store(_) | Refusal::WrongPatient => Err(refusal.into()),
        Refusal::Unseen(ref unseen) => {
            let notice = Some(Notice::stop(refusal.message()));
            let extra = Extra { notice, rejected, unseen: Some((**unseen).clone()), ..Extra::default() };
            let (receipt, page) = drawn_again(access, encounter, extra).await?;
            Page::conflict(receipt, &page)
        }
        shown => chart_again(access, encounter, Extra { notice: Some(Notice::stop(shown.message())), rejected, ..Extra::default() }).await,
    }
}

/// R3 without scripts: nothing is stored, and the text is on the page that says so.
pub async fn wrong_patient<P: Permission>(access: &Access<P>, token: PatientId, body: String) -> Result<Page, AppError> {
    let page = RefusedPage { chrome: Chrome::of(access.principal(), Nav::Today), token, body };
    let tx = access.begin().await?;
    let audit = Audit::updated(InfoClass::Note).outcome(Outcome::Refused).detail("reason", "wrong_patient");
    Page::invalid(tx.commit(audit).await?, &page)
}
