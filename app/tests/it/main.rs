//! Integration tests: the real application over real sockets, real Postgres, Redis and object store, the runtime role.
//! One binary, one database made for the run. `make test` gives the addresses in TSUMUGI_TEST_*.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods)] // a visitor lives on the real clock and draws their own keys

mod allergies;
mod appointments;
mod attachments;
mod audit;
mod availability;
mod backup;
mod billing;
mod bulk_inquiries;
mod cardless;
mod catalog;
mod certificates;
mod chart;
mod chart_fields;
mod check_in;
mod clinic;
mod conditions;
mod consents;
mod coverage;
mod coverages;
mod day_close;
mod demo;
mod devices;
mod eligibility;
mod eligibility_query;
mod encounters;
mod eprescriptions;
mod fixtures;
mod flags;
mod golden;
mod guide;
mod harness;
mod keys;
mod kms;
mod live;
mod masters;
mod modes;
mod monthly_cap;
mod national;
mod notes;
mod observations;
mod orders;
mod outbox;
mod own_keys;
mod patient_import;
mod patients;
mod patients_merged;
mod patients_plans;
mod plans;
mod prescriptions;
mod privacy;
mod public_expenses;
mod questionnaires;
mod receipt;
mod relay;
mod remote_consents;
mod routes;
mod sealing;
mod signers;
mod signing_in;
mod staff;
mod waiting;
