//! Terms, payments, corrections, refunds.

use actix_web::{Either, web};
use domain::EncounterId;
use tenancy::Act;

use super::{Answer, Begun, Clerk, begin, bill, bill_path, done, refused};
use crate::billing::acts::{self, Refusal};
use crate::billing::forms::RawBillForm;
use crate::billing::lines;
use crate::error::AppError;
use crate::web::Redirect;

/// Where a settled visit leads: the queue, with its papers at hand.
fn settled_path(id: EncounterId) -> String {
    format!("/billing?done={id}")
}

/// 負担割合と公費.
pub async fn set_terms(clerk: Clerk, path: web::Path<EncounterId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (id, raw) = (*path, form.into_inner());
    let (tx, case) = match begin(&clerk, id, &raw, "billing.terms", &bill_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let change = match raw.terms() {
        Ok(change) => change,
        Err(errors) => {
            drop(tx);
            return bill::invalid(&clerk, id, raw, errors).await;
        }
    };
    let (patient, mut account) = (case.patient_id(), case.account);
    account.copay_percent = change.copay_percent;
    account.public_yen = change.public_yen;
    account.public_rule = change.public_rule.to_owned();
    if let Some(rule) = change.cap_rule {
        account.cap_rule = rule.code().to_owned();
    }
    match lines::changed(&tx, account).await {
        Ok(_) => Ok(Either::Left(Redirect::to(tx.commit(done(patient, id).detail("changed", "terms")).await?, bill_path(id)))),
        Err(error) => {
            drop(tx);
            refused(&clerk, id, raw, error.into()).await
        }
    }
}

/// 受け取る・後日・概算預かり.
pub async fn settle(clerk: Clerk, path: web::Path<EncounterId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (id, raw) = (*path, form.into_inner());
    let (tx, case) = match begin(&clerk, id, &raw, "billing.settle", &settled_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let taken = match raw.settlement() {
        Ok(taken) => taken,
        Err(errors) => {
            drop(tx);
            return bill::invalid(&clerk, id, raw, errors).await;
        }
    };
    let patient = case.patient_id();
    match acts::settle(&tx, clerk.principal(), case, &taken).await {
        Ok(settled) => {
            let audit = tenancy::Audit::of(Act::Approve, tenancy::InfoClass::Billing)
                .subject(patient)
                .entity("encounter", id)
                .detail("unpaid_yen", settled.unpaid_yen);
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, settled_path(id))))
        }
        Err(refusal) => {
            drop(tx);
            refused(&clerk, id, raw, refusal).await
        }
    }
}

/// 請求し直す.
pub async fn revise(clerk: Clerk, path: web::Path<EncounterId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (id, raw) = (*path, form.into_inner());
    let (tx, case) = match begin(&clerk, id, &raw, "billing.revise", &bill_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let patient = case.patient_id();
    let revised = match raw.correction() {
        Ok(reason) => acts::revise(&tx, clerk.principal(), case, &reason).await,
        Err(errors) => {
            drop(tx);
            return bill::invalid(&clerk, id, raw, errors).await;
        }
    };
    match revised {
        Ok(unpaid) => {
            let audit = done(patient, id).detail("changed", "revised").detail("unpaid_yen", unpaid);
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, bill_path(id))))
        }
        Err(refusal) => {
            drop(tx);
            refused(&clerk, id, raw, refusal).await
        }
    }
}

/// 返金.
pub async fn refund(clerk: Clerk, path: web::Path<EncounterId>, form: web::Form<RawBillForm>) -> Result<Answer, AppError> {
    let (id, raw) = (*path, form.into_inner());
    let (tx, case) = match begin(&clerk, id, &raw, "billing.refund", &bill_path(id)).await? {
        Begun::Now(begun) => *begun,
        Begun::Before(answer) => return Ok(Either::Left(answer)),
        Begun::Stale => return bill::stale(&clerk, id, raw).await,
    };
    let patient = case.patient_id();
    let refunded: Result<_, Refusal> = match raw.refund() {
        Ok(back) => acts::refund(&tx, clerk.principal(), case, back.amount_yen, back.method, &back.reason).await,
        Err(errors) => {
            drop(tx);
            return bill::invalid(&clerk, id, raw, errors).await;
        }
    };
    match refunded {
        Ok(settled) => {
            let audit = done(patient, id).detail("changed", "refunded").detail("unpaid_yen", settled.unpaid_yen);
            Ok(Either::Left(Redirect::to(tx.commit(audit).await?, bill_path(id))))
        }
        Err(refusal) => {
            drop(tx);
            refused(&clerk, id, raw, refusal).await
        }
    }
}
