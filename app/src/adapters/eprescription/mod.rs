//! 電子処方箋: what is registered with the national service. `record` writes 処方箋情報 (記録条件仕様 処方編, `SJ1`), `document` wraps it
//! and signs it (XAdES) by the key that a `signer` finds for the doctor, `message` and `reply` are what goes over the wire.

pub mod card;
mod cardless;
mod certificate;
pub mod check;
mod dispensing;
mod document;
pub mod inside;
mod jahis;
pub mod message;
mod record;
mod refusal;
pub mod reply;
pub mod revocation;
mod signer;

pub use card::{CardDesk, CardSigner, Signers};
pub use cardless::Cardless;
pub use certificate::{certificate_facts, certificate_of};
pub use dispensing::Dispensing;
pub use document::{Signer, SigningError, csv_of, paper_document, signed_document};
pub use jahis::symbol_bytes;
pub use message::Trace;
pub use record::{Doctor, DrugLine, Facility, Insurance, Narcotic, Person, PrescriptionRecord, RecordError, Supply, draft_csv};
pub use refusal::SigningRefusal;
pub use signer::{KeyFiles, NoSigner, PrescriptionSigner, SeenCard, SigningSession};
