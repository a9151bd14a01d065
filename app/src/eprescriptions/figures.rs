//! 電子処方箋の数: what one clinic issued, had dispensed and checked in a month, for its administrator (KPI-07, 09, 10).

use std::borrow::Borrow;

use actix_web::web;
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use domain::prescription::figures::{Check, CheckFigures, share_words};
use domain::prescription::head::{DispensedAt, IssueForm, RxStatus};
use domain::prescription::registration::RegistrationStatus;
use domain::{PatientId, clock};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use tenancy::permission::ClinicManage;
use tenancy::{Access, Audit, Error, InfoClass, TenantTx};
use uuid::Uuid;

use super::check::entity::duplicate_check;
use super::entity::registration;
use crate::error::AppError;
use crate::prescriptions::entity::prescription;
use crate::web::month::{Month, MonthQuery};
use crate::web::{Chrome, Nav, Page, Subjects};

/// Checks of one month that are looked at; a clinic that has more is told so.
const CHECKS: u64 = 20_000;

pub async fn show(access: Access<ClinicManage>, query: web::Query<MonthQuery>) -> Result<Page, AppError> {
    let tx = access.begin().await?;
    let month = Month::of(&query, clock::today(tx.now()));
    let figures = Figures::read(&tx, month).await?;
    let page = FiguresPage { chrome: Chrome::of(access.principal(), Nav::Clinic), month, figures };
    Page::full(tx.commit(Audit::viewed(InfoClass::Clinic)).await?, &page)
}

#[derive(Debug, Default)]
pub struct Figures {
    /// 院外処方箋 by 発行形態.
    pub electronic: u32,
    pub numbered: u32,
    pub paper: u32,
    /// Registered, and of these those with a 調剤結果.
    pub registered: u32,
    pub dispensed: u32,
    pub checks: CheckFigures,
    pub is_cut: bool,
}

impl Figures {
    async fn read(tx: &TenantTx, month: Month) -> Result<Self, Error> {
        let span = month.span();
        let mut figures = Self::default();
        issued(tx, span, &mut figures).await?;
        dispensed(tx, (month.first, month.next()), &mut figures).await?;
        let checks = checks(tx, span).await?;
        figures.is_cut = checks.len() as u64 >= CHECKS;
        figures.checks = CheckFigures::of(&checks);
        Ok(figures)
    }

    pub fn issued(&self) -> u32 {
        self.electronic + self.numbered + self.paper
    }
}

async fn issued(tx: &TenantTx, (from, to): (DateTime<Utc>, DateTime<Utc>), figures: &mut Figures) -> Result<(), Error> {
    use prescription::Column as C;
    let query = Query::select()
        .column(C::IssueForm)
        .expr_as(Func::count(Expr::col(C::Id)), Alias::new("count"))
        .from(prescription::Entity)
        .and_where(Expr::col(C::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(C::SignedAt).gte(from))
        .and_where(Expr::col(C::SignedAt).lt(to))
        .and_where(Expr::col(C::DispensedAt).eq(DispensedAt::Outside.code()))
        .and_where(Expr::col(C::Status).is_not_in(RxStatus::ENDED.map(RxStatus::code)))
        .group_by_col(C::IssueForm)
        .take();
    for row in tx.query_all(&query).await? {
        let (form, count): (String, i64) = (row.try_get("", "issue_form")?, row.try_get("", "count")?);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match IssueForm::from_code(&form) {
            Some(IssueForm::Electronic) => figures.electronic = count,
            Some(IssueForm::Numbered) => figures.numbered = count,
            Some(IssueForm::Paper) | None => figures.paper = count,
        }
    }
    Ok(())
}

async fn dispensed(tx: &TenantTx, (first, next): (NaiveDate, NaiveDate), figures: &mut Figures) -> Result<(), Error> {
    use registration::Column as C;
    let query = Query::select()
        .column(C::Status)
        .expr_as(Func::count(Expr::col(C::Id)), Alias::new("count"))
        .from(registration::Entity)
        .and_where(Expr::col(C::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(C::IssuedOn).gte(first))
        .and_where(Expr::col(C::IssuedOn).lt(next))
        .group_by_col(C::Status)
        .take();
    for row in tx.query_all(&query).await? {
        let (status, count): (String, i64) = (row.try_get("", "status")?, row.try_get("", "count")?);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match RegistrationStatus::from_code(&status) {
            Some(RegistrationStatus::Dispensed) => {
                figures.registered += count;
                figures.dispensed += count;
            }
            Some(RegistrationStatus::Registered | RegistrationStatus::Received | RegistrationStatus::Collected) => {
                figures.registered += count
            }
            _ => {}
        }
    }
    Ok(())
}

async fn checks(tx: &TenantTx, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Result<Vec<Check>, Error> {
    use duplicate_check::Column as C;
    let rows: Vec<(Uuid, DateTime<Utc>, i32, i32)> = duplicate_check::Entity::find()
        .select_only()
        .columns([C::EncounterId, C::AskedAt, C::Drugs, C::Alerts])
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::AskedAt.gte(from))
        .filter(C::AskedAt.lt(to))
        .filter(C::AnsweredAt.is_not_null())
        .limit(CHECKS)
        .into_tuple()
        .all(tx)
        .await?;
    let count = |n: i32| u32::try_from(n).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|(encounter, asked_at, drugs, alerts)| Check { encounter, asked_at, drugs: count(drugs), alerts: count(alerts) })
        .collect())
}

#[derive(Template)]
#[template(path = "eprescriptions/figures.html")]
pub struct FiguresPage {
    pub chrome: Chrome,
    pub month: Month,
    pub figures: Figures,
}

impl FiguresPage {
    /// `12.3%`; nothing of nothing.
    pub fn share(&self, part: impl Borrow<u32>, whole: impl Borrow<u32>) -> String {
        share_words(*part.borrow(), *whole.borrow())
    }

    pub fn mean(&self) -> String {
        self.figures.checks.mean_drugs().map_or_else(|| "—".to_owned(), |tenths| format!("{}.{}", tenths / 10, tenths % 10))
    }
}

impl Subjects for FiguresPage {
    fn subjects(&self) -> Vec<PatientId> {
        Vec::new()
    }
}
