//! One function per act.

pub mod board;
pub mod moves;
pub mod reader;
pub mod reception;
mod upload;
