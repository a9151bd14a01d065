//! Why a prescription is not signed.

use chrono::{DateTime, Utc};

/// Why a prescription is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningRefusal {
    #[error("signing is not set up here")]
    Off,
    #[error("this doctor has no key")]
    NoKey,
    #[error("the key or its certificate cannot be read, or they do not belong together")]
    BadKey,
    #[error("the certificate is not valid yet")]
    NotYet(DateTime<Utc>),
    #[error("the certificate has expired")]
    Expired(DateTime<Utc>),
    #[error("the certificate is not a doctor's")]
    NotADoctor,
    #[error("the cryptographic module refused to sign")]
    Module,
    #[error("the doctor has not signed in to the signing service")]
    SignedOut,
    #[error("the session at the signing service has ended")]
    SessionEnded,
    #[error("the certificate is revoked")]
    Revoked,
    #[error("what came back signed is not what was sent")]
    OtherDocument,
    #[error("the signing service cannot be reached")]
    Away,
    #[error("the PIN was wrong, or nobody typed one")]
    Pin,
    #[error("the card is locked")]
    Locked,
    #[error("whether the certificate is revoked cannot be found out")]
    Unchecked,
    #[error("the certificate is another person's")]
    OtherPerson,
    #[error("the certificate is not the one this doctor registered")]
    OtherCertificate,
}
