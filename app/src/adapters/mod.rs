//! Doors to the national services and partners: for each a port in our words and the exact wire types behind it.

pub mod eligibility;
pub mod eprescription;
pub mod kms;
pub mod national;
pub mod national_way;
pub mod receipt;
