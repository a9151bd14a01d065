//! Everything a paper of one visit says, and which of its 処方箋 may be on it.

use chrono::NaiveDate;
use domain::clock;
use domain::patient::Patient;
use domain::prescription::head::{HeadContent, IssueForm, Leftover};
use domain::prescription::registration::RegistrationStatus;
use domain::prescription::split::{self, Part};
use domain::prescription::{GenericSubstitution, Preparation};
use domain::{CoverageId, EncounterId, PatientId, wareki};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::medication_request::Model;
use super::entity::prescription;
use super::paper::{Sheet, SheetLine};
use super::print::{is_public, public_expense, staff_name};
use super::slips::Slip;
use super::store::{self, heads, lines};
use super::views::{amount, printed_name, supply};
use crate::coverages::entity::coverage;
use crate::coverages::store as coverages;
use crate::encounters::store as encounters;
use crate::eprescriptions::entity::registration;
use crate::eprescriptions::{narcotics, store as eprescriptions};
use crate::error::AppError;
use crate::patients::store as patients;

/// Everything the paper says, read in one transaction.
pub struct Issue {
    pub patient: Patient,
    pub coverage: Option<coverage::Model>,
    /// 公費, in their order: payer and recipient number.
    pub public: Vec<(String, String)>,
    pub head: HeadContent,
    /// Electronic prescriptions of the visit that the service has or may have.
    pub held: Vec<registration::Model>,
    /// The registrations of 処方箋 in parts, whatever became of them.
    pub parts: Vec<registration::Model>,
    pub signed: Vec<prescription::Model>,
    pub lines: Vec<Model>,
    pub has_draft: bool,
    /// 麻薬 among the lines: code, and what the paper says at it.
    pub narcotics: Vec<(String, String)>,
    pub clinic: Clinic,
    pub doctor: String,
    pub issued_on: NaiveDate,
}

pub struct Clinic {
    pub name: String,
    pub address: String,
    pub tel: String,
    pub institution_code: String,
}

impl Issue {
    pub async fn read(tx: &TenantTx, id: EncounterId) -> Result<Self, AppError> {
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
        let patient = patients::get(tx, PatientId::new(visit.patient_id)).await?;
        let registrations = eprescriptions::of_encounter(tx, id).await?;
        let mut held = registrations.clone();
        held.retain(|row| is_held(row).unwrap_or(true));
        Ok(Self {
            narcotics: narcotics::printed(tx, &lines, signer, &patient, today).await?,
            patient,
            public: public_expense(tx, PatientId::new(visit.patient_id), today).await?,
            head: signed.last().map(heads::content_of).unwrap_or_default(),
            held,
            parts: registrations.into_iter().filter(|row| row.part.is_some()).collect(),
            signed,
            coverage,
            lines,
            has_draft: !drafts.is_empty(),
            clinic: clinic(tx).await?,
            doctor: staff_name(tx, signer).await?,
            issued_on: today,
        })
    }

    /// What the clinic hands out itself.
    fn inside(&self) -> impl Iterator<Item = Uuid> {
        self.signed.iter().filter(|head| is_inside(head)).map(|head| head.id)
    }

    pub fn has_inside(&self) -> bool {
        self.inside().next().is_some()
    }

    /// Something of this visit goes on paper as a 処方箋.
    pub fn has_paper(&self) -> bool {
        self.for_paper().is_ok()
    }

    /// 薬袋: the drugs that are handed out here.
    pub fn for_labels(mut self) -> Result<Self, AppError> {
        let inside: Vec<Uuid> = self.inside().collect();
        self.lines.retain(|line| line.prescription_id.is_some_and(|of| inside.contains(&of)));
        if self.lines.is_empty() {
            return Err(AppError::Refused("院内で渡す薬がありません。薬袋のラベルは院内の処方だけ印刷できます。".into()));
        }
        Ok(self)
    }

    /// No paper of this one may leave. One written for paper waits for its number; one that is out already waits for nothing.
    pub fn bars(&self, row: &registration::Model) -> bool {
        use RegistrationStatus as S;
        if !row.is_on_paper() {
            return true;
        }
        let form = self.signed.iter().find(|head| head.id == row.prescription_id()).map(|head| heads::content_of(head).issue_form);
        match RegistrationStatus::from_code(&row.status) {
            Some(S::Registered | S::Received | S::Dispensed | S::Collected) => false,
            Some(S::Pending | S::Refused) => form == Some(IssueForm::Numbered),
            _ => true,
        }
    }

    /// Everything that was signed, on one sheet.
    pub fn sheet(&self) -> Sheet {
        self.sheet_of(&self.head, &self.lines, None)
    }

    pub fn slip_sheet(&self, slip: &Slip) -> Sheet {
        let content = slip.head.as_ref().map_or_else(|| self.head.clone(), heads::content_of);
        self.sheet_of(&content, &slip.lines, slip.part)
    }

    fn sheet_of(&self, content: &HeadContent, lines: &[Model], part: Option<Part>) -> Sheet {
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
            lines: lines.iter().map(|line| sheet_line(line, part, &self.narcotics)).collect(),
            public: self.public.clone(),
            valid_to: content.valid_to.map(wareki::long).unwrap_or_default(),
            refill: content.refill,
            part: part.map(|part| (part.no, part.of)),
            asks_back: content.leftover == Leftover::Query,
            reports_back: content.leftover == Leftover::Report,
            remarks: self.remarks(content, part),
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
    fn remarks(&self, content: &HeadContent, part: Option<Part>) -> Vec<String> {
        let mut remarks = Vec::new();
        if content.split > 0 && part.is_none() {
            remarks.push(format!("分割指示 {}回 {}", content.split, split::words(&content.split_days)).trim_end().to_owned());
        }
        for (payer, recipient) in self.public.iter().skip(2) {
            remarks.push(format!("公費 {payer}・{recipient}"));
        }
        if !content.remark.is_empty() {
            remarks.push(content.remark.clone());
        }
        remarks
    }
}

pub(super) fn is_inside(head: &prescription::Model) -> bool {
    heads::content_of(head).dispensed_at.is_inside()
}

fn is_held(row: &registration::Model) -> Result<bool, Error> {
    Ok(eprescriptions::status(row)?.bars_paper())
}

fn sheet_line(line: &Model, part: Option<Part>, narcotics: &[(String, String)]) -> SheetLine {
    let narcotic = narcotics.iter().find(|(code, _)| *code == line.drug_code).map(|(_, said)| said.clone());
    let substitution = GenericSubstitution::from_code(&line.generic_substitution);
    SheetLine {
        drug_name: printed_name(line),
        amount: amount(line),
        usage: [line.usage_text.clone(), supplied(line, part)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("　"),
        comment: [Some(remark_of(line)).filter(|said| !said.is_empty()), narcotic].into_iter().flatten().collect::<Vec<_>>().join("　"),
        is_change_barred: substitution == Some(GenericSubstitution::MedicallyBarred),
        is_patient_wish: substitution == Some(GenericSubstitution::PatientWish),
    }
}

/// Of a part: its own days, and all days together.
fn supplied(line: &Model, part: Option<Part>) -> String {
    part.map_or_else(|| supply(line), |part| format!("{}日分(総投与日数 {})", part.days, supply(line)))
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
