//! The person's own password, PIN, second factors and sessions.

pub mod views;
