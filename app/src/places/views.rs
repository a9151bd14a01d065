//! The page of places.

use askama::Template;
use tenancy::staff::place;
use uuid::Uuid;

use crate::web::{Chrome, FormState};

pub const KINDS: [(&str, &str); 4] = [("exam", "診察室"), ("reception", "受付"), ("ward", "病棟"), ("other", "そのほか")];

#[derive(Debug, Clone)]
pub struct PlaceRow {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub version: i32,
    pub is_retired: bool,
}

impl PlaceRow {
    pub fn is_kind(&self, code: &str) -> bool {
        self.kind == code
    }

    pub fn of(row: &place::Model) -> Self {
        Self { id: row.id, name: row.name.clone(), kind: row.kind.clone(), version: row.version, is_retired: row.retired_at.is_some() }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "places/list.html")]
pub struct PlacesPage {
    pub chrome: Chrome,
    pub active: Vec<PlaceRow>,
    pub retired: Vec<PlaceRow>,
    /// A place to add.
    pub form: FormState,
    pub is_saved: bool,
}

impl PlacesPage {
    pub fn kinds(&self) -> [(&'static str, &'static str); 4] {
        KINDS
    }
}

crate::no_subjects!(PlacesPage);
