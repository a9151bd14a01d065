//! Names of files in a terminal's folders, and those the relay is told to write.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use tsumugi_fuzz::{devices, relay};

fuzz_target!(|name: &str| {
    if let Some(suffix) = devices::names::suffix_of(name) {
        assert!(!suffix.is_empty() && name.contains(suffix));
    }
    if relay::names::is_plain(name) {
        let parts: Vec<Component<'_>> = Path::new(name).components().collect();
        assert!(matches!(parts.as_slice(), [Component::Normal(_)]), "inside its folder");
    }
});
