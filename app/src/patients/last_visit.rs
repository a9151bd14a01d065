//! 最終受診, kept beside the patient so that a list reads it with the row. Refreshed by whatever changes it: a reception, a cancelled
//! one, a merge.

use domain::PatientId;
use domain::encounter::VisitStatus;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SimpleExpr};
use tenancy::{Error, TenantTx};

use super::entity::patient;
use crate::encounters::entity::encounter;

pub const COLUMN: &str = "last_visit_on";

/// The latest day one of the patient's charts was received and not cancelled, kept with the chart in use.
pub async fn refresh(tx: &TenantTx, id: PatientId) -> Result<(), Error> {
    let tenant = tx.tenant_id().as_uuid();
    let chart = Alias::new("chart");
    let of = |column| Expr::col((chart.clone(), column));
    let latest = Query::select()
        .column((encounter::Entity, encounter::Column::ReceptionDate))
        .from(encounter::Entity)
        .and_where(Expr::col((encounter::Entity, encounter::Column::TenantId)).eq(tenant))
        .and_where(Expr::col((encounter::Entity, encounter::Column::PatientId)).equals((chart.clone(), patient::Column::Id)))
        .and_where(Expr::col((encounter::Entity, encounter::Column::Status)).ne(VisitStatus::Cancelled.code()))
        .order_by((encounter::Entity, encounter::Column::ReceptionDate), Order::Desc)
        .limit(1)
        .take();
    let own = Expr::col((patient::Entity, patient::Column::Id));
    let of_all = Query::select()
        .expr(Func::max(SimpleExpr::SubQuery(None, Box::new(latest.into()))))
        .from_as(patient::Entity, chart.clone())
        .and_where(of(patient::Column::TenantId).eq(tenant))
        .and_where(of(patient::Column::Id).eq(own.clone()).or(of(patient::Column::MergedIntoId).eq(own.clone())))
        .take();
    let survivor = Query::select()
        .expr(Func::coalesce([of(patient::Column::MergedIntoId), of(patient::Column::Id)]))
        .from_as(patient::Entity, chart.clone())
        .and_where(of(patient::Column::TenantId).eq(tenant))
        .and_where(of(patient::Column::Id).eq(id.as_uuid()))
        .take();
    let update = Query::update()
        .table(patient::Entity)
        .value(Alias::new(COLUMN), SimpleExpr::SubQuery(None, Box::new(of_all.into())))
        .and_where(Expr::col((patient::Entity, patient::Column::TenantId)).eq(tenant))
        .and_where(own.in_subquery(survivor))
        .take();
    tx.execute(&update).await?;
    Ok(())
}
