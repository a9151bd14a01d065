//! 定型文: 「;ht」 and a space in a section of the chart become the text kept under `ht`. Everybody has their own; the clinic's are
//! kept by doctors and lent to all. One's own wins over the clinic's of the same short name.

pub mod entity;
mod handlers;
mod routes;
mod store;
mod views;

pub use routes::routes;
