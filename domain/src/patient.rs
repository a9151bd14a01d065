//! 患者: who a chart belongs to.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::id::{MergeId, PatientId};
use crate::kana::is_dash;
use crate::name::HumanName;
use crate::patient_background::Background;
use crate::phone::Phone;

/// The number printed on the clinic's card, unique within the clinic. `T…` is provisional (仮番号).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientNumber(String);

impl PatientNumber {
    /// 1–10 letters, digits or hyphens; letters become capitals so that a card is read the same either way.
    pub fn parse(input: &str) -> Result<Self, PatientError> {
        let text: String = input.trim().nfkc().map(|c| if is_dash(c) { '-' } else { c.to_ascii_uppercase() }).collect();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if text.is_empty() || text.len() > 10 || !text.chars().all(is_allowed) || text.starts_with('-') {
            return Err(PatientError::InvalidNumber);
        }
        Ok(Self(text))
    }

    /// Text that was checked when it was written.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_provisional(&self) -> bool {
        is_provisional(&self.0)
    }

    /// The next number of a series: `prefix` and at least `width` digits, after the highest one given so far.
    /// `None` when ten characters no longer suffice.
    pub fn next(prefix: &str, width: usize, highest: Option<&str>) -> Option<Self> {
        let last: u64 = match highest {
            Some(number) => number.strip_prefix(prefix)?.parse().ok()?,
            None => 0,
        };
        Self::parse(&format!("{prefix}{:0width$}", last.checked_add(1)?)).ok()
    }
}

pub fn is_provisional(number: &str) -> bool {
    number.strip_prefix('T').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

impl fmt::Display for PatientNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 性別 as the insurance card states it (FHIR administrative gender).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    Male,
    Female,
    Unknown,
}

impl Sex {
    pub const ALL: [Sex; 3] = [Sex::Male, Sex::Female, Sex::Unknown];

    pub const fn code(self) -> &'static str {
        match self {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Unknown => "unknown",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Sex::Male => "男",
            Sex::Female => "女",
            Sex::Unknown => "不明",
        }
    }
}

impl FromStr for Sex {
    type Err = PatientError;

    fn from_str(code: &str) -> Result<Self, PatientError> {
        Self::ALL.into_iter().find(|sex| sex.code() == code).ok_or(PatientError::UnknownSex)
    }
}

/// 話す言葉, a BCP 47 tag with the name speakers use for it.
pub const LANGUAGES: [(&str, &str); 14] = [
    ("ja", "日本語"),
    ("en", "English"),
    ("zh", "中文"),
    ("ko", "한국어"),
    ("vi", "Tiếng Việt"),
    ("pt", "Português"),
    ("es", "Español"),
    ("tl", "Tagalog"),
    ("ne", "नेपाली"),
    ("id", "Bahasa Indonesia"),
    ("th", "ไทย"),
    ("my", "မြန်မာ"),
    ("jsl", "日本手話"),
    ("und", "その他"),
];

pub fn is_language(code: &str) -> bool {
    LANGUAGES.iter().any(|(known, _)| *known == code)
}

/// 郵便番号: seven digits without the hyphen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostalCode(String);

impl PostalCode {
    pub fn parse(input: &str) -> Result<Self, PatientError> {
        let digits: String = input.nfkc().filter(|c| !c.is_whitespace() && *c != '〒' && *c != 'ー' && !is_dash(*c)).collect();
        if digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(PatientError::InvalidPostalCode)
        }
    }

    /// Text that was checked when it was written.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(3) {
            Some((area, town)) => write!(f, "{area}-{town}"),
            None => f.write_str(&self.0),
        }
    }
}

/// Enough of a check to catch slips: one @, a dotted domain, no spaces, at most 254 bytes (RFC 5321).
pub fn parse_email(input: &str) -> Result<String, PatientError> {
    let text: String = input.trim().nfkc().collect();
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && c != '@');
    match text.split_once('@') {
        Some((local, domain))
            if text.len() <= 254
                && is_part(local)
                && is_part(domain)
                && domain.contains('.')
                && domain.split('.').all(|label| !label.is_empty()) =>
        {
            Ok(text)
        }
        _ => Err(PatientError::InvalidEmail),
    }
}

/// Everything that is stated about a person, and kept version by version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demographics {
    pub name: HumanName,
    /// 旧姓・通称
    pub alias_name: Option<String>,
    pub sex: Sex,
    pub birth_date: NaiveDate,
    pub postal_code: Option<PostalCode>,
    pub address: Option<String>,
    pub tel: Option<Phone>,
    pub mobile: Option<Phone>,
    pub email: Option<String>,
    pub language: String,
    pub note: Option<String>,
    pub deceased_on: Option<NaiveDate>,
    pub background: Background,
}

/// A person about to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPatient {
    pub numbering: Numbering,
    pub demographics: Demographics,
}

/// Who chooses the number on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbering {
    Given(PatientNumber),
    Next,
    /// 仮番号: reception first, papers later.
    Provisional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatientStatus {
    Active,
    /// 統合済: its chart is read through `merged_into`.
    Merged,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    pub id: PatientId,
    pub version: i32,
    pub status: PatientStatus,
    pub number: PatientNumber,
    pub demographics: Demographics,
    pub merged_into: Option<PatientId>,
    pub merge_id: Option<MergeId>,
}

