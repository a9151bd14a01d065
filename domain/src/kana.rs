//! カナ: the reading of a name in full-width katakana, family and given name parted by one space.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longest reading, in characters (S03).
pub const MAX_CHARS: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KanaError {
    #[error("nothing entered")]
    Empty,
    #[error("longer than {MAX_CHARS} characters")]
    TooLong,
    #[error("a kanji where a reading is wanted")]
    Kanji(char),
    #[error("a Latin letter or digit where a reading is wanted")]
    Alphanumeric(char),
    #[error("a character no reading has")]
    Other(char),
    #[error("more than one space")]
    TooManySpaces,
}

/// A reading. Hiragana and half-width kana are converted on the way in, never refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kana(String);

impl Kana {
    pub fn parse(input: &str) -> Result<Self, KanaError> {
        let text = tidy(input);
        if text.is_empty() {
            return Err(KanaError::Empty);
        }
        if text.chars().count() > MAX_CHARS {
            return Err(KanaError::TooLong);
        }
        if let Some(c) = text.chars().find(|c| !is_reading(*c)) {
            return Err(match c {
                c if is_kanji(c) => KanaError::Kanji(c),
                c if c.is_ascii_alphanumeric() => KanaError::Alphanumeric(c),
                c => KanaError::Other(c),
            });
        }
        match text.matches(' ').count() {
            0 | 1 => Ok(Self(text)),
            _ => Err(KanaError::TooManySpaces),
        }
    }

    /// For names that arrive from outside (a card): the first space parts the name, further ones become ・.
    pub fn parse_foreign(input: &str) -> Result<Self, KanaError> {
        match tidy(input).split_once(' ') {
            Some((family, given)) => Self::parse(&format!("{family} {}", given.replace(' ', "・"))),
            None => Self::parse(input),
        }
    }

    /// Text that was checked when it was written; a later, stricter rule must not lock a chart.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Family and given name; a single name has no second part.
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self.0.split_once(' ') {
            Some((family, given)) => (family, Some(given)),
            None => (&self.0, None),
        }
    }
}

impl fmt::Display for Kana {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Full-width katakana with single plain spaces; what cannot be converted is left for the caller to judge.
fn tidy(input: &str) -> String {
    // The spacing sound marks would become "space + combining mark" under NFKC.
    let joined = input.chars().map(|c| match c {
        '\u{309B}' => '\u{3099}',
        '\u{309C}' => '\u{309A}',
        c => c,
    });
    let mut out = String::with_capacity(input.len());
    for c in joined.nfkc().map(to_katakana) {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_dash(c) && out.chars().next_back().is_some_and(is_reading) {
            out.push('ー');
        } else {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// ひらがな to カタカナ, one character for one.
pub fn to_katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        c => c,
    }
}

/// The many characters people type for a long mark.
pub(crate) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{FF0D}' | '\u{FF70}')
}

fn is_reading(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | '・' | 'ー' | 'ヽ' | 'ヾ' | 'ㇰ'..='ㇿ' | ' ')
}

/// 半角カナ, as the national records want a reading; what has no half-width form is left out.
pub fn to_half_width(reading: &str) -> String {
    let half = |c: char| -> Option<char> {
        match c {
            ' ' | '\u{3000}' => Some(' '),
            '\u{3099}' => Some('ﾞ'),
            '\u{309a}' => Some('ﾟ'),
            'ヮ' => Some('ﾜ'),
            'ヵ' => Some('ｶ'),
            'ヶ' => Some('ｹ'),
            'ヰ' => Some('ｲ'),
            'ヱ' => Some('ｴ'),
            c => ('｡'..='ﾝ').find(|half| half.nfkc().eq([c])),
        }
    };
    reading.nfd().filter_map(half).collect()
}

/// Ideographs, including the supplementary planes (𠮷) and compatibility forms (﨑).
pub fn is_kanji(c: char) -> bool {
    matches!(c,
        '々' | '〆' | '〇'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kana(text: &str) -> Result<String, KanaError> {
        Kana::parse(text).map(|k| k.0)
    }

    #[test]
    fn converts_what_it_can() {
        for (typed, stored) in [
            ("サイトウ チヅコ", "サイトウ チヅコ"),
            (" さいとう　ちづこ ", "サイトウ チヅコ"),
            ("ｻｲﾄｳ ﾁﾂﾞｺ", "サイトウ チヅコ"),
            ("ジョ-ンズ メアリ−", "ジョーンズ メアリー"),
            ("か゛とう", "ガトウ"),
            ("グエン・ヴァン アン", "グエン・ヴァン アン"),
            ("スカルノ", "スカルノ"),
        ] {
            assert_eq!(kana(typed).as_deref(), Ok(stored), "{typed}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(kana(" 　"), Err(KanaError::Empty));
        assert_eq!(kana("サイトウ 千鶴子"), Err(KanaError::Kanji('千')));
        assert_eq!(kana("𠮷ダ"), Err(KanaError::Kanji('𠮷')));
        assert_eq!(kana("ＳＡＩＴＯ"), Err(KanaError::Alphanumeric('S')));
        assert_eq!(kana("サイトウ\0"), Err(KanaError::Other('\0')));
        assert_eq!(kana("-サ"), Err(KanaError::Other('-')));
        assert_eq!(kana("ア イ ウ"), Err(KanaError::TooManySpaces));
        assert_eq!(kana(&"ア".repeat(61)), Err(KanaError::TooLong));
        assert!(kana(&"ア".repeat(60)).is_ok());
    }

    #[test]
    fn a_card_may_carry_more_spaces() {
        assert_eq!(Kana::parse_foreign("グエン　ヴァン　アン").unwrap().as_str(), "グエン ヴァン・アン");
        assert_eq!(Kana::parse("グエン アン").unwrap().parts(), ("グエン", Some("アン")));
    }

    proptest! {
        #[test]
        fn parsing_is_stable(input in any::<String>()) {
            if let Ok(once) = Kana::parse(&input) {
                prop_assert_eq!(Kana::parse(once.as_str()), Ok(once.clone()));
            }
        }

        #[test]
        fn any_hiragana_is_readable(input in "[ぁ-ゖ]{1,20}") {
            prop_assert!(Kana::parse(&input).is_ok());
        }
    }
}
