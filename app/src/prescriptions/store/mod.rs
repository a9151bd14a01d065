//! Prescriptions read and written.

pub mod heads;
pub mod lines;
pub mod sealing;
pub mod sets;
pub mod undo;
pub mod wishes;

pub use lines::{DRAFT, SIGNED, WITHDRAWN, get, lines};
pub use sealing::{Sealed, SignRefusal, seal};
