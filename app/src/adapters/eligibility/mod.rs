//! オンライン資格確認等システム: the answer a card reader leaves behind (`OQSsiquc01res_face_….xml`).
//!
//! `port` holds what the rest of the program may know, `wire` the element names, `xml` a small reader with limits. The layout
//! follows the public descriptions of 外部インターフェイス仕様書 (資格確認結果); what they do not confirm stays inside `wire`.

pub mod bulk;
pub mod consented;
pub mod entrusted;
mod header;
pub mod history;
mod packed;
mod port;
mod query;
mod wire;
pub(in crate::adapters) mod xml;

pub use header::{Header, read_header};
pub use packed::{PackRefusal, is_packed, unpacked};
pub use port::{ReadError, ReaderFile};
pub use query::{NotOurs, Question, read_answer};

use domain::eligibility::FaceResult;

/// Reads one file a reader wrote. Never panics, whatever the bytes.
pub fn read_face_result(file: &ReaderFile) -> Result<FaceResult, ReadError> {
    wire::parse(&file.bytes)
}
