//! 予約票 for the patient to take home.

use actix_web::web;
use chrono::Datelike;
use domain::AppointmentId;
use domain::clock::jst;
use tenancy::permission::AppointmentRead;
use tenancy::{Access, Act, Audit, InfoClass};

use super::act::booking_line;
use crate::appointments::store;
use crate::appointments::views::SlipPage;
use crate::clinic;
use crate::error::AppError;
use crate::web::{Page, Subjects};

pub async fn slip(access: Access<AppointmentRead>, path: web::Path<AppointmentId>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let row = store::get(&tx, *path).await?;
    let clinic = clinic::store::get(&tx).await?;
    let page = SlipPage {
        clinic: clinic.name,
        address: clinic.address,
        tel: clinic.tel,
        booking: booking_line(&access, &tx, &row).await?,
        year: row.day.year(),
        printed: jst(tx.now()).format("%Y-%m-%d %H:%M").to_string(),
    };
    let audit = Audit::of(Act::Print, InfoClass::Appointment).entity("appointment", *path).subjects(page.subjects());
    Page::full(tx.commit(audit).await?, &page)
}
