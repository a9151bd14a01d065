//! 注意の印 (`Flag`): what everybody who meets a patient must see at once, and the 付箋 somebody stuck on.

use crate::text::{self, TextError};

/// Longest text of a flag, in characters.
pub const SAID_MAX: usize = 60;

/// 種類.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlagCategory {
    /// 感染
    Infection,
    /// 禁忌
    Contraindication,
    /// 妊娠・授乳
    Pregnancy,
    /// 付箋: of a patient, or of one visit
    Sticky,
}

impl FlagCategory {
    pub const ALL: [Self; 4] = [Self::Infection, Self::Contraindication, Self::Pregnancy, Self::Sticky];
    /// Those that are facts about the body, said by somebody on a day.
    pub const CLINICAL: [Self; 3] = [Self::Infection, Self::Contraindication, Self::Pregnancy];

    /// The stored code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Infection => "infection",
            Self::Contraindication => "contraindication",
            Self::Pregnancy => "pregnancy",
            Self::Sticky => "sticky",
        }
    }

    /// Reads a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.code() == code)
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Infection => "感染",
            Self::Contraindication => "禁忌",
            Self::Pregnancy => "妊娠・授乳",
            Self::Sticky => "付箋",
        }
    }

    /// Of these one stands at a time: a new statement ends the one before.
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Pregnancy)
    }
}

/// What is written on a flag.
pub fn parse_said(input: &str) -> Result<String, TextError> {
    text::required_line(input, SAID_MAX)
}

/// What is written on a 付箋; nothing takes it away.
pub fn parse_sticky(input: &str) -> Result<Option<String>, TextError> {
    text::line(input, SAID_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for category in FlagCategory::ALL {
            assert_eq!(FlagCategory::from_code(category.code()), Some(category));
        }
        assert_eq!(FlagCategory::from_code("other"), None);
    }

    #[test]
    fn a_flag_is_one_short_line() {
        assert_eq!(parse_said(" HCV ").as_deref(), Ok("HCV"));
        assert!(parse_said("　").is_err() && parse_said(&"あ".repeat(61)).is_err());
        assert!(parse_said(&"あ".repeat(60)).is_ok());
        assert_eq!(parse_sticky(" "), Ok(None));
        assert!(parse_sticky("車いす\u{0}").is_err());
    }
}
