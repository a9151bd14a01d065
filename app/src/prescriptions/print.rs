//! 処方箋: what goes on the paper, a look before printing, and the PDF itself.

use actix_web::web;
use chrono::NaiveDate;
use domain::clock;
use domain::patient::Patient;
use domain::prescription::head::{HeadContent, Leftover};
use domain::prescription::registration::RegistrationStatus;
use domain::prescription::{GenericSubstitution, Preparation};
use domain::{CoverageId, EncounterId, PatientId, wareki};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use tenancy::permission::PrescriptionPrint;
use tenancy::{Access, Act, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::entity::medication_request::Model;
use super::entity::prescription;
use super::paper::{self, Sheet, SheetLine};
use super::store::{self, heads, lines};
use super::views::{LineView, PrintPage, amount, printed_name, supply};
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::encounters::store as encounters;
use crate::eprescriptions::entity::registration;
use crate::eprescriptions::store as eprescriptions;
use crate::error::AppError;
use crate::paper::Paper;
use crate::patients::store as patients;
use crate::web::{Chrome, Download, Nav, Page, PatientStripe};

/// Everything the paper says, read in one transaction.
struct Issue {
    patient: Patient,
    coverage: Option<coverage::Model>,
    /// 公費, in their order: payer and recipient number.
    public: Vec<(String, String)>,
    head: HeadContent,
    /// Electronic prescriptions of the visit that the service has or may have.
    held: Vec<registration::Model>,
    signed: Vec<prescription::Model>,
    lines: Vec<Model>,
    has_draft: bool,
    clinic: Clinic,
    doctor: String,
    issued_on: NaiveDate,
}

struct Clinic {
    name: String,
    address: String,
    tel: String,
    institution_code: String,
}

impl Issue {
    async fn read(tx: &TenantTx, id: EncounterId) -> Result<Self, AppError> {
        let visit = encounters::get(tx, id).await?;
        let (lines, drafts): (Vec<_>, Vec<_>) = lines::lines(tx, id).await?.into_iter().partition(|line| line.status == store::SIGNED);
        let Some((signed_at, signer)) = lines.iter().filter_map(|line| line.signed_at.zip(line.signed_by_id)).max() else {
            return Err(AppError::Refused("署名された処方がありません。医師が署名してから印刷してください。".into()));
        };
        let coverage = match visit.coverage_id {
            Some(id) => Some(coverages::get(tx, CoverageId::new(id)).await?),
            None => None,
        };
        let signed: Vec<_> = heads::of_encounter(tx, id).await?.into_iter().filter(|head| head.signed_at.is_some()).collect();
        let today = clock::today(signed_at);
        Ok(Self {
            patient: patients::get(tx, PatientId::new(visit.patient_id)).await?,
            public: public_expense(tx, PatientId::new(visit.patient_id), today).await?,
            head: signed.last().map(heads::content_of).unwrap_or_default(),
            held: held(tx, id).await?,
            signed,
            coverage,
            lines,
            has_draft: !drafts.is_empty(),
            clinic: clinic(tx).await?,
            doctor: staff_name(tx, signer).await?,
            issued_on: today,
        })
    }

    /// What goes on paper: nothing that is registered, or may be.
    fn for_paper(mut self) -> Result<Self, AppError> {
        let is_held = |id: Option<Uuid>| self.held.iter().any(|row| Some(row.id) == id);
        self.lines.retain(|line| !is_held(line.prescription_id));
        self.head = self.signed.iter().rfind(|head| !is_held(Some(head.id))).map(heads::content_of).unwrap_or_default();
        if self.lines.is_empty() {
            return Err(AppError::Refused(
                "電子処方箋として登録中か登録済みのため、紙の処方箋は出せません。控えを渡すか、カルテの処方で紙へ切り替えてください。"
                    .into(),
            ));
        }
        Ok(self)
    }

    /// 控え: of the electronic prescription where there is one, once it has its numbers.
    fn for_copy(mut self) -> Result<(Self, Option<registration::Model>), AppError> {
        if self.held.is_empty() {
            return Ok((self, None));
        }
        let registered = self.held.iter().rfind(|row| !row.register_id.is_empty()).cloned();
        let Some(row) = registered else {
            return Err(AppError::Refused(
                "電子処方箋の登録が済んでいないため、控えはまだ出せません。引換番号が出るまでお待ちください。".into(),
            ));
        };
        self.lines.retain(|line| line.prescription_id == Some(row.id));
        self.head = self.signed.iter().find(|head| head.id == row.id).map(heads::content_of).unwrap_or_default();
        Ok((self, Some(row)))
    }

    fn sheet(&self) -> Sheet {
        let d = &self.patient.demographics;
        let mut sheet = Sheet {
            patient_name: d.name.ideographic.clone(),
            patient_kana: d.name.syllabic.as_str().to_owned(),
            birth_date: wareki::long(d.birth_date),
            sex: d.sex.label().to_owned(),
            clinic_address: self.clinic.address.clone(),
            clinic_name: self.clinic.name.clone(),
            clinic_tel: self.clinic.tel.clone(),
            institution_code: self.clinic.institution_code.clone(),
            doctor_name: self.doctor.clone(),
            issued_on: wareki::long(self.issued_on),
            lines: self.lines.iter().map(sheet_line).collect(),
            public: self.public.clone(),
            valid_to: self.head.valid_to.map(wareki::long).unwrap_or_default(),
            refill: self.head.refill,
            asks_back: self.head.leftover == Leftover::Query,
            reports_back: self.head.leftover == Leftover::Report,
            remarks: self.remarks(),
            ..Sheet::default()
        };
        if let Some(c) = self.coverage.as_ref().filter(|c| !is_public(c)) {
            sheet.insurer_number = c.insurer_number.clone();
            sheet.insured = insured(c);
            sheet.relation = if c.relation == "self" { "被保険者" } else { "被扶養者" }.to_owned();
            sheet.copay = c.copay_percent.map(|percent| format!("{}割", percent / 10)).unwrap_or_default();
        }
        sheet
    }

    /// 備考: what the head says, and the third 公費 that has no boxes of its own.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.head.split > 0 {
            remarks.push(format!("分割指示 {}回", self.head.split));
        }
        for (payer, recipient) in self.public.iter().skip(2) {
            remarks.push(format!("公費 {payer}・{recipient}"));
        }
        if !self.head.remark.is_empty() {
            remarks.push(self.head.remark.clone());
        }
        remarks
    }
}

