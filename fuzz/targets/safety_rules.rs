//! Rules of medication safety, as they are imported.
#![no_main]

use domain::medication_safety::RuleSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = RuleSet::parse(text);
    }
});
