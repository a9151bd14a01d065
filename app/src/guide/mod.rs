//! 初日の手引き: what a new clinic has to set up before its first patient, ticked by looking at what is there. Nobody ticks by hand, and
//! the guide leaves the home page when everything is done.

mod store;
mod views;

use actix_web::web;
use tenancy::permission::ClinicManage;
use tenancy::{Access, Audit, InfoClass};

pub use store::{Done, done};
use views::{GuidePage, Step};

use crate::error::AppError;
use crate::web::{Chrome, Nav, Page, Routes};

pub fn routes(r: &mut Routes) {
    r.get("/guide", show);
}

async fn show(access: Access<ClinicManage>, _: web::Query<()>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let steps = Step::all(&done(&tx).await?);
    let page = GuidePage { chrome: Chrome::of(access.principal(), Nav::Clinic), steps };
    Page::full(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}
