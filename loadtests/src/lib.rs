//! What the programs that walk through the product's pages share.

pub mod html;
