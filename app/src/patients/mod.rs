//! 患者: find, register, edit, look back, merge (workflow S03).
//!
//! One search box finds by number, カナ, 漢字, birth date or telephone; the words are parsed in `domain::patient_search` and
//! looked up by half-open ranges, because LIKE loses its index under row-level security. Every edit carries the version it was
//! made from; a stale one is answered with both texts side by side (R2). Duplicates warn and never stop. A merge moves no
//! clinical row (signed notes refuse UPDATE): the survivor's chart reads the rows of its whole group, see [`store::group_ids`].

mod duplicates;
pub mod entity;
pub mod fields;
pub mod forms;
mod handlers;
pub mod history;
pub mod last_visit;
pub mod merge;
mod merge_handlers;
mod numbers;
mod overview;
mod routes;
pub mod search;
pub mod store;
pub mod views;

pub use routes::routes;
