//! 領収書 and 明細書 as PDF. Each one made is in the audit log as a print.

use actix_web::web;
use domain::{EncounterId, PatientId, PaymentNoticeId, clock, wareki};
use tenancy::permission::{BillingPrint, BillingRead};
use tenancy::{Access, Act, Audit, InfoClass, TenantTx};

use crate::billing::account::Case;
use crate::billing::entity::invoice;
use crate::billing::paper::{self, Head, Receipt, Statement};
use crate::billing::store::{self, BilledLine};
use crate::clinic::letterhead;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::patients::store as patients;
use crate::web::Download;

/// 領収書 of one receipt, which may cover several visits.
pub async fn receipt(access: Access<BillingPrint>, path: web::Path<PaymentNoticeId>) -> Result<Download, AppError> {
    let tx = access.begin().await?;
    let payment = store::payment(&tx, *path).await?;
    let rows = store::of_receipt(&tx, payment.receipt_id).await?;
    let first = rows.first().unwrap_or(&payment);
    let id = EncounterId::new(first.encounter_id);
    let case = Case::load(&tx, encounters::get(&tx, id).await?).await?;
    let bill = store::bill(&tx, id).await?;
    let head = head(&tx, &case).await?;
    let sheet = Receipt::of(head, &case, bill.as_ref(), &rows);
    let audit = Audit::of(Act::Print, InfoClass::Billing)
        .subject(case.patient_id())
        .subjects(rows.iter().map(|row| PatientId::new(row.patient_id)))
        .entity("payment_notice", *path);
    let paper = crate::paper::draw(move |faces| paper::receipt(&sheet, faces)).await?;
    Download::of(tx.commit(audit).await?, &[case.patient_id()], "application/pdf", "inline", "receipt.pdf", paper.pdf)
}

/// 明細書 of the bill in force.
pub async fn statement(access: Access<BillingRead>, path: web::Path<EncounterId>) -> Result<Download, AppError> {
    let tx = access.begin().await?;
    let case = Case::load(&tx, encounters::get(&tx, *path).await?).await?;
    let Some(bill) = store::bill(&tx, *path).await? else {
        return Err(AppError::Refused("まだ請求していないため、明細書を作れません。会計を済ませてから印刷してください。".into()));
    };
    let sheet = Statement { head: head(&tx, &case).await?, lines: lines_of(&bill)?, bill };
    let audit = Audit::of(Act::Print, InfoClass::Billing).subject(case.patient_id()).entity("encounter", *path);
    let paper = crate::paper::draw(move |faces| paper::statement(&sheet, faces)).await?;
    Download::of(tx.commit(audit).await?, &[case.patient_id()], "application/pdf", "inline", "statement.pdf", paper.pdf)
}

fn lines_of(bill: &invoice::Model) -> Result<Vec<BilledLine>, AppError> {
    serde_json::from_value(bill.lines.clone()).map_err(AppError::internal)
}

async fn head(tx: &TenantTx, case: &Case) -> Result<Head, AppError> {
    let patient = patients::get(tx, case.patient_id()).await?;
    let clinic = letterhead(tx).await?;
    Ok(Head {
        patient_name: patient.demographics.name.ideographic.clone(),
        patient_number: patient.number.as_str().to_owned(),
        visited_on: wareki::long(case.visit.reception_date),
        printed_on: wareki::long(clock::today(tx.now())),
        coverage: case.coverage_words().unwrap_or_else(|| "自費".into()),
        clinic_name: clinic.name,
        clinic_address: clinic.address,
        clinic_tel: clinic.tel,
    })
}
