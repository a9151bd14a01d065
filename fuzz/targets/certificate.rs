//! A signer's certificate (HPKI), and the signed document it is taken out of.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::adapters::eprescription::certificate::{certificate_facts, certificate_of, in_force};

fuzz_target!(|bytes: &[u8]| {
    if let Some(der) = std::str::from_utf8(bytes).ok().and_then(certificate_of) {
        let _ = certificate_facts(&der);
    }
    let _ = certificate_facts(bytes);
    let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
    if let Ok((certificate, _)) = in_force(bytes.to_vec(), at) {
        let facts = certificate_facts(&certificate.der).expect("what signs can be described");
        assert!(facts.valid_to >= at);
    }
});
