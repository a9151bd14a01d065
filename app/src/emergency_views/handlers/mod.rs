//! Handlers by who acts: whoever opens, whoever reads it again, whoever judges.

pub mod disaster;
pub mod open;
pub mod review;
pub mod show;
