//! レセコン (receipt computer) over the ORCA API: XML by POST with basic authentication.
//!
//! `content` is what a visit sends, free of any wire; `request` and `reply` are the XML of one question and one answer; `client` asks.
//! What each number in an answer means for a person is in `meaning`.

pub mod client;
pub mod content;
pub mod meaning;
pub mod reply;
pub mod request;
#[cfg(test)]
mod tests;
