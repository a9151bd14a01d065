//! A clinic's rows out of and into the database, for backup, verification and restore.
//!
//! Which tables belong to a clinic is asked of the catalog, so a new table cannot be forgotten. Rows travel as COPY
//! text in the order of their primary key, with every setting that changes how a value is printed fixed, so the same
//! rows always give the same bytes.

mod catalog;
mod restore;
mod snapshot;

pub use catalog::{Column, Table};
pub use restore::{RestoreTarget, Restoring};
pub use snapshot::{ArchiveSource, Snapshot};

/// Makes values print the same everywhere. Follows the BEGIN of both directions.
const PRINT_SETTINGS: &str = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres'; \
     SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1";
