//! 処方箋: what goes on the paper, a look before printing, and the PDF itself.

use actix_web::web;
use chrono::NaiveDate;
use domain::prescription::registration::RegistrationStatus;
use domain::{EncounterId, PatientId, clock, wareki};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use tenancy::permission::PrescriptionPrint;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::issue::Issue;
use super::paper::{self, Sheet};
use super::slips::Slip;
use super::views::{LineView, PrintPage};
use crate::adapters::eprescription::symbol_bytes;
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::eprescriptions::entity::registration;
use crate::error::AppError;
use crate::paper::Paper;
use crate::paper::symbol::{self, Symbol};
use crate::patients::store as patients;
use crate::web::{Chrome, Download, Nav, Page, PatientStripe};

/// 公費 in force on the day of issue. The numbers stand where a plan's own numbers stand.
pub async fn public_expense(tx: &TenantTx, patient: PatientId, day: NaiveDate) -> Result<Vec<(String, String)>, Error> {
    let group = patients::group_ids(tx, patient).await?;
    let rows = coverages::in_force(tx, &group, day).await?;
    Ok(coverages::public_on(&rows, day).into_iter().map(|row| (row.insurer_number.clone(), row.insured_number.clone())).collect())
}

pub fn is_public(row: &coverage::Model) -> bool {
    coverages::kind_of(row).is_public()
}

pub async fn staff_name(tx: &TenantTx, id: Uuid) -> Result<String, Error> {
    let query = Query::select()
        .column("name")
        .from("staff")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("id").eq(id))
        .take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    Ok(row.try_get("", "name")?)
}

async fn draw(sheets: Vec<Sheet>) -> Result<Paper, AppError> {
    crate::paper::draw(move |faces| paper::draw(&sheets, faces)).await
}

/// 2次元シンボル of a 処方箋 on paper: what was registered word for word, else what would be. What the records cannot say has no symbol.
async fn symbols(tx: &TenantTx, slip: &Slip) -> Result<Vec<Symbol>, AppError> {
    let Some(head) = slip.head.as_ref().filter(|_| slip.is_alone) else { return Ok(Vec::new()) };
    let (id, access_code) = slip.registration.as_ref().map_or((None, ""), |row| (Some(row.id), row.access_code.as_str()));
    let Some(csv) = crate::eprescriptions::records_of(tx, head, slip.part, id).await? else { return Ok(Vec::new()) };
    match symbol::symbols(&symbol_bytes(&csv, access_code)) {
        Ok(symbols) => Ok(symbols),
        Err(symbol::SymbolError::TooLong) => Ok(Vec::new()),
        Err(error) => Err(AppError::internal(error)),
    }
}

/// A look before printing: the lines, the dates, and the letters that cannot be printed as they are.
pub async fn preview(access: Access<PrescriptionPrint>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let issue = Issue::read(&tx, *path).await?;
    let namesakes = patients::count_namesakes(&tx, &issue.patient).await?;
    let (patient_id, now) = (issue.patient.id, tx.now());
    let receipt = tx.commit(Audit::viewed(InfoClass::Prescription).subject(patient_id).entity("encounter", *path)).await?;
    let paper = draw(vec![issue.sheet()]).await?;
    let (has_paper, has_inside, electronic) = (issue.has_paper(), issue.has_inside(), electronic(&issue));
    let page = PrintPage {
        chrome: Chrome::of(access.principal(), Nav::Today),
        stripe: PatientStripe::of(&issue.patient, clock::today(now), namesakes),
        encounter_id: *path,
        lines: issue.lines.iter().map(LineView::of).collect(),
        has_draft: issue.has_draft,
        issued_on: wareki::long(issue.issued_on),
        usable_until: wareki::long(issue.head.usable_until(issue.issued_on)),
        doctor: issue.doctor,
        coverage: issue.coverage.as_ref().map(coverages::words).unwrap_or_default(),
        has_paper,
        has_inside,
        electronic,
        replaced: paper.replaced.into_iter().map(|r| r.sentence()).collect(),
    };
    Page::full(receipt, &page)
}

/// The electronic 処方箋 of a visit as it stands: state, 引換番号, 処方箋ID. Of one in parts each part, else the last.
fn electronic(issue: &Issue) -> Vec<(String, String, String)> {
    let mut rows: Vec<_> = issue.held.iter().filter(|row| !row.is_on_paper()).collect();
    if let Some(last) = rows.last().map(|row| row.prescription_id()) {
        rows.retain(|row| row.prescription_id() == last);
    }
    let said = |row: &&registration::Model| {
        let label = RegistrationStatus::from_code(&row.status).map_or("", RegistrationStatus::label);
        let part = row.part.map(|no| format!("分割{no}回目 ")).unwrap_or_default();
        (format!("{part}{label}"), row.access_code.clone(), row.register_id.clone())
    };
    rows.iter().map(said).collect()
}

/// The paper. Each one made is in the audit log as a print.
pub async fn pdf(access: Access<PrescriptionPrint>, path: web::Path<EncounterId>) -> Result<Download, AppError> {
    printed(&access, *path, false).await
}

/// 控え: the same content for the patient to keep, marked as no 処方箋.
pub async fn copy(access: Access<PrescriptionPrint>, path: web::Path<EncounterId>) -> Result<Download, AppError> {
    printed(&access, *path, true).await
}

async fn printed(access: &Access<PrescriptionPrint>, id: EncounterId, is_copy: bool) -> Result<Download, AppError> {
    let tx = access.begin().await?;
    let issue = Issue::read(&tx, id).await?;
    let audit = Audit::of(Act::Print, InfoClass::Prescription)
        .subject(issue.patient.id)
        .entity("encounter", id)
        .detail("lines", issue.lines.len())
        .detail("copy", is_copy);
    let slips = if is_copy { issue.for_copy()? } else { issue.for_paper()? };
    let mut sheets = Vec::new();
    for slip in &slips {
        let numbers = slip.registration.as_ref().map(|row| (row.register_id.clone(), row.access_code.clone()));
        let (register_id, access_code) = numbers.unwrap_or_default();
        let symbols = if is_copy { Vec::new() } else { symbols(&tx, slip).await? };
        sheets.push(Sheet { is_copy, register_id, access_code, symbols, ..issue.slip_sheet(slip) });
    }
    let paper = draw(sheets).await?;
    let receipt = tx.commit(audit).await?;
    let name = if is_copy { "prescription-copy.pdf" } else { "prescription.pdf" };
    Download::of(receipt, &[issue.patient.id], "application/pdf", "inline", name, paper.pdf)
}
