//! Lines looked up, added, copied from the visit before, withdrawn.

use actix_web::{Either, web};
use domain::{ChargeItemId, EncounterId, clock};
use tenancy::permission::MasterRead;
use tenancy::{Access, Audit, InfoClass};

use super::{Answer, Begun, Clerk, begin, bill, bill_path, done, refused};
use crate::billing::acts::Refusal;
use crate::billing::forms::RawBillForm;
use crate::billing::lines::{self, Source};
use crate::billing::views::ProcedureOptions;
use crate::billing::{procedures, store};
use crate::error::AppError;
use crate::web::{Page, Redirect};

/// Candidates while typing. Posted, as nothing of a patient's care belongs into an address.
pub async fn procedures(access: Access<MasterRead>, form: web::Form<RawBillForm>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let options = bill::search(&tx, &form.q).await?;
    let receipt = tx.commit(Audit::searched(InfoClass::Master)).await?;
    Page::full(receipt, &ProcedureOptions { q: form.q.clone(), code: form.code.clone(), options })
}

pub async fn add(clerk: Clerk, path: web::Path<EncounterId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (id, raw) = (*path, form.into_inner());
    let (tx, mut case) = match begin(&clerk, id, &raw, "billing.add", &bill_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let chosen = match raw.code.as_str() {
        "" => None,
        code => Some(procedures::find(&tx, code, clock::today(tx.now())).await?),
    };
    if let Some(None) = chosen {
        let gone = Refusal::Field("q", "この診療行為は今日のマスターにありません。選び直してください".into());
        drop(tx);
        return refused(&clerk, id, raw, gone).await;
    }
    let line = match raw.line(chosen.flatten().as_ref()) {
        Ok(line) => line,
        Err(errors) => {
            drop(tx);
            return bill::invalid(&clerk, id, raw, errors).await;
        }
    };
    let patient = case.patient_id();
    match lines::add(&tx, &mut case, &[line], Source::Hand).await {
        Ok(_) => Ok(Either::Left(Redirect::to(tx.commit(done(patient, id).detail("changed", "line_added")).await?, bill_path(id)))),
        Err(error) => {
            drop(tx);
            refused(&clerk, id, raw, error.into()).await
        }
    }
}

/// 前回と同じ行.
pub async fn copy(clerk: Clerk, path: web::Path<EncounterId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (id, raw) = (*path, form.into_inner());
    let (tx, mut case) = match begin(&clerk, id, &raw, "billing.copy", &bill_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let before = lines::of_last_visit(&tx, &case).await?;
    if before.is_empty() {
        drop(tx);
        return refused(&clerk, id, raw, Refusal::Field("q", "写せる前回の会計がありません。行を足してください".into())).await;
    }
    let patient = case.patient_id();
    match lines::add(&tx, &mut case, &before, Source::Copy).await {
        Ok(rows) => {
            let audit = done(patient, id).detail("changed", "lines_copied").detail("lines", rows.len());
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, bill_path(id))))
        }
        Err(error) => {
            drop(tx);
            refused(&clerk, id, raw, error.into()).await
        }
    }
}

/// 取消 of a line; it stays as history.
pub async fn withdraw(clerk: Clerk, path: web::Path<ChargeItemId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (line_id, raw) = (*path, form.into_inner());
    let tx = clerk.begin().await?;
    let id = EncounterId::new(store::line(&tx, line_id).await?.encounter_id);
    drop(tx);
    let (tx, mut case) = match begin(&clerk, id, &raw, "billing.withdraw", &bill_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let patient = case.patient_id();
    match lines::withdraw(&tx, &mut case, line_id.as_uuid()).await {
        Ok(()) => Ok(Either::Left(Redirect::to(tx.commit(done(patient, id).detail("changed", "line_withdrawn")).await?, bill_path(id)))),
        Err(error) => {
            drop(tx);
            refused(&clerk, id, raw, error.into()).await
        }
    }
}
