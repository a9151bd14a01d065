//! 調剤結果: what a pharmacy handed out comes to the chart by itself and stays 未読 until a doctor has read it (FN-EP-10, FN-EP-08).

pub mod entity;
pub mod handlers;
pub mod store;
mod views;

pub use views::{ResultLine, UnreadLine};
