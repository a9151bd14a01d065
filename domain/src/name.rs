//! A person's name as FHIR and JP Core see it: written (ideographic) and read (syllabic).

use serde::{Deserialize, Serialize};

use crate::kana::{Kana, KanaError};
use crate::search_key::search_key;
use crate::text::{self, TextError};

/// Longest written name, in characters (S03).
pub const MAX_CHARS: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HumanName {
    /// 氏名 as its owner writes it: 旧字体 and variation selectors are kept.
    pub ideographic: String,
    /// カナ
    pub syllabic: Kana,
}

impl HumanName {
    pub fn parse(ideographic: &str, syllabic: &str) -> Result<Self, NameError> {
        Ok(Self { ideographic: parse_ideographic(ideographic)?, syllabic: Kana::parse(syllabic)? })
    }

    pub fn kana_key(&self) -> String {
        search_key(self.syllabic.as_str())
    }

    pub fn kanji_key(&self) -> String {
        search_key(&self.ideographic)
    }

    /// 同姓同名: heard the same when called, whatever the characters.
    pub fn sounds_like(&self, other: &Self) -> bool {
        self.kana_key() == other.kana_key()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("written name: {0}")]
    Ideographic(#[from] TextError),
    #[error("reading: {0}")]
    Syllabic(#[from] KanaError),
}

/// Any writing system; runs of spaces become one plain space.
pub fn parse_ideographic(input: &str) -> Result<String, TextError> {
    let spaced = input.trim().replace('\u{3000}', " ");
    let name = text::required_line(&spaced, MAX_CHARS)?;
    Ok(name.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_owners_characters_and_finds_by_the_common_ones() {
        let name = HumanName::parse("齋藤　 千鶴子", "さいとう　ちづこ").unwrap();
        assert_eq!(name.ideographic, "齋藤 千鶴子");
        assert_eq!(name.syllabic.as_str(), "サイトウ チヅコ");
        assert_eq!(name.kanji_key(), "斉藤千鶴子");
        let other = HumanName::parse("斉藤 千鶴子", "サイトウ チズコ").unwrap();
        assert!(name.sounds_like(&other));
    }

    #[test]
    fn refuses_per_part() {
        assert_eq!(HumanName::parse("", "ア"), Err(NameError::Ideographic(TextError::Empty)));
        assert_eq!(HumanName::parse(&"字".repeat(41), "ア"), Err(NameError::Ideographic(TextError::TooLong { max: 40 })));
        assert_eq!(HumanName::parse("亜", "亜"), Err(NameError::Syllabic(KanaError::Kanji('亜'))));
    }
}
