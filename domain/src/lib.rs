//! Clinical types and rules in plain Rust: no web, no database, no wall clock, no randomness.
//!
//! Terms are in `GLOSSARY.md`. Anything that depends on "now" takes it as an argument.

pub mod coverage;
pub mod eligibility;
pub mod encounter;
pub mod id;
pub mod note;
pub mod prescription;
pub mod text_merge;

pub use id::*;
