//! One short function per act.

pub mod pane;
pub mod results;
pub mod work;

use domain::order::OrderRefusal;
use tenancy::TenantTx;
use uuid::Uuid;

use super::entity::service_request::Model;
use super::views::{Listed, OrderRow};
use crate::error::AppError;
use crate::notes::neighbours;

/// R3.
fn check_token(patient_token: &str, patient: Uuid) -> Result<(), AppError> {
    if patient_token == patient.to_string() { Ok(()) } else { Err(AppError::WrongPatient) }
}

fn check_version(typed: &str, current: i32) -> Result<(), AppError> {
    match typed.parse::<i32>() {
        Ok(version) if version == current => Ok(()),
        Ok(_) => Err(AppError::Conflict),
        Err(_) => Err(AppError::Invalid("版番号がありません。画面を開き直してください。".into())),
    }
}

fn key_of(typed: &str) -> Result<Uuid, AppError> {
    typed.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))
}

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
