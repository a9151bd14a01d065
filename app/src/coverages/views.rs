//! The form, old beside new, and the versions.

use askama::Template;
use domain::PatientId;
use domain::coverage::{CoverageContent, CoverageKind, Difference, LIMIT_CATEGORIES, Verification};

use super::entity::coverage::Model;
use super::forms::{RawCoverage, SHARES};
use super::history::Version;
use super::store;
use crate::web::page::Subjects;
use crate::web::{Chrome, FormState, PatientStripe};

type Choices = Vec<(&'static str, &'static str)>;

/// 保険 or 公費 as it is typed.
#[derive(Debug, Template)]
#[template(path = "coverages/form.html")]
pub struct CoveragePage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub action: String,
    pub is_edit: bool,
    pub is_public: bool,
    pub form: FormState,
}

impl CoveragePage {
    pub fn of(chrome: Chrome, stripe: PatientStripe, action: String, is_edit: bool, form: FormState) -> Self {
        let is_public = form.is("kind", CoverageKind::PublicExpense.code());
        Self { chrome, stripe, action, is_edit, is_public, form }
    }

    fn title(&self) -> &'static str {
        match (self.is_public, self.is_edit) {
            (true, false) => "公費を登録する",
            (true, true) => "公費を直す",
            (false, false) => "保険を登録する",
            (false, true) => "保険を直す",
        }
    }

    fn kinds(&self) -> Choices {
        let insurances = CoverageKind::ALL.into_iter().filter(|kind| *kind != CoverageKind::PublicExpense);
        insurances.map(|kind| (kind.code(), kind.label())).collect()
    }

    fn shares(&self) -> Choices {
        SHARES.to_vec()
    }

    fn limits(&self) -> Choices {
        LIMIT_CATEGORIES.to_vec()
    }

    fn ways(&self) -> Choices {
        Verification::ALL.map(|way| (way.code(), way.label())).to_vec()
    }

    fn ranks(&self) -> Choices {
        vec![("1", "第1公費"), ("2", "第2公費"), ("3", "第3公費"), ("4", "第4公費")]
    }

    /// The check digit of a recipient number was just refused: the paper may be right all the same.
    fn may_be_as_written(&self) -> bool {
        self.is_public
            && self
                .form
                .error("insured_number")
                .is_some_and(|says| says.contains("検証数字") || (says.contains("7桁") && self.form.value("insured_number").len() > 7))
    }
}

impl Subjects for CoveragePage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// 反映: what is known beside what was typed.
#[derive(Debug, Template)]
#[template(path = "coverages/compare.html")]
pub struct ComparePage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub action: String,
    pub differences: Vec<Difference>,
    /// Another card: the one before it ends.
    pub ends: Option<String>,
    pub is_stale: bool,
    /// What was typed, carried along.
    pub typed: Vec<(String, String)>,
}

impl ComparePage {
    pub fn of(
        chrome: Chrome,
        stripe: PatientStripe,
        action: String,
        old: Option<&Model>,
        new: &CoverageContent,
        raw: &RawCoverage,
        is_stale: bool,
    ) -> Self {
        let known = old.map(store::content_of);
        let replaced = known.as_ref().filter(|known| raw.version.is_empty() && !known.is_same_card(new));
        let ends = replaced.zip(old).map(|(known, row)| format!("{} は {} で終わりにします", store::words(row), known.closing_day(new)));
        let typed = match serde_json::to_value(raw) {
            Ok(serde_json::Value::Object(fields)) => {
                fields.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
            }
            _ => Vec::new(),
        };
        let differences = known.map(|known| known.differences(new)).unwrap_or_default();
        Self { chrome, stripe, action, differences, ends, is_stale, typed }
    }

    /// Everything but the answer this page asks for.
    fn carried(&self) -> impl Iterator<Item = &(String, String)> {
        self.typed.iter().filter(|(name, value)| name != "compared" && !value.is_empty())
    }
}

impl Subjects for ComparePage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}

/// 版履歴.
#[derive(Debug, Template)]
#[template(path = "coverages/history.html")]
pub struct HistoryPage {
    pub chrome: Chrome,
    pub stripe: PatientStripe,
    pub title: String,
    pub versions: Vec<Version>,
}

impl Subjects for HistoryPage {
    fn subjects(&self) -> Vec<PatientId> {
        vec![self.stripe.patient_id]
    }
}
