//! 保険資格: what is known of a patient's insurance, and how a new answer changes it (workflow S04).

pub mod entity;
pub mod store;
