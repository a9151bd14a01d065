//! One function per act.

pub mod board;
pub mod reader;
pub mod reception;
mod upload;
