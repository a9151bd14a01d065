//! One short function per thing a person does.

pub mod amendments;
pub mod approvals;
pub mod charts;
pub mod conflicts;
pub mod history;
pub mod sections;
pub mod signing;

use domain::EncounterId;
use tenancy::permission::Permission;
use tenancy::{Access, Audit, InfoClass, Outcome};

use super::acts::Refusal;
use super::assemble::{self, Extra};
use super::views::Notice;
use crate::AppError;
use crate::web::Page;

/// Refusals that are not shown on the chart itself.
impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongPatient => AppError::WrongPatient,
            Refusal::Stale => AppError::Conflict,
            Refusal::Store(e) => e.into(),
            other => AppError::Refused(other.message().to_owned()),
        }
    }
}

/// The chart again with a sentence on top: a rule said no, and nothing typed on the server is lost.
pub async fn chart_again<P: Permission>(access: &Access<P>, encounter: EncounterId, extra: Extra) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let (page, patient) = assemble::chart(&tx, access, encounter, extra).await?;
    let audit = Audit::viewed(InfoClass::Note).subject(patient).entity("encounter", encounter).outcome(Outcome::Refused);
    let receipt = tx.commit(audit).await?;
    Page::invalid(receipt, &page)
}

/// Shows a rule's refusal on the chart; anything else goes to the error page.
pub async fn refused<P: Permission>(access: &Access<P>, encounter: EncounterId, refusal: Refusal) -> Result<Page, AppError> {
    match refusal {
        Refusal::Store(_) | Refusal::WrongPatient => Err(refusal.into()),
        shown => chart_again(access, encounter, Extra { notice: Some(Notice::stop(shown.message())), ..Extra::default() }).await,
    }
}
