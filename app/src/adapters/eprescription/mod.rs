//! 電子処方箋: what is registered with the national service. `record` writes 処方箋情報 (記録条件仕様 処方編, `SJ1`), `document` wraps it
//! and signs it as the doctor (XAdES). The way there (登録, 取消, 状況) is not built yet.

mod document;
mod record;

pub use document::{Signer, SigningError, paper_document, signed_document};
pub use record::{Doctor, DrugLine, Facility, Insurance, Person, PrescriptionRecord, RecordError, Supply};
