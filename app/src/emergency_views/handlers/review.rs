//! 事後の確認: the looks of a month with those nobody has judged, and the judgement of somebody else (KPI-05).

use actix_web::{Either, web};
use chrono::{Months, NaiveDate};
use domain::emergency::JudgeError;
use domain::{PatientId, clock};
use serde::Deserialize;
use tenancy::permission::EmergencyReview;
use tenancy::{Access, Act, Audit, InfoClass};
use uuid::Uuid;

use super::show;
use crate::emergency_views::forms::RawJudgement;
use crate::emergency_views::list::LooksPage;
use crate::emergency_views::store;
use crate::error::AppError;
use crate::notes::neighbours;
use crate::web::act_form::{check_token, check_version};
use crate::web::{Chrome, FormState, Nav, Page, Redirect, Subjects};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MonthQuery {
    /// `2026-11`
    month: String,
}

pub async fn list(access: Access<EmergencyReview>, query: web::Query<MonthQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let today = clock::today(tx.now());
    let asked = NaiveDate::parse_from_str(&format!("{}-01", query.month), "%Y-%m-%d").ok().filter(|first| *first <= today);
    let month = asked.or_else(|| clock::month_of(today)).unwrap_or(today);
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let span = (clock::midnight(month), clock::midnight(next));
    let rows = store::lines(&tx, span).await?;
    let names = store::names(&tx, rows.iter().flat_map(|row| [Some(row.opened_by_id), row.judged_by_id]).flatten()).await?;
    let cards = neighbours::cards(&tx, rows.iter().map(|row| PatientId::new(row.patient_id))).await?;
    let page = LooksPage::of(Chrome::of(access.principal(), Nav::Clinic), (month, today), span, &rows, &names, &cards)
        .in_hospital(access.principal().is_hospital);
    let receipt = tx.commit(Audit::viewed(InfoClass::EmergencyRecord).subjects(page.subjects())).await?;
    Page::full(receipt, &page)
}

/// 妥当 or 要調査, by anybody but the one who looked; once.
pub async fn judge(
    access: Access<EmergencyReview>,
    path: web::Path<Uuid>,
    form: web::Form<RawJudgement>,
) -> Result<Either<Redirect, Page>, AppError> {
    let tx = access.begin().await?;
    let row = store::lock(&tx, *path).await?;
    check_token(&form.patient_token, row.patient_id)?;
    row.look().judge(access.principal().staff_id).map_err(|error| match error {
        JudgeError::Own => AppError::Refused("自分の閲覧は、自分では確認できません。ほかの人に頼んでください。".into()),
        JudgeError::Again => AppError::Conflict,
    })?;
    check_version(&form.version, row.version)?;
    let (judgement, remark) = match form.read() {
        Ok(read) => read,
        Err(errors) => {
            let page = show::page(&access, &tx, &row, FormState::of(&form.into_inner()).with_errors(errors)).await?;
            let receipt = tx.commit(show::audit(&row, &page)).await?;
            return Ok(Either::Right(Page::invalid(receipt, &page)?));
        }
    };
    let audit = Audit::of(Act::Approve, InfoClass::EmergencyRecord).subject(PatientId::new(row.patient_id));
    store::judge(&tx, row, judgement, remark).await?;
    let receipt = tx.commit(audit.entity("emergency_view", *path).detail("judgement", judgement.code())).await?;
    Ok(Either::Left(Redirect::to(receipt, "/emergency-views")))
}
