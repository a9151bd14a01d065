//! 患者: find, register, edit, look back, merge (workflow S03).

pub mod entity;
