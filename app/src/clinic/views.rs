//! The settings page.

use askama::Template;

use crate::web::{Chrome, FormState};

#[derive(Template)]
#[template(path = "clinic/show.html")]
pub struct ClinicPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub saved: bool,
    pub institution_code: String,
}

crate::no_subjects!(ClinicPage);
