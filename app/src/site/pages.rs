//! The handlers of the public pages.

use actix_web::HttpResponse;

use super::features;
use super::prices::Prices;
use super::views::{FeaturesPage, HomePage, PricingPage};
use crate::error::AppError;
use crate::web::page::PublicPage;

pub async fn home() -> Result<PublicPage, AppError> {
    PublicPage::new(&HomePage)
}

pub async fn pricing() -> Result<PublicPage, AppError> {
    PublicPage::new(&PricingPage { prices: Prices::read().map_err(AppError::internal)? })
}

pub async fn features() -> Result<PublicPage, AppError> {
    let features = features::read().map_err(AppError::internal)?;
    PublicPage::new(&FeaturesPage::of(&features))
}

/// The form's columns as a file for a spreadsheet.
pub async fn features_csv() -> Result<HttpResponse, AppError> {
    let mut csv = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    csv.write_record(["項番", "分類", "機能名", "機能", "実装有無", "備考"]).map_err(AppError::internal)?;
    for f in features::read().map_err(AppError::internal)? {
        let no = f.no.to_string();
        csv.write_record([&no, &f.group, &f.name, &f.text, f.answer.mark(), &f.remark]).map_err(AppError::internal)?;
    }
    let body = csv.into_inner().map_err(AppError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"features.csv\""))
        .body(body))
}
