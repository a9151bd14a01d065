//! The prescription of one visit: a box on the chart, and its own page.

use askama::Template;
use domain::prescription::{GenericSubstitution, USAGE_SHORTHANDS};
use domain::{EncounterId, PatientId};
use tenancy::permission::{Permission, PrescriptionPrint, PrescriptionRead, PrescriptionSign, PrescriptionWrite};
use tenancy::{Error, Principal, TenantTx};
use uuid::Uuid;

use super::drugs::Drug;
use super::entity::medication_request::Model;
use super::forms::RawLineForm;
use super::store;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

/// One line in words.
#[derive(Debug, Clone)]
pub struct LineView {
    pub id: Uuid,
    pub version: i32,
    pub name: String,
    pub dose: String,
    pub usage: String,
    pub supply: String,
    pub comment: String,
    pub substitution: &'static str,
    pub is_draft: bool,
}

impl LineView {
    pub fn of(row: &Model) -> Self {
        Self {
            id: row.id,
            version: row.version,
            name: row.drug_name.clone(),
            dose: amount(row),
            usage: row.usage_text.clone(),
            supply: supply(row),
            comment: row.comment.clone(),
            substitution: match GenericSubstitution::from_code(&row.generic_substitution) {
                Some(GenericSubstitution::MedicallyBarred) => "変更不可(医療上必要)",
                Some(GenericSubstitution::PatientWish) => "患者希望",
                _ => "",
            },
            is_draft: row.status == store::DRAFT,
        }
    }
}

/// `28日分`, `10回分`; a whole amount says it in the dose.
pub fn supply(row: &Model) -> String {
    row.days.map_or_else(|| row.quantity_text.clone(), |days| format!("{days}日分"))
}

/// `1錠`; of a 頓用 the dose is one time's: `1回1錠`.
pub fn amount(row: &Model) -> String {
    let once = if row.quantity_text.ends_with("回分") { "1回" } else { "" };
    format!("{once}{}{}", row.dose_value, row.dose_unit)
}

/// 処方 on the chart and on its own page. Include `prescriptions/_box.html` where a variable `prescription` of this type is in scope.
#[derive(Debug, Clone, Default)]
pub struct PrescriptionBox {
    pub encounter_id: String,
    pub patient_id: String,
    pub lines: Vec<LineView>,
    pub form: FormState,
    pub options: Vec<Drug>,
    pub can_read: bool,
    pub can_write: bool,
    pub can_sign: bool,
    pub can_print: bool,
}

impl PrescriptionBox {
    /// The visit's lines with an empty form below them; empty for a role that may not read prescriptions.
    pub async fn load(tx: &TenantTx, principal: &Principal, encounter: EncounterId, patient: PatientId) -> Result<Self, Error> {
        if !PrescriptionRead::RIGHT.allows(principal.role) {
            return Ok(Self::default());
        }
        let rows = store::lines(tx, encounter).await?;
        Ok(Self {
            encounter_id: encounter.to_string(),
            patient_id: patient.to_string(),
            lines: rows.iter().map(LineView::of).collect(),
            form: FormState::of(&RawLineForm::begun(tx.new_id())),
            options: Vec::new(),
            can_read: true,
            can_write: PrescriptionWrite::RIGHT.allows(principal.role),
            can_sign: PrescriptionSign::RIGHT.allows(principal.role),
            can_print: PrescriptionPrint::RIGHT.allows(principal.role),
        })
    }

    pub fn has_draft(&self) -> bool {
        self.lines.iter().any(|line| line.is_draft)
    }

    pub fn has_signed(&self) -> bool {
        self.lines.iter().any(|line| !line.is_draft)
    }

    /// What the doctor sees and signs: `id:version` of each draft.
    pub fn seen(&self) -> String {
        let draft = |line: &LineView| format!("{}:{}", line.id, line.version);
        self.lines.iter().filter(|line| line.is_draft).map(draft).collect::<Vec<_>>().join(" ")
    }

    pub fn shorthands(&self) -> &'static [(&'static str, &'static str)] {
        &USAGE_SHORTHANDS
    }

    pub fn supplies(&self) -> [(&'static str, &'static str); 3] {
        [("days", "日分"), ("times", "回分(頓用)"), ("total", "全量(外用など)")]
    }

    pub fn substitutions(&self) -> [(&'static str, &'static str); 3] {
        [
            (GenericSubstitution::Allowed.code(), "変更してよい"),
            (GenericSubstitution::MedicallyBarred.code(), "変更不可(医療上必要)"),
            (GenericSubstitution::PatientWish.code(), "先発を患者が希望"),
        ]
    }
}

/// The options under the search box.
#[derive(Debug, Clone, Template)]
#[template(path = "prescriptions/_drugs.html")]
pub struct DrugOptions {
    pub q: String,
    pub options: Vec<Drug>,
    pub drug_code: String,
}

crate::no_subjects!(DrugOptions);

/// 処方 of one visit.
#[derive(Debug, Clone, Template)]
#[template(path = "prescriptions/show.html")]
pub struct PrescriptionPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub prescription: PrescriptionBox,
}

impl Subjects for PrescriptionPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// Before printing: what will be on the paper, and which letters cannot be.
#[derive(Debug, Clone, Template)]
#[template(path = "prescriptions/print.html")]
pub struct PrintPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub encounter_id: EncounterId,
    pub lines: Vec<LineView>,
    pub has_draft: bool,
    pub issued_on: String,
    pub usable_until: String,
    pub doctor: String,
    pub coverage: String,
    pub replaced: Vec<String>,
}

impl Subjects for PrintPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
