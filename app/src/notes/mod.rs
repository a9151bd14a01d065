//! 診療記録: the chart page, its sections, 確定 and what comes after.
//!
//! A note belongs to one encounter; S, O, A, P, 説明と同意 and 次回 are each a versioned row of its own, so that a nurse's O
//! never collides with a doctor's S. The rows come into being with the first text saved: opening a chart writes nothing.
//! A save is acknowledged after commit with the server's clock. A save that arrives on an older version is not thrown
//! away: its text goes into `section_conflict` and a page shows both texts (R2). 確定 freezes the sections in the
//! database; 追記 and 訂正 are rows beside them (R5, GL-11). 代行入力 keeps the helper as `entered_by` and the doctor as
//! `author`, and waits on the approvals list (GL-12).

mod acts;
mod assemble;
pub mod entity;
mod forms;
mod handlers;
pub mod neighbours;
pub mod record;
pub mod routes;
pub mod seen;
pub mod store;
pub mod views;
pub mod warnings;

pub use acts::Refusal;
pub use acts::sign::SignedNote;
pub use routes::routes;
