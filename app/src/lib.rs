pub mod conformance;
pub mod demo;
pub mod adapters;
pub mod prescriptions;
