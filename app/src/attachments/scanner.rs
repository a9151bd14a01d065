//! The port to whatever looks for viruses. One driver: [`super::ClamAv`].

use async_trait::async_trait;
use chrono::{DateTime, Utc};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    /// The scanner's name of what it found.
    Infected(String),
}

/// Which signatures the scanner works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    pub engine: String,
    /// When the published ones were made; None where it has only signatures of its own.
    pub published_at: Option<DateTime<Utc>>,
}

/// It said nothing that can be relied on: the file stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    #[error("the scanner cannot be reached: {0}")]
    Away(String),
    #[error("the scanner answered something unknown")]
    Unreadable,
}

#[async_trait]
pub trait Scanner: Send + Sync {
    async fn scan(&self, bytes: &[u8]) -> Result<Verdict, ScanError>;
    async fn signatures(&self) -> Result<Signatures, ScanError>;
}
