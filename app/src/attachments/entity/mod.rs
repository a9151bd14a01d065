//! Rows of the slice. They stay between here and `store`.

pub mod attachment;
pub mod attachment_file;
