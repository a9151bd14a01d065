//! 画像・文書 (`DocumentReference`) on a patient's chart: photos, PDFs and シェーマ (GL-22).
//!
//! What arrives is judged by its bytes, sealed under the clinic's key and put into the object store; its row says 検査待ち. The worker
//! scans it, writes pictures anew (so nothing of the camera, and nothing hidden behind the picture, is left) and only then may anybody
//! open it. A scanner or store that is away leaves the file waiting. An attachment is a versioned statement: 取消 is a version with a
//! reason, drawing on a シェーマ again is a version with another file; nothing is deleted.

mod add;
mod cabinet;
mod clamav;
pub mod content;
pub mod copies;
pub mod entity;
mod handlers;
pub mod inspect;
mod pdf;
mod picture;
mod routes;
#[cfg(test)]
mod samples;
pub mod scanner;
pub mod store;
mod upload;
mod views;

pub use cabinet::Cabinet;
pub use clamav::ClamAv;
pub use inspect::Inspector;
pub use routes::routes;
pub use views::ScannerLine;
