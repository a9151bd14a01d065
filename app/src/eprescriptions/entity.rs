//! Rows of `prescription_registration`.

use crate::billing::entity::versioned_entity;

versioned_entity! {
    /// The registration of one 処方箋, under its id; `status` is a `RegistrationStatus`.
    registration, "prescription_registration", {
        patient_id: Uuid,
        encounter_id: Uuid,
        message_id: Uuid,
        issued_on: Date,
        usable_until: Date,
        register_id: String,
        access_code: String,
        pharmacy_name: String,
        pharmacy_message: String,
        service_code: String,
        service_said: String,
        reason: String,
    }
}
