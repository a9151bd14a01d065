//! Names of files in a terminal's folders.

/// `OQSsiquc01res_20261120ab.xml` → `20261120ab`; a `.err` may repeat the question's own name.
pub fn suffix_of(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_once('_')?;
    let is_reply = prefix.ends_with("res") || prefix.ends_with("req");
    let suffix = rest.split('.').next()?;
    (is_reply && !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_and_answer_share_a_suffix() {
        for name in ["OQSsiquc01res_2026ab.xml", "OQSsiquc01res_2026ab.err", "OQSsiquc01req_2026ab.xml.err", "EPSsiPIR01res_2026ab.zip"] {
            assert_eq!(suffix_of(name), Some("2026ab"), "{name}");
        }
        for name in ["", "a.xml", "OQSsiquc01res_.xml", "OQSsiquc01res_照会.xml", "notes_2026ab.xml"] {
            assert_eq!(suffix_of(name), None, "{name}");
        }
    }
}
