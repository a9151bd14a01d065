//! Published masters; the first byte says which.
#![no_main]

use std::sync::LazyLock;

use domain::masters::{Layouts, MasterKind, parse};
use libfuzzer_sys::fuzz_target;

static LAYOUTS: LazyLock<Layouts> = LazyLock::new(|| Layouts::built_in().expect("our own layouts"));

fuzz_target!(|bytes: &[u8]| {
    let [which, bytes @ ..] = bytes else { return };
    let kind = MasterKind::ALL[usize::from(*which) % MasterKind::ALL.len()];
    if let Ok(parsed) = parse(LAYOUTS.of(kind).expect("every kind has a layout"), bytes) {
        let mut codes: Vec<&str> = parsed.entries.iter().map(|entry| entry.code.as_str()).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|two| two[0] != two[1]), "a code once");
    }
});
