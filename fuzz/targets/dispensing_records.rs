//! The CSV records inside a 調剤結果.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::NAME;
use tsumugi_fuzz::adapters::eprescription::reply::{self, Answer};

fuzz_target!(|records: &[u8]| {
    if records.is_empty() {
        return;
    }
    let message = format!(
        "<XmlMsg><MessageHeader><ArbitraryFileIdentifier>{NAME}</ArbitraryFileIdentifier></MessageHeader><MessageBody>\
         <ProcessingResultStatus>1</ProcessingResultStatus><PrescriptionStatus>薬局にて調剤済です。</PrescriptionStatus><DispensingResultList>\
         <DispensingResultInfo><DispensingNumber>1</DispensingNumber><DispensingResult>{}</DispensingResult></DispensingResultInfo>\
         </DispensingResultList></MessageBody></XmlMsg>",
        STANDARD.encode(records)
    );
    let Ok(Answer::Ok(root)) = reply::read(message.as_bytes(), NAME) else { return };
    let results = reply::standing(&root).map(|standing| standing.results).unwrap_or_default();
    assert_eq!(results.len(), usize::from(std::str::from_utf8(records).is_ok()), "read, or left out");
});
