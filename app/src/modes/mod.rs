//! 運用モード (§9): `degraded` while a partner is away, `read_only` while nothing can be saved; and the chips and banners that say so.
//!
//! How it stands is read by `tenancy::standing`. The worker notes each partner's outcomes and asks the quiet ones; the SRE declares a
//! mode with `tsumugi mode`. Read-only needs no list of forbidden doors: transactions are opened read only, charts stay open, views
//! are spooled, and whatever would write answers with one sentence.

pub mod command;
mod notices;
pub mod watch;

pub use notices::{chips, notices};
