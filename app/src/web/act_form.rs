//! What every form of an act carries beside its fields: whom the page showed, which version, and the name of the pressing.

use uuid::Uuid;

use crate::error::AppError;

/// R3: the page the form stood on was drawn for this patient.
pub fn check_token(typed: &str, patient: impl Into<Uuid>) -> Result<(), AppError> {
    if typed == patient.into().to_string() { Ok(()) } else { Err(AppError::WrongPatient) }
}

/// R2: nobody changed the row since the page was drawn.
pub fn check_version(typed: &str, current: i32) -> Result<(), AppError> {
    match typed.parse::<i32>() {
        Ok(version) if version == current => Ok(()),
        Ok(_) => Err(AppError::Conflict),
        Err(_) => Err(AppError::Invalid("版番号がありません。画面を開き直してください。".into())),
    }
}

/// The key the page drew for one pressing.
pub fn key_of(typed: &str) -> Result<Uuid, AppError> {
    typed.parse().map_err(|_| AppError::Invalid("画面を開き直してやり直してください。".into()))
}
