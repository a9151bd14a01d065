//! What a card reader left behind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::adapters::eligibility::{ReaderFile, read_face_result, read_header};

fuzz_target!(|bytes: &[u8]| {
    let file = ReaderFile { name: String::new(), bytes: bytes.to_vec() };
    let header = read_header(bytes);
    if let Ok(result) = read_face_result(&file) {
        let header = header.expect("a file that can be read has a header");
        assert_eq!(header.institution_code, result.institution_code);
        assert_eq!(read_face_result(&file).expect("read before"), result);
    }
});
