//! The settings page.

use askama::Template;

use crate::attachments::ScannerLine;
use crate::web::{Chrome, FormState};

#[derive(Template)]
#[template(path = "clinic/show.html")]
pub struct ClinicPage {
    pub chrome: Chrome,
    pub form: FormState,
    pub saved: bool,
    pub institution_code: String,
    /// What looks at uploaded files, and how old its signatures are.
    pub scanner: ScannerLine,
    pub is_hospital: bool,
}

crate::no_subjects!(ClinicPage);
