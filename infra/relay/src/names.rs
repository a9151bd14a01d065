//! Names the product gives to files.

/// A name and nothing else: no way out of the folder, on any system.
pub fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 150
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert!(is_plain("OQSsiquc01req_20261120a1b2.xml"));
        for bad in ["", "..", "../a.xml", "a/b.xml", "a\\b.xml", "c:a.xml", ".part", "照会.xml", "a\0.xml"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
