//! What may be typed into a one-line or many-line field, before any rule of its own.

use unicode_normalization::UnicodeNormalization;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("nothing entered")]
    Empty,
    #[error("longer than {max} characters")]
    TooLong { max: usize },
    /// NUL, other controls, or the mark left where bytes were not UTF-8.
    #[error("contains an unreadable character")]
    Unreadable,
}

/// A single line: spaces trimmed, at most `max` characters, `None` when nothing is left.
pub fn line(input: &str, max: usize) -> Result<Option<String>, TextError> {
    checked(input.trim(), max, |c| !is_unreadable(c))
}

/// A single line that must not be empty.
pub fn required_line(input: &str, max: usize) -> Result<String, TextError> {
    line(input, max)?.ok_or(TextError::Empty)
}

/// Several lines: as [`line`], with line ends brought to `\n` and tabs kept.
pub fn lines(input: &str, max: usize) -> Result<Option<String>, TextError> {
    let unix = input.replace("\r\n", "\n").replace('\r', "\n");
    checked(unix.trim_end(), max, |c| c == '\n' || c == '\t' || !is_unreadable(c))
}

/// A number as it is typed when nobody looks at the width of the keys: one width, no spaces.
pub fn without_spaces(input: &str) -> String {
    input.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// For comparing words people write in many ways: one width, one case, no spaces.
pub fn folded(input: &str) -> String {
    input.nfkc().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

fn checked(text: &str, max: usize, allowed: impl Fn(char) -> bool) -> Result<Option<String>, TextError> {
    if !text.chars().all(allowed) {
        return Err(TextError::Unreadable);
    }
    let text = compose(text);
    match text.chars().count() {
        0 => Ok(None),
        n if n > max => Err(TextError::TooLong { max }),
        _ => Ok(Some(text)),
    }
}

fn is_unreadable(c: char) -> bool {
    c.is_control() || c == char::REPLACEMENT_CHARACTER || is_noncharacter(c) || is_direction_override(c)
}

fn is_noncharacter(c: char) -> bool {
    let code = c as u32;
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

/// These reorder the text around them: a name could be made to read as another person's.
pub fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// NFC, except that compatibility ideographs stay: 神 (U+FA19) is how that family writes its name.
fn compose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_compatibility_ideograph) {
        match piece.char_indices().next_back() {
            Some((at, last)) if is_compatibility_ideograph(last) => {
                out.extend(piece[..at].nfc());
                out.push(last);
            }
            _ => out.extend(piece.nfc()),
        }
    }
    out
}

fn is_compatibility_ideograph(c: char) -> bool {
    matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{2F800}'..='\u{2FA1F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_old_forms_and_composes_kana() {
        assert_eq!(line(" 神\u{FA19}か\u{3099} ", 10), Ok(Some("神\u{FA19}が".into())));
        assert_eq!(line("𠮷田", 2), Ok(Some("𠮷田".into())));
    }

    #[test]
    fn refuses_what_cannot_be_read_back() {
        for bad in ["a\0b", "a\u{FFFD}", "a\u{202E}b", "a\nb", "\u{FFFF}"] {
            assert_eq!(line(bad, 10), Err(TextError::Unreadable), "{bad:?}");
        }
        assert_eq!(line("あいう", 2), Err(TextError::TooLong { max: 2 }));
        assert_eq!(required_line("　 ", 2), Err(TextError::Empty));
        assert_eq!(lines("一\r\n二\r三\n", 10), Ok(Some("一\n二\n三".into())));
    }

    proptest! {
        #[test]
        fn accepted_text_is_accepted_again_unchanged(input in any::<String>()) {
            if let Ok(Some(once)) = line(&input, 200) {
                prop_assert_eq!(line(&once, 200), Ok(Some(once.clone())));
            }
        }
    }
}
