//! The pane itself.

use actix_web::{HttpRequest, web};
use domain::EncounterId;
use serde::Deserialize;
use tenancy::Access;
use tenancy::permission::PrescriptionRead;

use super::shown;
use crate::encounters::store as encounters;
use crate::error::AppError;
use crate::prescriptions::pane::Extra;
use crate::web::Page;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaneQuery {
    /// The line whose form is open.
    edit: String,
}

/// 処方: the box for the chart, else a page.
pub async fn show(
    access: Access<PrescriptionRead>,
    path: web::Path<EncounterId>,
    query: web::Query<PaneQuery>,
    req: HttpRequest,
) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let visit = encounters::get(&tx, *path).await?;
    let extra = Extra { editing: query.edit.parse().ok().map(|id| (id, None)), ..Extra::default() };
    shown(&access, tx, &visit, &req, extra, false).await
}
