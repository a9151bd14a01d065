//! The next patient number of a clinic: six digits, or `T` and five for a 仮番号, growing wider when they run out.
//!
//! No sequence (ids and numbers belong to a clinic) and no counter to fall out of step with imported numbers: the row with the
//! highest number is locked, looked up again under the lock, and followed.

use domain::TenantId;
use domain::patient::{Numbering, PatientError, PatientNumber};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::extension::postgres::PgBinOper;
use sea_orm::sea_query::{ExprTrait, LockType, Order, Query, SelectStatement};
use tenancy::{Error, TenantTx};

use super::entity::patient::{Column, Entity};
use super::search::col;

const LONGEST: usize = 10;

/// `Err(DuplicateNumber)` when a given number is taken; the table's unique rule still has the last word.
pub async fn assign(tx: &TenantTx, numbering: &Numbering) -> Result<Result<PatientNumber, PatientError>, Error> {
    match numbering {
        Numbering::Given(number) => Ok(if is_taken(tx, number).await? { Err(PatientError::DuplicateNumber) } else { Ok(number.clone()) }),
        Numbering::Next => next(tx, "", 6).await,
        Numbering::Provisional => next(tx, "T", 5).await,
    }
}

pub async fn is_taken(tx: &TenantTx, number: &PatientNumber) -> Result<bool, Error> {
    let query = Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .and_where(col(Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(col(Column::PatientNumber).eq(number.as_str()))
        .take();
    Ok(tx.query_one(&query).await?.is_some())
}

async fn next(tx: &TenantTx, prefix: &str, shortest: usize) -> Result<Result<PatientNumber, PatientError>, Error> {
    for width in shortest..=LONGEST - prefix.len() {
        let mut highest = highest(tx, prefix, width).await?;
        // Whoever held the lock before us may have added a row after the one we waited for.
        loop {
            let again = self::highest(tx, prefix, width).await?;
            if again == highest {
                break;
            }
            highest = again;
        }
        if let Some(number) = PatientNumber::next(prefix, width, highest.as_deref()).filter(|n| n.as_str().len() == prefix.len() + width) {
            return Ok(Ok(number));
        }
    }
    Ok(Err(PatientError::NumbersExhausted))
}

async fn highest(tx: &TenantTx, prefix: &str, width: usize) -> Result<Option<String>, Error> {
    let row = tx.query_one(&highest_statement(tx.tenant_id(), prefix, width)).await?;
    row.map(|row| row.try_get("", "patient_number").map_err(Error::from)).transpose()
}

/// Walks the unique index of numbers backwards; the pattern only skips numbers of another shape.
fn highest_statement(tenant: TenantId, prefix: &str, width: usize) -> SelectStatement {
    Query::select()
        .column((Entity, Column::PatientNumber))
        .from(Entity)
        .and_where(col(Column::TenantId).eq(tenant.as_uuid()))
        .and_where(col(Column::PatientNumber).gte(format!("{prefix}0")))
        .and_where(col(Column::PatientNumber).lt(format!("{prefix}:")))
        .and_where(col(Column::PatientNumber).binary(PgBinOper::Regex, format!("^{prefix}[0-9]{{{width}}}$")))
        .order_by((Entity, Column::PatientNumber), Order::Desc)
        .limit(1)
        .lock(LockType::Update)
        .take()
}
