//! 稼働状況: what the worker measured each minute, shown to everybody (AV-01, AV-05, AV-09). What nobody measured reads 未計測.

mod page;
pub mod probe;
mod views;

use crate::web::Routes;

pub fn routes(r: &mut Routes) {
    r.public_get("/status", page::show, "how the services ran, for everybody");
}

/// The product itself, as its users reach it.
pub const CHART: &str = "chart";

/// The rows of the page: code and name.
const SERVICES: [(&str, &str); 4] =
    [(CHART, "カルテ・受付"), ("eligibility", "資格確認の中継"), ("eprescription", "電子処方箋の中継"), ("receipt", "レセコンの中継")];
