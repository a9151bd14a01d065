//! Tsumugi (つむぎ電子カルテ). One folder per noun; `serve.rs` builds the application so that tests build the same one.

pub mod account;
pub mod adapters;
pub mod appointments;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod clinic;
pub mod config;
pub mod conformance;
pub mod coverages;
pub mod demo;
pub mod encounters;
pub mod error;
pub mod health;
pub mod keys;
pub mod live;
pub mod masters;
pub mod notes;
pub mod objectstore;
pub mod outbox;
pub mod paper;
pub mod patients;
pub mod permissions;
pub mod prescriptions;
pub mod schedules;
pub mod serve;
pub mod services;
pub mod sign_in;
pub mod slices;
pub mod staff;
pub mod telemetry;
pub mod tenants;
pub mod web;
pub mod worker;

pub use error::AppError;
