//! A list of patients from another product.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::patient_import::reading::{LINES_MAX, read};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sheet) = read(bytes) {
        assert!(!sheet.lines.is_empty() && sheet.lines.len() <= LINES_MAX);
        assert!(sheet.lines.windows(2).all(|two| two[0].0 <= two[1].0), "lines as an editor counts them");
    }
});
