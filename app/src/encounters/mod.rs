//! 受付: today's list, walk-in reception, the way of a visit from arrival to the cashier (workflow S02, S05), and taking in what a
//! card reader wrote (S04).

pub mod entity;
