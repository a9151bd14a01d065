//! Answers to signed-in people. Each needs the receipt of a committed, audited transaction; a view about a patient the receipt
//! does not name is refused before a byte leaves.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};
use askama::Template;
use domain::PatientId;
use tenancy::Receipt;

use crate::error::AppError;
use crate::web::htmx::is_htmx;

/// Whose information a view shows. No default: forgetting it does not compile.
pub trait Subjects {
    fn subjects(&self) -> Vec<PatientId>;
}

/// For views that show no patient.
#[macro_export]
macro_rules! no_subjects {
    ($($view:ty),+ $(,)?) => {$(
        impl $crate::web::page::Subjects for $view {
            fn subjects(&self) -> Vec<domain::PatientId> {
                Vec::new()
            }
        }
    )+};
}

#[derive(Debug)]
pub struct Page(HttpResponse);

impl Page {
    pub fn full<V: Template + Subjects>(receipt: Receipt, view: &V) -> Result<Self, AppError> {
        Self::checked(receipt, view, StatusCode::OK, || view.render())
    }

    /// Tells the page that asked (htmx) that something has happened: `chart-changed`, `refresh-<pane>`.
    #[must_use]
    pub fn event(mut self, name: &'static str) -> Self {
        self.0.headers_mut().insert(header::HeaderName::from_static("hx-trigger"), header::HeaderValue::from_static(name));
        self
    }

    /// The full page, or only the block when htmx asks for one.
    pub fn full_or<V: Template + Subjects, F: Template>(
        req: &HttpRequest,
        receipt: Receipt,
        view: &V,
        fragment: F,
    ) -> Result<Self, AppError> {
        if is_htmx(req) { Self::checked(receipt, view, StatusCode::OK, || fragment.render()) } else { Self::full(receipt, view) }
    }

    /// Only a part, for a page that is already open.
    pub fn fragment<V: Subjects, F: Template>(receipt: Receipt, view: &V, fragment: F) -> Result<Self, AppError> {
        Self::checked(receipt, view, StatusCode::OK, || fragment.render())
    }

    /// Says more to htmx: where to put the answer, what else to do.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            self.0
                .headers_mut()
                .insert(header::HeaderName::from_lowercase(name.to_ascii_lowercase().as_bytes()).unwrap_or(header::VARY), value);
        }
        self
    }

    /// The form again: 422, what was typed, and what to do.
    pub fn invalid<V: Template + Subjects>(receipt: Receipt, view: &V) -> Result<Self, AppError> {
        Self::checked(receipt, view, StatusCode::UNPROCESSABLE_ENTITY, || view.render())
    }

    /// Two texts side by side: 409.
    pub fn conflict<V: Template + Subjects>(receipt: Receipt, view: &V) -> Result<Self, AppError> {
        Self::checked(receipt, view, StatusCode::CONFLICT, || view.render())
    }

    fn checked<V: Subjects>(
        receipt: Receipt,
        view: &V,
        status: StatusCode,
        render: impl FnOnce() -> Result<String, askama::Error>,
    ) -> Result<Self, AppError> {
        cover(&receipt, &view.subjects())?;
        Ok(Self(private(status, &receipt).content_type("text/html; charset=utf-8").body(render()?)))
    }
}

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

/// 303 to a page, or `HX-Redirect` when htmx asked.
#[derive(Debug)]
pub struct Redirect {
    to: String,
    receipt: Receipt,
}

impl Redirect {
    pub fn to(receipt: Receipt, path: impl Into<String>) -> Self {
        Self { to: path.into(), receipt }
    }
}

impl Responder for Redirect {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        if is_htmx(req) {
            private(StatusCode::OK, &self.receipt).insert_header(("HX-Redirect", self.to)).finish()
        } else {
            private(StatusCode::SEE_OTHER, &self.receipt).insert_header((header::LOCATION, self.to)).finish()
        }
    }
}

/// Small answers for scripts (autosave, passkeys).
#[derive(Debug)]
pub struct Json(HttpResponse);

impl Json {
    /// `subjects` is whose information `value` tells.
    pub fn of(receipt: Receipt, status: StatusCode, subjects: &[PatientId], value: &serde_json::Value) -> Result<Self, AppError> {
        cover(&receipt, subjects)?;
        Ok(Self(private(status, &receipt).content_type("application/json").body(value.to_string())))
    }
}

impl Responder for Json {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

/// A file for the reader's own machine: forms on paper, exports.
#[derive(Debug)]
pub struct Download(HttpResponse);

impl Download {
    /// `file_name` is ASCII and names no patient.
    pub fn of(
        receipt: Receipt,
        subjects: &[PatientId],
        content_type: &str,
        disposition: &str,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Result<Self, AppError> {
        cover(&receipt, subjects)?;
        let disposition = format!("{disposition}; filename=\"{file_name}\"");
        Ok(Self(
            private(StatusCode::OK, &receipt)
                .content_type(content_type)
                .insert_header((header::CONTENT_DISPOSITION, disposition))
                .body(bytes),
        ))
    }

    /// For bytes that came from outside: whatever they turn out to be, they run nothing and reach nothing.
    #[must_use]
    pub fn sandboxed(mut self) -> Self {
        let headers = self.0.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static("default-src 'none'; sandbox"));
        headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("identity"));
        headers.insert(header::HeaderName::from_static("cross-origin-resource-policy"), header::HeaderValue::from_static("same-origin"));
        self
    }
}

impl Responder for Download {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

fn cover(receipt: &Receipt, subjects: &[PatientId]) -> Result<(), AppError> {
    if subjects.iter().all(|p| receipt.covers(*p)) {
        Ok(())
    } else {
        Err(AppError::internal("a view shows a subject its receipt does not cover"))
    }
}

fn private(status: StatusCode, receipt: &Receipt) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "HX-Request"))
        .insert_header(("Server-Timing", format!("statements;desc=\"{}\"", receipt.statements())));
    response
}

/// Pages anyone may see: sign-in, errors, the public site.
#[derive(Debug)]
pub struct PublicPage(HttpResponse);

impl PublicPage {
    pub fn new<V: Template>(view: &V) -> Result<Self, AppError> {
        Self::with_status(StatusCode::OK, view)
    }

    pub fn with_status<V: Template>(status: StatusCode, view: &V) -> Result<Self, AppError> {
        Ok(Self(
            HttpResponse::build(status)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .content_type("text/html; charset=utf-8")
                .body(view.render()?),
        ))
    }

    pub fn redirect(path: &str) -> Self {
        Self(HttpResponse::SeeOther().insert_header((header::LOCATION, path)).insert_header((header::CACHE_CONTROL, "no-store")).finish())
    }

    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self(
            HttpResponse::build(status)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .content_type("application/json")
                .body(value.to_string()),
        )
    }

    /// Adds a cookie to the answer.
    pub fn cookie(mut self, cookie: actix_web::cookie::Cookie<'_>) -> Self {
        if let Err(e) = self.0.add_cookie(&cookie) {
            tracing::error!(error = %e, "cookie was not set");
        }
        self
    }
}

impl Responder for PublicPage {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}
