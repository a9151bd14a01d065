//! 職員: the name a person signs in with.

use std::fmt;

/// Fewest and most letters of a [`LoginId`].
pub const LOGIN_ID_LETTERS: std::ops::RangeInclusive<usize> = 3..=40;

/// ユーザーID, unique in a clinic: small letters, digits, and `.` `_` `-`, so that it can be told over the telephone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoginId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginIdError {
    #[error("nothing entered")]
    Empty,
    #[error("shorter or longer than allowed")]
    Length,
    #[error("a character no login id has")]
    Other(char),
}

impl LoginId {
    /// Capital letters are lowered, never refused.
    pub fn parse(input: &str) -> Result<Self, LoginIdError> {
        let text = input.trim().to_ascii_lowercase();
        if text.is_empty() {
            return Err(LoginIdError::Empty);
        }
        if let Some(c) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
            return Err(LoginIdError::Other(c));
        }
        if LOGIN_ID_LETTERS.contains(&text.len()) { Ok(Self(text)) } else { Err(LoginIdError::Length) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_id_is_plain() {
        assert_eq!(LoginId::parse(" R.Yamazaki ").unwrap().as_str(), "r.yamazaki");
        assert_eq!(LoginId::parse("a_b-9").unwrap().as_str(), "a_b-9");
        for (input, error) in [
            ("", LoginIdError::Empty),
            ("ab", LoginIdError::Length),
            (&"a".repeat(41), LoginIdError::Length),
            ("山崎", LoginIdError::Other('山')),
            ("a b c", LoginIdError::Other(' ')),
            ("abc\0", LoginIdError::Other('\0')),
        ] {
            assert_eq!(LoginId::parse(input), Err(error), "{input:?}");
        }
    }
}
