//! The slices' own row types: the demo cannot drift from what the product stores.

pub use crate::allergies::entity as allergy_intolerance;
pub use crate::appointments::entity as appointment;
pub use crate::billing::entity::{account, charge_item, invoice, payment_notice};
pub use crate::conditions::entity as condition;
pub use crate::coverages::entity::coverage;
pub use crate::encounters::entity::encounter;
pub use crate::flags::entity as patient_flag;
pub use crate::notes::entity::{note, note_amendment, note_section};
pub use crate::orders::entity::{observation_result, service_request};
pub use crate::patients::entity::patient;
pub use crate::prescriptions::entity::medication_request;
pub use crate::schedules::{schedule, slot_template};
pub use crate::waiting::entity as queue_ticket;
