//! What is simulated. A service appears here together with its server, never before it.

use serde::Serialize;

#[derive(Serialize)]
pub struct Service {
    pub name: &'static str,
    pub path: &'static str,
    /// The document it was written from.
    pub specification: &'static str,
}

pub const SERVICES: &[Service] = &[];
