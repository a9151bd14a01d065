//! One short function per act.

pub mod pane;
pub mod results;
pub mod work;

use domain::order::OrderRefusal;
use tenancy::TenantTx;

use super::entity::service_request::Model;
use super::views::{Listed, OrderRow};
use crate::error::AppError;
use crate::notes::neighbours;
use crate::web::act_form::{check_token, check_version, key_of};

fn refusal(why: OrderRefusal) -> AppError {
    AppError::Refused(why.sentence().into())
}

/// Orders with their patients, in one statement for all of them.
async fn listed(tx: &TenantTx, rows: &[Model], results: &[super::entity::observation_result::Model]) -> Result<Vec<Listed>, AppError> {
    let cards = neighbours::cards(tx, rows.iter().map(|row| domain::PatientId::new(row.patient_id))).await?;
    let one = |row: &Model| {
        let card = cards.get(&domain::PatientId::new(row.patient_id))?.clone();
        Some(Listed { row: OrderRow::of(row, results), card })
    };
    Ok(rows.iter().filter_map(one).collect())
}
