//! 会計待ちと未収: who stands at the counter today, and who still owes from other days.

use chrono::NaiveDate;
use domain::TenantId;
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::account;
use super::store::is_unsettled;
use crate::patients::entity::patient;

/// Lines of the list of what is owed.
pub const SHOWN: usize = 200;

/// An account that is not settled, with whose it is.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Owed {
    pub id: Uuid,
    pub patient_id: Uuid,
    pub billed_on: NaiveDate,
    pub unpaid_yen: i32,
    pub paid_yen: i32,
    pub unpaid_reason: String,
    pub unpaid_note: String,
    pub is_estimate: bool,
    pub name: String,
    pub kana: String,
    pub number: String,
}

/// Accounts of these visits.
pub async fn accounts(tx: &TenantTx, visits: &[Uuid]) -> Result<Vec<account::Model>, Error> {
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let rows = account::Entity::find()
        .filter(account::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(account::Column::Id.eq_any(visits.iter().copied()))
        .all(tx)
        .await?;
    Ok(rows)
}

/// Everything not settled, oldest first; and whether that is all.
pub async fn owed(tx: &TenantTx) -> Result<(Vec<Owed>, bool), Error> {
    let rows = tx.query_all(&statement(tx.tenant_id())).await?;
    let is_all = rows.len() <= SHOWN;
    let rows: Result<Vec<Owed>, _> = rows.iter().take(SHOWN).map(|row| Owed::from_query_result(row, "")).collect();
    Ok((rows?, is_all))
}

fn statement(tenant: TenantId) -> SelectStatement {
    use account::Column as A;
    use patient::Column as P;
    let a = |column: A| Expr::col((account::Entity, column));
    Query::select()
        .columns(
            [A::Id, A::PatientId, A::BilledOn, A::UnpaidYen, A::PaidYen, A::UnpaidReason, A::UnpaidNote, A::IsEstimate]
                .map(|column| (account::Entity, column)),
        )
        .expr_as(Expr::col((patient::Entity, P::NameIdeographic)), Alias::new("name"))
        .expr_as(Expr::col((patient::Entity, P::NameSyllabic)), Alias::new("kana"))
        .expr_as(Expr::col((patient::Entity, P::PatientNumber)), Alias::new("number"))
        .from(account::Entity)
        .inner_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).equals((account::Entity, A::TenantId)))
                .add(Expr::col((patient::Entity, P::Id)).equals((account::Entity, A::PatientId))),
        )
        .and_where(a(A::TenantId).eq(tenant.as_uuid()))
        .and_where(Expr::col((patient::Entity, P::TenantId)).eq(tenant.as_uuid()))
        .and_where(is_unsettled())
        .order_by((account::Entity, A::BilledOn), Order::Asc)
        .order_by((account::Entity, A::Id), Order::Asc)
        .limit(SHOWN as u64 + 1)
        .take()
}
