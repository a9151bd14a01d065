//! 資格確認の数: by which way the visits of a month were checked in, for the clinic's administrator (KPI-01, KPI-03), and
//! how often what patients allowed was looked at (KPI-04).

use actix_web::web;
use askama::Template;
use chrono::Days;
use domain::check_in::{ChannelFigures, CheckChannel};
use domain::encounter::VisitStatus;
use domain::prescription::figures::share_words;
use domain::{PatientId, clock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tenancy::permission::ClinicManage;
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use crate::audit::viewings::{self, Viewings};
use crate::encounters::entity::{encounter, reader_result};
use crate::encounters::reader_store::REFLECTED;
use crate::error::AppError;
use crate::web::month::{Month, MonthQuery};
use crate::web::{Chrome, Nav, Page, Subjects};

/// Visits of one month that are looked at; a clinic that has more is told so.
const VISITS: u64 = 20_000;
/// An answer may be older than the visit it was taken over for.
const EARLIER: Days = Days::new(31);

pub async fn show(access: Access<ClinicManage>, query: web::Query<MonthQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let month = Month::of(&query, clock::today(tx.now()));
    let visits = visits(&tx, month).await?;
    let figures = ChannelFigures::of(&visits, &checks(&tx, month).await?);
    let is_cut = visits.len() as u64 >= VISITS;
    let viewings = viewings::between(&tx, month.span()).await?;
    let page = FiguresPage { chrome: Chrome::of(access.principal(), Nav::Clinic), month, figures, is_cut, viewings };
    Page::full(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}

async fn visits(tx: &TenantTx, month: Month) -> Result<Vec<Uuid>, Error> {
    use encounter::Column as C;
    let rows = encounter::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::ReceptionDate.gte(month.first))
        .filter(C::ReceptionDate.lt(month.next()))
        .filter(C::Status.ne(VisitStatus::Cancelled.code()))
        .limit(VISITS)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows)
}

async fn checks(tx: &TenantTx, month: Month) -> Result<Vec<(Uuid, Option<CheckChannel>)>, Error> {
    use reader_result::Column as C;
    let (from, to) = month.span();
    let rows: Vec<(Option<Uuid>, String)> = reader_result::Entity::find()
        .select_only()
        .columns([C::EncounterId, C::Channel])
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::ReceivedAt.gte(from.checked_sub_days(EARLIER).unwrap_or(from)))
        .filter(C::ReceivedAt.lt(to.checked_add_days(Days::new(1)).unwrap_or(to)))
        .filter(C::Outcome.eq(REFLECTED))
        .limit(2 * VISITS)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().filter_map(|(visit, channel)| Some((visit?, CheckChannel::from_code(&channel)))).collect())
}

#[derive(Template)]
#[template(path = "inquiries/figures.html")]
pub struct FiguresPage {
    pub chrome: Chrome,
    pub month: Month,
    pub figures: ChannelFigures,
    pub is_cut: bool,
    pub viewings: Viewings,
}

impl FiguresPage {
    /// Words, number and share of each way.
    fn rows(&self) -> Vec<(&'static str, u32, String)> {
        let mut counts: Vec<(&'static str, u32)> =
            CheckChannel::ALL.iter().map(|channel| (channel.label(), self.figures.count(*channel))).collect();
        counts.extend(Some(("経路の記録がない照会", self.figures.unwritten)).filter(|(_, count)| *count > 0));
        counts.push(("照会せずに受付", self.figures.none));
        counts.into_iter().map(|(words, count)| (words, count, share_words(count, self.figures.visits()))).collect()
    }

    fn card_use(&self) -> String {
        let (part, whole) = self.figures.card_use();
        share_words(part, whole)
    }
}

impl Subjects for FiguresPage {
    fn subjects(&self) -> Vec<PatientId> {
        Vec::new()
    }
}