async fn held(tx: &TenantTx, id: EncounterId) -> Result<Vec<registration::Model>, Error> {
    let mut held = Vec::new();
    for row in eprescriptions::of_encounter(tx, id).await? {
        if eprescriptions::status(&row)?.bars_paper() {
            held.push(row);
        }
    }
    Ok(held)
}

/// 公費 in force on the day of issue. The numbers stand where a plan's own numbers stand.
pub async fn public_expense(tx: &TenantTx, patient: PatientId, day: NaiveDate) -> Result<Vec<(String, String)>, Error> {
    let group = patients::group_ids(tx, patient).await?;
    let rows = coverages::in_force(tx, &group, day).await?;
    Ok(coverages::public_on(&rows, day).into_iter().map(|row| (row.insurer_number.clone(), row.insured_number.clone())).collect())
}

pub fn is_public(row: &coverage::Model) -> bool {
    coverages::kind_of(row).is_public()
}

fn sheet_line(line: &Model) -> SheetLine {
    let substitution = GenericSubstitution::from_code(&line.generic_substitution);
    SheetLine {
        drug_name: printed_name(line),
        amount: amount(line),
        usage: [line.usage_text.clone(), supply(line)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("　"),
        comment: remark_of(line),
        is_change_barred: substitution == Some(GenericSubstitution::MedicallyBarred),
        is_patient_wish: substitution == Some(GenericSubstitution::PatientWish),
    }
}

/// 一包化・粉砕 and 残薬 go to the pharmacy with the line.
fn remark_of(line: &Model) -> String {
    let preparation = Preparation::from_code(&line.preparation).unwrap_or_default().label().to_owned();
    let leftover = if line.leftover_days > 0 { format!("残薬{}日分を調整済み", line.leftover_days) } else { String::new() };
    [preparation, leftover, line.comment.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("　")
}

/// `12345678・9000001 (枝番) 00`.
fn insured(c: &coverage::Model) -> String {
    let card = [&c.insured_symbol, &c.insured_number].into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("・");
    if c.branch_number.is_empty() { card } else { format!("{card} (枝番) {}", c.branch_number) }
}

async fn clinic(tx: &TenantTx) -> Result<Clinic, Error> {
    let query = Query::select()
        .columns(["name", "address", "tel", "institution_code"])
        .from("tenant")
        .and_where(Expr::col("id").eq(tx.tenant_id().as_uuid()))
        .take();
    let row = tx.query_one(&query).await?.ok_or(Error::NotFound)?;
    let text = |column: &str| row.try_get::<String>("", column);
    Ok(Clinic { name: text("name")?, address: text("address")?, tel: text("tel")?, institution_code: text("institution_code")? })
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

async fn draw(sheet: Sheet) -> Result<Paper, AppError> {
    crate::paper::draw(move |faces| paper::draw(&sheet, faces)).await
}

/// A look before printing: the lines, the dates, and the letters that cannot be printed as they are.
pub async fn preview(access: Access<PrescriptionPrint>, path: web::Path<EncounterId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let issue = Issue::read(&tx, *path).await?;
    let namesakes = patients::count_namesakes(&tx, &issue.patient).await?;
    let (patient_id, now) = (issue.patient.id, tx.now());
    let receipt = tx.commit(Audit::viewed(InfoClass::Prescription).subject(patient_id).entity("encounter", *path)).await?;
    let paper = draw(issue.sheet()).await?;
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
        has_paper: issue.lines.iter().any(|line| !issue.held.iter().any(|row| Some(row.id) == line.prescription_id)),
        electronic: issue.held.last().map(|row| {
            let label = RegistrationStatus::from_code(&row.status).map_or("", RegistrationStatus::label);
            (label, row.access_code.clone(), row.register_id.clone())
        }),
        replaced: paper.replaced.into_iter().map(|r| r.sentence()).collect(),
    };
    Page::full(receipt, &page)
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
    let (issue, registered) = if is_copy { issue.for_copy()? } else { (issue.for_paper()?, None) };
    let (register_id, access_code) = registered.map(|row| (row.register_id, row.access_code)).unwrap_or_default();
    let paper = draw(Sheet { is_copy, register_id, access_code, ..issue.sheet() }).await?;
    let receipt = tx.commit(audit).await?;
    let name = if is_copy { "prescription-copy.pdf" } else { "prescription.pdf" };
    Download::of(receipt, &[issue.patient.id], "application/pdf", "inline", name, paper.pdf)
}
