//! Per-clinic data keys (SE-07): each clinic has its own 256-bit keys, kept only wrapped.
//!
//! A data key is wrapped twice: under the key-encryption key (KEK) of the [`KeyProvider`], and to an offline
//! RSA-4096 recovery key, so that a backup opens when the provider is gone (BK-07). Small values are sealed by
//! [`Keyring::seal`]; rotation adds a version and old versions stay readable; changing the KEK rewraps.

mod envelope;
mod provider;
mod recovery;
mod store;

pub use envelope::{DataKey, Envelope};
pub use provider::{KeyContext, KeyProvider, LocalFileProvider};
pub use recovery::{RecoveryPrivateKey, RecoveryPublicKey};
pub use store::{Keyring, Rewrapped, WrappedKey};

/// Why a key could not be used. No variant carries key material or plaintext.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("key file {path}: {reason}")]
    File { path: String, reason: String },
    #[error("the key-encryption key {kek_id} is not the one that wrapped this data key ({wrapped_by})")]
    OtherKek { kek_id: String, wrapped_by: String },
    #[error("the data key could not be unwrapped: wrong key or altered bytes")]
    Unwrap,
    #[error("the sealed value could not be opened: wrong clinic, purpose or key, or altered bytes")]
    Open,
    #[error("the sealed value is not in a known format")]
    Format,
    #[error("the clinic has no data key of version {0}")]
    NoVersion(i32),
    #[error("the clinic has no data key yet")]
    NoKey,
    #[error("this data key was never wrapped for recovery")]
    NotRecoverable,
    #[error("the cryptographic module refused the operation")]
    Module,
    #[error("the key provider did not answer: {0}")]
    Provider(String),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
}

impl From<KeyError> for crate::Error {
    fn from(e: KeyError) -> Self {
        match e {
            KeyError::Database(e) => e.into(),
            KeyError::Provider(cause) => Self::Unavailable(cause),
            other => Self::internal(other),
        }
    }
}

impl From<aws_lc_rs::error::Unspecified> for KeyError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        KeyError::Module
    }
}
