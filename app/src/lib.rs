pub mod conformance;
pub mod demo;
pub mod adapters;
pub mod patients;
pub mod prescriptions;
