//! Queries over the note tables. Reads give records; writes go through the versioned-row helper.

pub mod answers;
pub mod fired;
pub mod past;
pub mod people;
pub mod read;
pub mod visit;
pub mod write;

pub use people::{Staff, staff};
pub use read::Cursor;
pub use visit::Visit;
