//! The masters page.

use actix_web::{HttpRequest, web};
use domain::masters::MasterKind;
use serde::Deserialize;
use tenancy::permission::MasterRead;
use tenancy::{Access, Audit, InfoClass};

use super::store;
use super::views::MastersPage;
use crate::error::AppError;
use crate::web::{Chrome, Nav, Page};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
    q: String,
}

/// Which releases are in force, and a search in one of the masters.
pub async fn show(access: Access<MasterRead>, asked: web::Query<Asked>, req: HttpRequest) -> Result<Page, AppError> {
    let kind = asked.kind.parse().unwrap_or(MasterKind::Drug);
    let tx = access.begin().await?;
    let releases = store::releases(&tx).await?;
    let found = store::search(&tx, kind, &asked.q, access.clock().today_jst()).await?;
    let receipt = tx.commit(Audit::viewed(InfoClass::Master).detail("master", kind.code())).await?;
    let chrome = Chrome::of(access.principal(), Nav::Account);
    let page = MastersPage::new(chrome, kind, asked.into_inner().q, releases, found);
    Page::full_or(&req, receipt, &page, page.as_results())
}
