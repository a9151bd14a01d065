//! The schema, one step per noun: table, index, row-level security and grants together, so that no table can exist unprotected.
//! Run as `tsumugi_owner`, which is neither superuser nor exempt from row-level security. See README.md for safe changes.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261120_000001_tenant;
mod m20261120_000002_audit;
mod m20261120_000003_version;
mod m20261120_000004_patient;
mod m20261120_000005_encounter;
mod m20261120_000006_note;
mod m20261120_000007_medication_request;
mod m20261120_000008_master;
mod m20261120_000009_operation;
mod m20261120_000010_master_entry;
mod m20261120_000020_note_conflict;
mod m20261120_000021_indexes;
mod m20261121_000001_clinic_settings_version;
mod m20261121_000002_audit_by_id;
mod m20261121_000003_availability;
mod m20261121_000004_patient_last_visit;
mod m20261121_000030_reception;
mod m20261121_000031_vital_signs;
mod m20261121_000032_questionnaire;
mod m20261121_000035_appointment;
mod m20261121_000036_patient_background;
mod m20261121_000037_patient_import;
mod m20261121_000040_warning_answer;
mod m20261121_000041_condition;
mod m20261121_000042_snippet;
mod m20261121_000050_prescription;
mod m20261121_000051_allergy_intolerance;
mod m20261121_000052_service_request;
mod m20261121_000055_prescription_by_day;
mod m20261121_000060_billing;
mod m20261121_000061_day_close;
mod m20261121_000062_claim;
mod m20261121_000063_account_unsettled;
mod m20261121_000070_outbox;
mod m20261121_000071_standing;
mod m20261121_000072_eligibility_inquiry;
mod m20261121_000080_prescription_registration;
mod m20261121_000081_outbox_errand;
mod m20261121_000090_attachment;
mod m20261121_000091_note_sections;
mod m20261121_000100_public_expense;
mod m20261121_000101_patient_flag;
mod m20261121_000102_order_position;
mod m20261121_000103_queue_ticket;
mod m20261121_000104_condition_proposal;
mod m20261121_000110_warning_approval;
mod m20261121_000111_key_settings;
mod m20261122_000001_audit_event_checks;
mod m20261122_000010_device;
mod m20261122_000011_device_request;
mod m20261122_000020_duplicate_check;
mod m20261122_000021_prescription_change;
mod m20261122_000022_numbered_paper;
mod m20261122_000023_prescription_figures;
mod m20261122_000024_dispense_result;
mod m20261122_000030_viewing_consent;
mod m20261122_000031_warning_fired;
mod m20261122_000032_bulk_inquiry;
mod m20261122_000033_specific_diseases;
mod m20261122_000034_exchange_by_time;
mod m20261123_000010_check_channel;
mod m20261123_000011_remote_consent;
mod m20261123_000012_monthly_cap;
mod m20261123_000013_public_payers;
mod m20261123_000020_emergency_view;
mod m20261123_000021_disaster_mode;
mod m20261123_000030_prescription_wish;
mod m20261123_000031_inside_registration;
mod m20261123_000032_narcotic_license;
mod m20261123_000033_signing_certificate;
mod m20261124_000001_department;
mod m20261124_000010_prescription_split;
mod m20261124_000011_medication_rules;
mod m20261124_000020_medical_ticket;
mod m20261124_000021_viewing_figures;
mod m20261124_000022_entrusted_listing;
mod table;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_tenant::Migration),
            Box::new(m20261120_000002_audit::Migration),
            Box::new(m20261120_000003_version::Migration),
            Box::new(m20261120_000004_patient::Migration),
            Box::new(m20261120_000005_encounter::Migration),
            Box::new(m20261120_000006_note::Migration),
            Box::new(m20261120_000007_medication_request::Migration),
            Box::new(m20261120_000008_master::Migration),
            Box::new(m20261120_000009_operation::Migration),
            Box::new(m20261120_000010_master_entry::Migration),
            Box::new(m20261120_000020_note_conflict::Migration),
            Box::new(m20261120_000021_indexes::Migration),
            Box::new(m20261121_000001_clinic_settings_version::Migration),
            Box::new(m20261121_000002_audit_by_id::Migration),
            Box::new(m20261121_000003_availability::Migration),
            Box::new(m20261121_000004_patient_last_visit::Migration),
            Box::new(m20261121_000030_reception::Migration),
            Box::new(m20261121_000031_vital_signs::Migration),
            Box::new(m20261121_000032_questionnaire::Migration),
            Box::new(m20261121_000035_appointment::Migration),
            Box::new(m20261121_000036_patient_background::Migration),
            Box::new(m20261121_000037_patient_import::Migration),
            Box::new(m20261121_000040_warning_answer::Migration),
            Box::new(m20261121_000041_condition::Migration),
            Box::new(m20261121_000042_snippet::Migration),
            Box::new(m20261121_000050_prescription::Migration),
            Box::new(m20261121_000051_allergy_intolerance::Migration),
            Box::new(m20261121_000052_service_request::Migration),
            Box::new(m20261121_000055_prescription_by_day::Migration),
            Box::new(m20261121_000060_billing::Migration),
            Box::new(m20261121_000061_day_close::Migration),
            Box::new(m20261121_000062_claim::Migration),
            Box::new(m20261121_000063_account_unsettled::Migration),
            Box::new(m20261121_000070_outbox::Migration),
            Box::new(m20261121_000071_standing::Migration),
            Box::new(m20261121_000072_eligibility_inquiry::Migration),
            Box::new(m20261121_000080_prescription_registration::Migration),
            Box::new(m20261121_000081_outbox_errand::Migration),
            Box::new(m20261121_000090_attachment::Migration),
            Box::new(m20261121_000091_note_sections::Migration),
            Box::new(m20261121_000100_public_expense::Migration),
            Box::new(m20261121_000101_patient_flag::Migration),
            Box::new(m20261121_000102_order_position::Migration),
            Box::new(m20261121_000103_queue_ticket::Migration),
            Box::new(m20261121_000104_condition_proposal::Migration),
            Box::new(m20261121_000110_warning_approval::Migration),
            Box::new(m20261121_000111_key_settings::Migration),
            Box::new(m20261122_000001_audit_event_checks::Migration),
            Box::new(m20261122_000010_device::Migration),
            Box::new(m20261122_000011_device_request::Migration),
            Box::new(m20261122_000020_duplicate_check::Migration),
            Box::new(m20261122_000021_prescription_change::Migration),
            Box::new(m20261122_000022_numbered_paper::Migration),
            Box::new(m20261122_000023_prescription_figures::Migration),
            Box::new(m20261122_000024_dispense_result::Migration),
            Box::new(m20261122_000030_viewing_consent::Migration),
            Box::new(m20261122_000031_warning_fired::Migration),
            Box::new(m20261122_000032_bulk_inquiry::Migration),
            Box::new(m20261122_000033_specific_diseases::Migration),
            Box::new(m20261122_000034_exchange_by_time::Migration),
            Box::new(m20261123_000010_check_channel::Migration),
            Box::new(m20261123_000011_remote_consent::Migration),
            Box::new(m20261123_000012_monthly_cap::Migration),
            Box::new(m20261123_000013_public_payers::Migration),
            Box::new(m20261123_000020_emergency_view::Migration),
            Box::new(m20261123_000021_disaster_mode::Migration),
            Box::new(m20261123_000030_prescription_wish::Migration),
            Box::new(m20261123_000031_inside_registration::Migration),
            Box::new(m20261123_000032_narcotic_license::Migration),
            Box::new(m20261123_000033_signing_certificate::Migration),
            Box::new(m20261124_000001_department::Migration),
            Box::new(m20261124_000010_prescription_split::Migration),
            Box::new(m20261124_000011_medication_rules::Migration),
            Box::new(m20261124_000020_medical_ticket::Migration),
            Box::new(m20261124_000021_viewing_figures::Migration),
            Box::new(m20261124_000022_entrusted_listing::Migration),
        ]
    }
}
