//! 3か月を超えた疑い of the whole clinic, and their outcomes at once.

use actix_web::{Either, web};
use chrono::NaiveDate;
use domain::condition::Outcome;
use domain::{ConditionId, PatientId, clock, wareki};
use serde::Deserialize;
use tenancy::permission::{ConditionRead, ConditionWrite, Permission};
use tenancy::{Access, Audit, Error, InfoClass, Receipt};

use super::store;
use super::views::{Line, SuspectedPage, SuspectedRow};
use crate::AppError;
use crate::notes::neighbours;
use crate::web::{Chrome, Nav, Page, Redirect};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DoneQuery {
    closed: Option<u32>,
    left: Option<u32>,
}

pub async fn list(access: Access<ConditionRead>, query: web::Query<DoneQuery>) -> Result<Page, AppError> {
    shown(&access, query.closed.map(|closed| (closed, query.left.unwrap_or(0))), None).await
}

async fn shown<P: Permission>(access: &Access<P>, done: Option<(u32, u32)>, error: Option<String>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let today = clock::today(tx.now());
    let found = store::old_suspicions(&tx, today).await?;
    let cards = neighbours::cards(&tx, found.iter().map(|row| PatientId::new(row.patient_id))).await?;
    let row = |model: &super::entity::Model| {
        let card = cards.get(&PatientId::new(model.patient_id))?;
        let (patient, kana, number) = (card.name.clone(), card.kana.clone(), card.number.clone());
        Some(SuspectedRow { line: Line::of(model, today), patient, kana, number })
    };
    let is_invalid = error.is_some();
    let page = SuspectedPage {
        chrome: Chrome::of(access.principal(), Nav::Approvals),
        rows: found.iter().filter_map(row).collect(),
        has_more: found.len() as u64 >= store::SUSPECTED_LIMIT,
        can_write: access.may::<ConditionWrite>(),
        today: today.to_string(),
        done,
        error,
    };
    let audit = Audit::viewed(InfoClass::Condition).subjects(page.rows.iter().map(|row| row.line.patient_id));
    let receipt = tx.commit(audit).await?;
    if is_invalid { Page::invalid(receipt, &page) } else { Page::full(receipt, &page) }
}

/// 転帰を一括: each name in a transaction of its own, so that one that changed meanwhile does not hold up the others.
pub async fn close(access: Access<ConditionWrite>, form: web::Form<Vec<(String, String)>>) -> Result<Either<Redirect, Page>, AppError> {
    let value = |name: &str| form.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let (outcome, day) = (Outcome::from_code(value("outcome")), wareki::parse(value("ended_on")).ok());
    let today = clock::today(access.clock().now());
    let stamps: Vec<&str> =
        form.iter().filter(|(n, _)| n == "condition").map(|(_, v)| v.as_str()).take(store::SUSPECTED_LIMIT as usize).collect();
    let (outcome, day) = match (outcome, day) {
        (Some(outcome), Some(day)) if day <= today && !stamps.is_empty() => (outcome, day),
        _ => {
            let says = "病名を選び、転帰と今日までの転帰日を入れてください。".to_owned();
            return shown(&access, None, Some(says)).await.map(Either::Right);
        }
    };
    let (mut receipt, mut closed, mut left) = (None, 0_u32, 0_u32);
    for stamp in stamps {
        match close_one(&access, stamp, outcome, day).await {
            Ok(given) => (receipt, closed) = (Some(given), closed + 1),
            Err(AppError::Unavailable(cause)) => return Err(AppError::Unavailable(cause)),
            Err(_) => left += 1,
        }
    }
    let receipt = match receipt {
        Some(receipt) => receipt,
        None => access.begin().await?.commit(Audit::updated(InfoClass::Condition).detail("closed", 0)).await?,
    };
    Ok(Either::Left(Redirect::to(receipt, format!("/conditions/suspected?closed={closed}&left={left}"))))
}

/// `id:version` as the page showed it.
async fn close_one(access: &Access<ConditionWrite>, stamp: &str, outcome: Outcome, day: NaiveDate) -> Result<Receipt, AppError> {
    let (id, version) = stamp.split_once(':').ok_or(AppError::NotFound)?;
    let id: ConditionId = id.parse().map_err(|_| AppError::NotFound)?;
    let tx = access.begin().await?;
    let row = store::get(&tx, id).await?;
    if Ok(row.version) != version.parse::<i32>() || row.status != store::ACTIVE {
        return Err(Error::Conflict { current_version: row.version }.into());
    }
    let (patient, course) = (PatientId::new(row.patient_id), store::course_of(&row));
    let course = domain::condition::Course { outcome: Some(outcome), ended_on: outcome.ends().then_some(day), ..course };
    let course = course.check(clock::today(tx.now())).map_err(|_| AppError::Conflict)?;
    store::update(&tx, row, course, "疑いの見直し").await?;
    Ok(tx.commit(Audit::updated(InfoClass::Condition).subject(patient).entity("condition", id).detail("act", outcome.code())).await?)
}