impl Patient {
    pub fn name(&self) -> &HumanName {
        &self.demographics.name
    }

    /// Two charts can be joined when both are in use and are not the same one.
    pub fn check_mergeable(&self, other: &Patient) -> Result<(), PatientError> {
        if self.id == other.id {
            return Err(PatientError::SamePatient);
        }
        if self.status == PatientStatus::Merged || other.status == PatientStatus::Merged {
            return Err(PatientError::AlreadyMerged);
        }
        Ok(())
    }
}

/// How long a merge can be taken back (S03).
pub const MERGE_UNDO_DAYS: i64 = 30;

/// Whole years and months lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age {
    pub years: i32,
    pub months: u32,
}

impl Age {
    /// Zero before the birth date. Someone born on 29 February turns a year older on 1 March in a common year.
    pub fn on(birth_date: NaiveDate, day: NaiveDate) -> Self {
        let months = (day.year() - birth_date.year()) * 12 + day.month0() as i32 - birth_date.month0() as i32;
        let whole = (if day.day() < birth_date.day() { months - 1 } else { months }).max(0);
        Self { years: whole / 12, months: (whole % 12).unsigned_abs() }
    }
}

impl fmt::Display for Age {
    /// Months matter in the first years: dosage and vaccination go by them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.years {
            0 => write!(f, "{}か月", self.months),
            1..=2 => write!(f, "{}歳{}か月", self.years, self.months),
            years => write!(f, "{years}歳"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatientError {
    #[error("patient number must be 1-10 letters, digits or hyphens")]
    InvalidNumber,
    #[error("patient number is in use")]
    DuplicateNumber,
    #[error("no more numbers in this series")]
    NumbersExhausted,
    #[error("unknown sex code")]
    UnknownSex,
    #[error("postal code must have 7 digits")]
    InvalidPostalCode,
    #[error("not an e-mail address")]
    InvalidEmail,
    #[error("died before being born")]
    DeceasedBeforeBirth,
    #[error("a patient cannot be merged with itself")]
    SamePatient,
    #[error("already merged into another patient")]
    AlreadyMerged,
    #[error("the time to undo the merge is over")]
    UndoExpired,
    #[error("a later merge rests on this one")]
    LaterMerge,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn age(birth: &str, on: &str) -> String {
        Age::on(day(birth), day(on)).to_string()
    }

    #[test]
    fn ages() {
        assert_eq!(age("1959-02-11", "2026-11-20"), "67歳");
        assert_eq!(age("1959-11-20", "2026-11-20"), "67歳");
        assert_eq!(age("1959-11-21", "2026-11-20"), "66歳");
        assert_eq!(age("2026-03-31", "2026-04-30"), "0か月");
        assert_eq!(age("2024-11-20", "2026-11-19"), "1歳11か月");
        assert_eq!(age("2000-02-29", "2026-02-28"), "25歳");
        assert_eq!(age("2000-02-29", "2026-03-01"), "26歳");
        assert_eq!(age("2026-11-21", "2026-11-20"), "0か月");
    }

    #[test]
    fn numbers() {
        assert_eq!(PatientNumber::parse(" ｔ００041 ").unwrap().as_str(), "T00041");
        assert!(PatientNumber::parse("T00041").unwrap().is_provisional());
        assert!(!PatientNumber::parse("TA-1").unwrap().is_provisional());
        for bad in ["", "12345678901", "番号", "1 2", "-1", "1\0"] {
            assert_eq!(PatientNumber::parse(bad), Err(PatientError::InvalidNumber), "{bad}");
        }
        let next = |prefix, width, highest| PatientNumber::next(prefix, width, highest).map(|n| n.0);
        assert_eq!(next("", 6, None).as_deref(), Some("000001"));
        assert_eq!(next("", 6, Some("001207")).as_deref(), Some("001208"));
        assert_eq!(next("", 6, Some("999999")).as_deref(), Some("1000000"));
        assert_eq!(next("T", 5, Some("T00041")).as_deref(), Some("T00042"));
        assert_eq!(next("", 6, Some("9999999999")), None);
    }

    #[test]
    fn contacts() {
        assert_eq!(PostalCode::parse("〒２５１ー００５２").unwrap().to_string(), "251-0052");
        assert!(PostalCode::parse("251-005").is_err());
        assert_eq!(parse_email("a.b+c@例.jp"), Err(PatientError::InvalidEmail));
        assert_eq!(parse_email("ａ@example.jp").as_deref(), Ok("a@example.jp"));
        for bad in ["a", "@b.jp", "a@b", "a@b..jp", "a b@c.jp", "a@b@c.jp"] {
            assert_eq!(parse_email(bad), Err(PatientError::InvalidEmail), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn age_never_falls(birth in 0i64..40_000, later in 0i64..40_000) {
            let birth = day("1900-01-01") + chrono::Duration::days(birth);
            let on = birth + chrono::Duration::days(later);
            prop_assert!(Age::on(birth, on) <= Age::on(birth, on + chrono::Duration::days(1)));
        }

        #[test]
        fn nothing_typed_panics(input in any::<String>()) {
            let _ = PatientNumber::parse(&input);
            let _ = PostalCode::parse(&input).map(|code| code.to_string());
            let _ = parse_email(&input);
        }
    }
}
