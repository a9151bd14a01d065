//! What else a desk writes down of a person: whom to call, whose household, where they come from (S03).

use serde::{Deserialize, Serialize};

use crate::phone::{Phone, PhoneError};
use crate::text::{self, TextError};

/// Contacts kept of one person.
pub const CONTACTS: usize = 5;
const NAME_LETTERS: usize = 40;
const RELATION_LETTERS: usize = 20;

/// 緊急連絡先: written on one line, 氏名 / 続柄 / 電話.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyContact {
    pub name: String,
    /// 続柄
    pub relation: String,
    pub phone: Phone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    #[error("not three parts")]
    Parts,
    #[error("too many contacts")]
    TooMany,
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Phone(#[from] PhoneError),
}

impl EmergencyContact {
    /// One on each line; the parts are kept apart by `/` of either width.
    pub fn parse_all(input: &str) -> Result<Vec<Self>, ContactError> {
        let lines: Vec<&str> = input.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.len() > CONTACTS { Err(ContactError::TooMany) } else { lines.into_iter().map(Self::parse).collect() }
    }

    fn parse(line: &str) -> Result<Self, ContactError> {
        let parts: Vec<&str> = line.split(['/', '／']).collect();
        let [name, relation, phone] = parts.as_slice() else { return Err(ContactError::Parts) };
        Ok(Self {
            name: text::required_line(name, NAME_LETTERS)?,
            relation: text::required_line(relation, RELATION_LETTERS)?,
            phone: Phone::parse(phone)?,
        })
    }

    /// As stored and as shown in the form again.
    pub fn lines(all: &[Self]) -> String {
        all.iter().map(|one| format!("{} / {} / {}", one.name, one.relation, one.phone)).collect::<Vec<_>>().join("\n")
    }
}

/// 連絡可否: by which ways the person agreed to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContactWay {
    Tel,
    Email,
    Letter,
}

impl ContactWay {
    pub const ALL: [Self; 3] = [Self::Tel, Self::Email, Self::Letter];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Tel => "tel",
            Self::Email => "email",
            Self::Letter => "letter",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Tel => "電話",
            Self::Email => "メール",
            Self::Letter => "郵便",
        }
    }

    /// `tel,letter`; what is not known is left out.
    pub fn parse_all(codes: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|way| codes.split(',').any(|code| code.trim() == way.code())).collect()
    }

    pub fn codes(all: &[Self]) -> String {
        all.iter().map(|way| way.code()).collect::<Vec<_>>().join(",")
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background {
    pub emergency_contacts: Vec<EmergencyContact>,
    /// 世帯主
    pub household_head: Option<String>,
    /// 世帯主との続柄
    pub household_relation: Option<String>,
    /// 職業
    pub occupation: Option<String>,
    /// かかりつけ薬局
    pub pharmacy: Option<String>,
    /// 紹介元
    pub referrer: Option<String>,
    pub contact_ok: Vec<ContactWay>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_lines_of_three_parts() {
        let all = EmergencyContact::parse_all("長谷部 太郎 / 夫 / 090-0000-0001\n\n𠮷田 花／長女／03-0000-0002").unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(EmergencyContact::parse_all(&EmergencyContact::lines(&all)), Ok(all));
        assert_eq!(EmergencyContact::parse_all("太郎 090-0000-0001"), Err(ContactError::Parts));
        assert_eq!(EmergencyContact::parse_all("太郎 / 夫 / 123"), Err(ContactError::Phone(PhoneError::WrongLength)));
        assert_eq!(EmergencyContact::parse_all(" / 夫 / 090-0000-0001"), Err(ContactError::Text(TextError::Empty)));
        let many = "太郎 / 夫 / 090-0000-0001\n".repeat(CONTACTS + 1);
        assert_eq!(EmergencyContact::parse_all(&many), Err(ContactError::TooMany));
    }

    #[test]
    fn ways_are_codes() {
        assert_eq!(ContactWay::codes(&ContactWay::parse_all("letter, tel,pigeon")), "tel,letter");
        assert_eq!(ContactWay::parse_all(""), []);
    }
}
