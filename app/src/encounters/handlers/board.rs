//! The list of a day: the page, and the part of it an open page asks for.

use actix_web::web;
use chrono::NaiveDate;
use domain::clock::clinic_day;
use serde::Deserialize;
use tenancy::permission::{
    BillingWrite, ClinicManage, CoverageWrite, EncounterRead, EncounterWrite, NoteRead, ObservationWrite, OrderRead, Permission,
    PrescriptionPrint, StickyWrite,
};
use tenancy::{Access, Audit, InfoClass};
use uuid::Uuid;

use crate::appointments::list as bookings;
use crate::encounters::list;
use crate::encounters::views::{Acts, Asked, BoardFacts, BoardPage, Filter, PlaceKey};
use crate::error::AppError;
use crate::guide;
use crate::web::{Chrome, Nav, Page, Subjects};

/// The day, the filters and what was just done live in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BoardQuery {
    day: String,
    state: String,
    doctor: String,
    place: String,
    /// The visit just moved: shown as a message.
    moved: String,
    /// Rows an open page asks for again, divided by commas; all without.
    ids: String,
}

impl BoardQuery {
    pub(super) fn asked<P: Permission>(&self, access: &Access<P>) -> Result<Asked, AppError> {
        let principal = access.principal();
        let today = clinic_day(access.clock().now(), principal.day_boundary_min as i32);
        Ok(Asked {
            day: day_of(&self.day, today)?,
            today,
            filter: Filter::asked(&self.state, principal.role),
            doctor: self.doctor.parse().ok(),
            place: PlaceKey::from_code(&self.place),
        })
    }

    pub(super) fn of(day: &str, state: &str, doctor: &str, place: &str) -> Self {
        let [day, state, doctor, place] = [day, state, doctor, place].map(str::to_owned);
        Self { day, state, doctor, place, ..Self::default() }
    }

    fn only(&self) -> Option<Vec<Uuid>> {
        (!self.ids.is_empty()).then(|| self.ids.split(',').filter_map(|id| id.parse().ok()).collect())
    }
}

/// 本日の受付.
pub async fn show(access: Access<EncounterRead>, query: web::Query<BoardQuery>) -> Result<Page, AppError> {
    let (receipt, page) = page(&access, &query).await?;
    Page::full(receipt, &page)
}

/// The counts, the order, and the rows that changed, for a page that is open.
pub async fn rows(access: Access<EncounterRead>, query: web::Query<BoardQuery>) -> Result<Page, AppError> {
    let (receipt, page) = page(&access, &query).await?;
    Page::fragment(receipt, &page, page.as_live())
}

async fn page(access: &Access<EncounterRead>, query: &BoardQuery) -> Result<(tenancy::Receipt, BoardPage), AppError> {
    let principal = access.principal();
    let asked = query.asked(access)?;
    let tx = access.begin().await?;
    let rows = list::of_day(&tx, asked.day).await?;
    let booked = if asked.shows_bookings() { bookings::of_board(&tx, asked.day).await? } else { Vec::new() };
    let guide_left = if access.may::<ClinicManage>() { guide::done(&tx).await?.left() } else { 0 };
    let facts = BoardFacts {
        guide_left,
        booked,
        beside: list::beside(&tx, &rows).await?,
        rows,
        asked,
        moved: query.moved.parse().ok(),
        only: query.only(),
        now: tx.now(),
        acts: acts(access),
    };
    let page = BoardPage::of(Chrome::of(principal, Nav::Today), principal, facts);
    let audit = Audit::viewed(InfoClass::Encounter).subjects(page.subjects()).detail("day", page.asked.day.to_string());
    Ok((tx.commit(audit).await?, page))
}

fn acts<P: Permission>(access: &Access<P>) -> Acts {
    Acts {
        chart: access.may::<NoteRead>(),
        measure: access.may::<ObservationWrite>(),
        receive: access.may::<EncounterWrite>(),
        take_in: access.may::<CoverageWrite>(),
        bill: access.may::<BillingWrite>(),
        print: access.may::<PrescriptionPrint>(),
        stick: access.may::<StickyWrite>(),
        results: access.may::<OrderRead>(),
    }
}

fn day_of(text: &str, today: NaiveDate) -> Result<NaiveDate, AppError> {
    if text.is_empty() {
        return Ok(today);
    }
    domain::wareki::parse(text).map_err(|_| AppError::Invalid("日付を読めません。2026-11-20 の形で入れてください。".into()))
}

/// The visit's row on the list, for links from elsewhere.
pub fn board_path(moved: Uuid) -> String {
    format!("/board?moved={moved}")
}
