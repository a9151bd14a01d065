//! The answer to a question by number: only ours is taken.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::adapters::eligibility::{ReaderFile, read_answer};
use tsumugi_fuzz::{INSTITUTION, NAME, question};

fuzz_target!(|bytes: &[u8]| {
    let file = ReaderFile { name: String::new(), bytes: bytes.to_vec() };
    if let Ok(result) = read_answer(&file, &question(), NAME)
        && result.is_processed
    {
        assert_eq!(result.institution_code.as_deref(), Some(INSTITUTION));
    }
});
