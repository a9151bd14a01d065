//! The one search box: a card number, カナ, 漢字, a birth date, the last four digits of a telephone, or several of them.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use crate::kana::is_kanji;
use crate::patient::PatientNumber;
use crate::search_key::{PrefixRange, search_key};
use crate::wareki;

/// Longer input is cut: no name, number or date needs more.
const MAX_CHARS: usize = 100;
/// Digits of the longest patient number.
const MAX_NUMBER_LEN: usize = 10;
/// Clinics pad numbers with zeros up to this width; each width is one more look into the index.
const MAX_PADDED_LEN: usize = 8;

/// What is looked for. Parts of different kinds narrow each other; the meanings of one run of digits are alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientSearch {
    pub name: Option<NamePart>,
    pub code: Option<CodePart>,
    pub birth_date: Option<NaiveDate>,
}

/// A prefix of the name's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePart {
    Kana(PrefixRange),
    Kanji(PrefixRange),
}

impl NamePart {
    pub fn range(&self) -> &PrefixRange {
        match self {
            NamePart::Kana(range) | NamePart::Kanji(range) => range,
        }
    }
}

/// Digits (or a card's code) and all they may mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodePart {
    /// As typed and with leading zeros added: people leave them out.
    pub numbers: Vec<String>,
    pub phone_last4: Option<String>,
    pub birth_date: Option<NaiveDate>,
}

impl PatientSearch {
    pub fn parse(input: &str) -> Self {
        let text: String = input.nfkc().filter(|c| !c.is_control() || c.is_whitespace()).take(MAX_CHARS).collect();
        let mut search = Self::default();
        let mut name = String::new();
        for word in text.split_whitespace() {
            match Word::read(word) {
                Word::Date(date) => search.birth_date = Some(date),
                Word::Code(code) => search.code = Some(code),
                Word::Name => name.push_str(word),
            }
        }
        let key = search_key(&name);
        if !key.is_empty() {
            let range = PrefixRange::of(&key);
            let by_writing = name.chars().any(|c| is_kanji(c) || c.is_alphabetic() && c.is_ascii());
            search.name = Some(if by_writing { NamePart::Kanji(range) } else { NamePart::Kana(range) });
        }
        search
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// 「読みだけで探す」: what remains when figures are dropped.
    pub fn name_only(&self) -> Self {
        Self { name: self.name.clone(), ..Self::default() }
    }
}

enum Word {
    Date(NaiveDate),
    Code(CodePart),
    Name,
}

impl Word {
    fn read(word: &str) -> Self {
        let digits: String = word.chars().filter(|c| !matches!(c, '-' | 'ー')).collect();
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            // 1960-04-01 is a date, 090-0000-4471 a telephone, 0412 either a number or four last digits.
            let date = wareki::parse(word).ok();
            return match date {
                Some(date) if word.contains('-') => Word::Date(date),
                _ => Word::Code(CodePart { numbers: number_candidates(&digits), phone_last4: phone_last4(&digits), birth_date: date }),
            };
        }
        if let Ok(date) = wareki::parse(word) {
            return Word::Date(date);
        }
        match PatientNumber::parse(word) {
            Ok(number) if number.as_str().bytes().any(|b| b.is_ascii_digit()) => {
                Word::Code(CodePart { numbers: vec![number.as_str().to_owned()], ..CodePart::default() })
            }
            _ => Word::Name,
        }
    }
}

fn number_candidates(digits: &str) -> Vec<String> {
    if digits.len() > MAX_NUMBER_LEN {
        return vec![];
    }
    (digits.len()..=MAX_PADDED_LEN.max(digits.len())).map(|width| format!("{digits:0>width$}")).collect()
}

fn phone_last4(digits: &str) -> Option<String> {
    matches!(digits.len(), 4 | 10 | 11).then(|| digits[digits.len() - 4..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> PatientSearch {
        PatientSearch::parse(text)
    }

    fn kana(text: &str) -> Option<NamePart> {
        Some(NamePart::Kana(PrefixRange::of(text)))
    }

    fn kanji(text: &str) -> Option<NamePart> {
        Some(NamePart::Kanji(PrefixRange::of(text)))
    }

    #[test]
    fn names() {
        assert_eq!(parse("さいとう ち").name, kana("サイトウチ"));
        assert_eq!(parse("ｻｲﾄｳ").name, kana("サイトウ"));
        assert_eq!(parse("齋藤　ちはる").name, kanji("斉藤チハル"));
        assert_eq!(parse("smith").name, kanji("smith"));
    }

    #[test]
    fn digits_have_several_meanings() {
        let code = parse("1207").code.unwrap();
        assert_eq!(code.numbers[..3], ["1207", "01207", "001207"]);
        assert_eq!(code.numbers.last().unwrap(), "00001207");
        assert_eq!(code.phone_last4.as_deref(), Some("1207"));
        assert_eq!(parse("１２０７").code.unwrap().numbers[0], "1207");
        assert_eq!(parse("19600401").code.unwrap().birth_date, "1960-04-01".parse().ok());
        assert_eq!(parse("090-0000-4471").code.unwrap().phone_last4.as_deref(), Some("4471"));
        assert_eq!(parse("t00041").code.unwrap().numbers, ["T00041"]);
        assert_eq!(parse("1234567890").code.unwrap().numbers, ["1234567890"]);
        assert_eq!(parse("123456789012").code.unwrap().numbers, Vec::<String>::new());
    }

    #[test]
    fn dates() {
        for text in ["S35.4.1", "昭和35年4月1日", "1960-04-01", "1960/4/1"] {
            assert_eq!(parse(text).birth_date, "1960-04-01".parse().ok(), "{text}");
        }
    }

    #[test]
    fn parts_narrow_each_other() {
        let search = parse("しらいし 0412");
        assert_eq!(search.name, kana("シライシ"));
        assert_eq!(search.code.clone().unwrap().phone_last4.as_deref(), Some("0412"));
        assert_eq!(search.name_only(), parse("しらいし"));
        assert!(parse(" 　").is_empty());
        assert!(parse("・").is_empty());
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(input in any::<String>()) {
            let search = PatientSearch::parse(&input);
            if let Some(code) = search.code {
                prop_assert!(code.numbers.len() <= MAX_PADDED_LEN);
            }
        }
    }
}
