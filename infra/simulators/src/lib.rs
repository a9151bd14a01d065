//! The national services and partners as a clinic sees them. Written from the specification and sharing no code with the product, so
//! that one misreading cannot pass on both sides.

#![allow(clippy::disallowed_methods)] // the world outside has its own clock and its own numbers

pub mod cardless;
pub mod catalog;
pub mod national;
pub mod reader;
pub mod receipt;
