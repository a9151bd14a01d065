//! The web layer shared by all slices.

pub mod act_form;
pub mod assets;
pub mod chrome;
pub mod context;
pub mod face;
pub mod form;
pub mod htmx;
pub mod month;
pub mod page;
pub mod render;
pub mod routes;
#[cfg(test)]
pub mod samples;
pub mod stripe;

pub use chrome::{Chrome, Nav};
pub use form::{FormErrors, FormState};
pub use htmx::{is_htmx, wants_json};
pub use page::{Download, Json, Page, PublicPage, Redirect, Subjects};
pub use routes::Routes;
pub use stripe::PatientStripe;
