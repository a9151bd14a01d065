//! 処方 (S10, first pass): one drug line after another from the imported master, signed by the doctor, printed as 処方箋.

pub mod entity;
pub mod paper;
