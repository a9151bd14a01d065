//! お薬手帳のページ and 薬袋のラベル of one visit.

use actix_web::web;
use domain::EncounterId;
use tenancy::permission::PrescriptionPrint;
use tenancy::{Access, Act, Audit, InfoClass};

use super::issue::Issue;
use super::paper;
use crate::error::AppError;
use crate::web::Download;

/// お薬手帳: every signed drug of the visit.
pub async fn notebook(access: Access<PrescriptionPrint>, path: web::Path<EncounterId>) -> Result<Download, AppError> {
    printed(&access, *path, "medication-notebook.pdf", false).await
}

/// 薬袋のラベル: one for each drug the clinic hands out itself.
pub async fn labels(access: Access<PrescriptionPrint>, path: web::Path<EncounterId>) -> Result<Download, AppError> {
    printed(&access, *path, "medication-labels.pdf", true).await
}

async fn printed(access: &Access<PrescriptionPrint>, id: EncounterId, name: &'static str, is_label: bool) -> Result<Download, AppError> {
    let tx = access.begin().await?;
    let mut issue = Issue::read(&tx, id).await?;
    if is_label {
        issue = issue.for_labels()?;
    }
    let audit = Audit::of(Act::Print, InfoClass::Prescription)
        .subject(issue.patient.id)
        .entity("encounter", id)
        .detail("lines", issue.lines.len())
        .detail("paper", name);
    let (patient, sheet) = (issue.patient.id, issue.sheet());
    let draw = if is_label { paper::labels } else { paper::notebook };
    let paper = crate::paper::draw(move |faces| draw(&sheet, faces)).await?;
    let receipt = tx.commit(audit).await?;
    Download::of(receipt, &[patient], "application/pdf", "inline", name, paper.pdf)
}
