//! Japanese telephone numbers: 10 or 11 digits starting with 0. Hyphens are kept where the writer put them,
//! because only they tell the area code; the last four digits are what people are looked up by.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::kana::is_dash;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("not a telephone number")]
    Unreadable,
    #[error("must have 10 or 11 digits")]
    WrongLength,
    #[error("must start with 0")]
    NoLeadingZero,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Accepts full-width digits, any dash, brackets and +81; empty is the caller's business.
    pub fn parse(input: &str) -> Result<Self, PhoneError> {
        let text: String = input.trim().nfkc().map(|c| if is_dash(c) || c == 'ー' { '-' } else { c }).collect();
        let text = match text.strip_prefix("+81") {
            Some(rest) => format!("0{}", rest.trim_start_matches(['-', ' ', '0'])),
            None => text,
        };
        let groups: Vec<&str> = text.split(['-', ' ', '(', ')', '.']).filter(|group| !group.is_empty()).collect();
        if groups.is_empty() || !groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit())) {
            return Err(PhoneError::Unreadable);
        }
        let digits = groups.concat();
        if !matches!(digits.len(), 10 | 11) {
            return Err(PhoneError::WrongLength);
        }
        if !digits.starts_with('0') {
            return Err(PhoneError::NoLeadingZero);
        }
        Ok(Self(if groups.len() == 3 { groups.join("-") } else { grouped(&digits) }))
    }

    /// Text that was checked when it was written.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn digits(&self) -> String {
        self.0.chars().filter(char::is_ascii_digit).collect()
    }

    pub fn last4(&self) -> String {
        let digits = self.digits();
        digits[digits.len().saturating_sub(4)..].to_owned()
    }

    /// For lists others may see over the counter: `090-****-4471`.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hides everything between the first group and the last four digits.
pub fn mask(number: &str) -> String {
    let total = number.chars().filter(char::is_ascii_digit).count();
    let shown_first = number.split('-').next().map_or(0, str::len).min(total.saturating_sub(4));
    let mut seen = 0;
    number
        .chars()
        .map(|c| {
            if !c.is_ascii_digit() {
                return c;
            }
            seen += 1;
            if seen <= shown_first || seen > total.saturating_sub(4) { c } else { '*' }
        })
        .collect()
}

/// Where nobody wrote hyphens: mobiles and the two-digit areas are certain, the rest is split 4-2-4.
fn grouped(digits: &str) -> String {
    let first = match (digits.len(), &digits[..2]) {
        (11, _) => 3,
        (_, "03" | "06") => 2,
        _ => 4,
    };
    format!("{}-{}-{}", &digits[..first], &digits[first..digits.len() - 4], &digits[digits.len() - 4..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (typed, stored) in [
            ("090-0000-4471", "090-0000-4471"),
            ("０９０ー００００ー４４７１", "090-0000-4471"),
            ("09000004471", "090-0000-4471"),
            ("0312345678", "03-1234-5678"),
            ("(0466)22-2210", "0466-22-2210"),
            ("+81 90-0000-4471", "090-0000-4471"),
        ] {
            assert_eq!(Phone::parse(typed).map(|p| p.0).as_deref(), Ok(stored), "{typed}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(Phone::parse("090-0000-447"), Ok(Phone("090-0000-447".into())));
        assert_eq!(Phone::parse("090-0000-44711"), Err(PhoneError::WrongLength));
        assert_eq!(Phone::parse("190-0000-4471"), Err(PhoneError::NoLeadingZero));
        assert_eq!(Phone::parse("内線12"), Err(PhoneError::Unreadable));
        assert_eq!(Phone::parse("--"), Err(PhoneError::Unreadable));
    }

    #[test]
    fn shows_only_the_ends() {
        assert_eq!(Phone::parse("090-0000-4471").unwrap().masked(), "090-****-4471");
        assert_eq!(Phone::parse("0466222210").unwrap().masked(), "0466-**-2210");
        assert_eq!(Phone::parse("090-0000-4471").unwrap().last4(), "4471");
        assert_eq!(mask("123"), "123");
    }

    proptest! {
        #[test]
        fn never_panics_and_is_stable(input in any::<String>()) {
            let _ = mask(&input);
            if let Ok(phone) = Phone::parse(&input) {
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone.clone()));
            }
        }

        #[test]
        fn hides_the_middle(input in "0[0-9]{9,10}") {
            let masked = Phone::parse(&input).unwrap().masked();
            prop_assert!(masked.contains('*') && masked.ends_with(&input[input.len() - 4..]));
        }
    }
}
