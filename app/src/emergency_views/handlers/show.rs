//! One look: what came, for its opener; what was said of it, for whoever judges.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use domain::emergency::Grounds;
use domain::{PatientId, StaffId};
use tenancy::permission::{EmergencyLookRead, EmergencyReview, Permission};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};
use uuid::Uuid;

use crate::adapters::eligibility::history::{read_care, read_qualification};
use crate::consents::store::RECEIVED;
use crate::emergency_views::entity::view;
use crate::emergency_views::store;
use crate::emergency_views::views::{Content, Facts, LookPage};
use crate::error::AppError;
use crate::notes::neighbours;
use crate::web::{Chrome, FormState, Nav, Page, is_htmx};

pub async fn show(access: Access<EmergencyLookRead>, path: web::Path<Uuid>, req: HttpRequest) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let may_judge = access.may::<EmergencyReview>();
    if StaffId::new(row.opened_by_id) != access.principal().staff_id && !may_judge {
        return Err(AppError::Forbidden);
    }
    let page = page(&access, &tx, &row, FormState::default()).await?;
    let receipt = tx.commit(audit(&row, &page)).await?;
    if is_htmx(&req) { Page::fragment(receipt, &page, page.as_look()) } else { Page::full(receipt, &page) }
}

/// Seeing what came is an act of its own; seeing that somebody looked is not.
pub(super) fn audit(row: &view::Model, page: &LookPage) -> Audit {
    let act = match row.grounds() {
        _ if !page.content.is_shown() => Act::View,
        Some(Grounds::Disaster) => Act::DisasterView,
        _ => Act::EmergencyView,
    };
    let patients = [PatientId::new(row.patient_id), page.stripe.patient_id];
    Audit::of(act, InfoClass::EmergencyRecord).subjects(patients).entity("emergency_view", row.id)
}

/// What was opened under a declaration ends with it, whatever was written into the row.
fn is_in_force<P: Permission>(access: &Access<P>, row: &view::Model, now: DateTime<Utc>) -> bool {
    let who = access.principal();
    row.grounds() != Some(Grounds::Disaster) || who.standing.snapshot().disaster(&who.prefecture, now).is_some()
}

pub(super) async fn page<P: Permission>(
    access: &Access<P>,
    tx: &TenantTx,
    row: &view::Model,
    form: FormState,
) -> Result<LookPage, AppError> {
    let person = neighbours::person(tx, PatientId::new(row.patient_id)).await?;
    let names = store::names(tx, [Some(row.opened_by_id), row.judged_by_id].into_iter().flatten()).await?;
    let me = access.principal().staff_id;
    let content = match is_in_force(access, row, tx.now()) && row.look().shows_to(me, tx.now()) {
        true if row.status == RECEIVED => {
            let bytes = store::content(tx, row).await?;
            let numbers = read_qualification(&bytes).map_err(AppError::internal)?;
            Content::received(&read_care(&bytes).map_err(AppError::internal)?, &numbers, row, tx.now())
        }
        true => Content::waiting(row),
        false => Content::closed(row, me),
    };
    Ok(LookPage {
        chrome: Chrome::of(access.principal(), Nav::Patients),
        stripe: person.stripe,
        facts: Facts::of(row, &names),
        content,
        may_judge: access.may::<EmergencyReview>() && row.look().judge(me).is_ok(),
        may_list: access.may::<EmergencyReview>(),
        form,
    })
}
