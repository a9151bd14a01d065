//! Pages of sets.

use askama::Template;
use domain::order_set::SetScope;
use uuid::Uuid;

use super::entity::order_set::Model;
use super::store::sets::{self, SetLine};
use crate::web::Chrome;

/// A set in words.
#[derive(Debug, Clone)]
pub struct SetView {
    pub id: Uuid,
    pub version: i32,
    pub name: String,
    pub scope: SetScope,
    pub department: String,
    pub drugs: String,
}

impl SetView {
    pub fn of(row: &Model) -> Self {
        let drugs = sets::lines(row).iter().map(|line| line.name.clone()).collect::<Vec<_>>().join("、");
        Self {
            id: row.id,
            version: row.version,
            name: row.name.clone(),
            scope: SetScope::from_code(&row.scope).unwrap_or(SetScope::Clinic),
            department: row.department.clone(),
            drugs,
        }
    }

    /// `自分`, `診療科 内科`, `院内`.
    pub fn reach(&self) -> String {
        [self.scope.label(), &self.department].join(" ").trim_end().to_owned()
    }
}

#[derive(Template)]
#[template(path = "prescriptions/sets.html")]
pub struct SetListPage {
    pub chrome: Chrome,
    pub sets: Vec<SetView>,
}

impl SetListPage {
    pub fn of(chrome: Chrome, rows: &[Model]) -> Self {
        Self { chrome, sets: rows.iter().map(SetView::of).collect() }
    }
}

#[derive(Template)]
#[template(path = "prescriptions/set.html")]
pub struct SetPage {
    pub chrome: Chrome,
    pub set: SetView,
    pub lines: Vec<SetLine>,
    pub errors: Vec<String>,
}

impl SetPage {
    pub fn of(chrome: Chrome, row: &Model, lines: Vec<SetLine>, errors: Vec<String>) -> Self {
        Self { chrome, set: SetView::of(row), lines, errors }
    }

    pub fn scopes(&self) -> &'static [SetScope] {
        SetScope::ALL
    }

    pub fn is_scope(&self, scope: &SetScope) -> bool {
        self.set.scope == *scope
    }
}

crate::no_subjects!(SetListPage, SetPage);
