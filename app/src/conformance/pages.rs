//! `/conformance` and `/conformance.json`.

use actix_web::http::StatusCode;

use super::rows_of_this_process;
use super::views::ConformancePage;
use crate::error::AppError;
use crate::web::Routes;
use crate::web::page::PublicPage;

pub fn routes(r: &mut Routes) {
    r.public_get("/conformance", show, "what is proven and what is open, for everybody");
    r.public_get("/conformance.json", json, "the same for programs");
}

async fn show() -> Result<PublicPage, AppError> {
    PublicPage::new(&ConformancePage::of(rows_of_this_process()))
}

async fn json() -> Result<PublicPage, AppError> {
    let rows = serde_json::to_value(rows_of_this_process()).map_err(AppError::internal)?;
    Ok(PublicPage::json(StatusCode::OK, &rows))
}
