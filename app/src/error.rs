//! What a handler may fail with. The cause is for the log; people see a sentence, chosen in `web/render.rs` by variant.

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use tenancy::{AccessDenied, Error};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("not signed in")]
    Unauthenticated,
    #[error("locked")]
    Locked,
    #[error("forbidden")]
    Forbidden,
    /// The patient has not allowed it, or not any more.
    #[error("no consent")]
    NoConsent,
    #[error("source address refused")]
    Source,
    /// Missing, or another clinic's: the same answer.
    #[error("not found")]
    NotFound,
    /// Somebody saved first; slices show a compare page of their own, this is the last resort.
    #[error("conflict")]
    Conflict,
    /// The input cannot be used; the sentence names the field and what to do.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The form was drawn for another patient than the one it was sent to (R3).
    #[error("patient token mismatch")]
    WrongPatient,
    /// The act is not possible in the present state; the sentence says why and what to do.
    #[error("refused: {0}")]
    Refused(String),
    #[error("body too large")]
    TooLarge,
    #[error("cross-site request")]
    CrossSite,
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// 閲覧のみ.
    #[error("read only")]
    ReadOnly,
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::Locked => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NoConsent | Self::Source | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Invalid(_) | Self::WrongPatient | Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) | Self::ReadOnly => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Error> for AppError {
    fn from(e: Error) -> Self {
        match e {
            Error::NotFound => Self::NotFound,
            Error::Conflict { .. } | Error::Duplicate { .. } => Self::Conflict,
            Error::Unavailable(cause) => Self::Unavailable(cause),
            Error::ReadOnly => Self::ReadOnly,
            Error::Internal(cause) => Self::Internal(cause),
        }
    }
}

impl From<sea_orm::DbErr> for AppError {
    fn from(e: sea_orm::DbErr) -> Self {
        Error::from(e).into()
    }
}

impl From<askama::Error> for AppError {
    fn from(e: askama::Error) -> Self {
        Self::internal(e)
    }
}

impl From<&AccessDenied> for AppError {
    fn from(denied: &AccessDenied) -> Self {
        match denied {
            AccessDenied::Unauthenticated => Self::Unauthenticated,
            AccessDenied::Locked(_) => Self::Locked,
            AccessDenied::Forbidden { .. } => Self::Forbidden,
            AccessDenied::Source => Self::Source,
            AccessDenied::Store(Error::Internal(cause)) => Self::Internal(cause.clone()),
            AccessDenied::Store(Error::ReadOnly) => Self::ReadOnly,
            AccessDenied::Store(e) => Self::Unavailable(e.to_string()),
        }
    }
}
