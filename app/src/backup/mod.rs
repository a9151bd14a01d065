//! Backup and restore of one clinic (BK-01…08).
//!
//! A run streams every row of the clinic, its history, audit log and settings through zstd and AES-256-GCM under a key
//! derived from the clinic's own, into a bucket of another account whose default retention is COMPLIANCE, with keys
//! that can put and nothing else. Memory does not grow with the clinic. The format is open: `docs/backup-format.md`.

pub mod command;
pub mod format;
pub mod list;
pub mod page;
pub mod restore;
pub mod rows;
pub mod run;

use std::io;

use crate::objectstore::StoreError;
use tenancy::keys::KeyError;

/// Why a backup or a restore did not happen. Nothing here carries clinical content.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("this is not a Tsumugi archive")]
    NotAnArchive,
    #[error("this archive has format {0}, which this version cannot read")]
    UnknownFormat(u32),
    #[error("the archive ends too early: it was cut or not uploaded whole")]
    Truncated,
    #[error("the archive is damaged or was altered ({0})")]
    Damaged(&'static str),
    #[error("the archive's key cannot be unwrapped: {0}")]
    Key(#[from] KeyError),
    #[error("the cryptographic module refused the operation")]
    Crypto,
    #[error("the clinic exists already; --replace puts the archive in its place")]
    ClinicExists,
    #[error("the archive belongs to clinic {found}, not to {expected}")]
    OtherClinic { found: String, expected: String },
    #[error("this database cannot hold the archive's table {0}: migrate it first")]
    UnknownTable(String),
    #[error("after writing, table {table} does not equal the archive (archive {archived} rows, database {restored})")]
    Differs { table: String, archived: u64, restored: u64 },
    #[error("the log in the database contradicts the archive in {table} ({rows} rows): run `tsumugi audit verify`")]
    LogContradicts { table: String, rows: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Database(#[from] tenancy::Error),
    #[error("reading or writing failed: {0}")]
    Io(#[source] io::Error),
    #[error("the reading side stopped")]
    Stopped,
}

impl BackupError {
    /// A short code for the record of runs and the metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(_) | Self::Crypto => "key",
            Self::Store(StoreError::Refused { .. }) => "store_refused",
            Self::Store(_) => "store_unreachable",
            Self::Database(_) => "database",
            Self::Io(_) => "io",
            Self::ClinicExists => "clinic_exists",
            Self::OtherClinic { .. } => "other_clinic",
            Self::UnknownTable(_) => "schema",
            Self::Differs { .. } | Self::LogContradicts { .. } => "differs",
            Self::NotAnArchive | Self::UnknownFormat(_) | Self::Truncated | Self::Damaged(_) => "archive",
            Self::Stopped => "stopped",
        }
    }

    /// `at_end` is what an unexpected end means at this point.
    fn reading(error: io::Error, at_end: Self) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { at_end } else { Self::from_io(error) }
    }

    /// Carries this error through an interface that only knows `io::Error`.
    fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// Gets back what [`BackupError::into_io`] wrapped.
    fn from_io(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Truncated;
        }
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(other) => Self::Io(other),
        }
    }
}
