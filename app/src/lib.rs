pub mod conformance;
pub mod demo;
