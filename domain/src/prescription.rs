//! 処方 (`MedicationRequest`): one drug line, its limits, and the words a 処方箋 prints.
//!
//! Amounts stay decimal text: they are printed and sent exactly as the doctor wrote them, and never computed with.

pub mod duplicate_check;
pub mod figures;
pub mod head;
pub mod inside;
pub mod registration;
pub mod split;
pub mod supply_days;
pub mod usage;

use chrono::{Days, NaiveDate};
use unicode_normalization::UnicodeNormalization;

/// 使用期間: the day of issue and the three days after it (保険医療機関及び保険医療養担当規則 第20条第3号イ).
pub const USABLE_DAYS: u64 = 4;
/// Longest 用法 of the national e-prescription record 111.
pub const USAGE_MAX_CHARS: usize = 50;
/// Longest remark on one line.
pub const COMMENT_MAX_CHARS: usize = 60;
/// Longest supply in days; drugs with a shorter legal limit are a matter of the master.
pub const DAYS_MAX: u16 = 90;

/// Why a line is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrescriptionError {
    #[error("dose missing")]
    DoseMissing,
    #[error("dose is not a number")]
    DoseNotNumber,
    #[error("dose is zero")]
    DoseZero,
    #[error("dose has more than 6 integer or 5 decimal digits")]
    DoseTooLong,
    #[error("unit missing")]
    UnitMissing,
    #[error("unit longer than 6 characters")]
    UnitTooLong,
    #[error("usage missing")]
    UsageMissing,
    #[error("usage too long")]
    UsageTooLong,
    #[error("days or times is not a whole number")]
    CountNotNumber,
    #[error("days outside 1 to 90")]
    DaysOutOfRange,
    #[error("times outside 1 to 99")]
    TimesOutOfRange,
    #[error("leftover days above 90")]
    LeftoverOutOfRange,
    #[error("comment too long")]
    CommentTooLong,
    #[error("a control character")]
    ControlCharacter,
}

/// 用量: at most 6 integer and 5 decimal digits (record 201), more than zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dose(String);

impl Dose {
    /// Reads half- or full-width digits with one decimal point; `0.50` becomes `0.5`.
    pub fn parse(text: &str) -> Result<Self, PrescriptionError> {
        let folded: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        if folded.is_empty() {
            return Err(PrescriptionError::DoseMissing);
        }
        let (integer, decimals) = folded.split_once('.').unwrap_or((&folded, ""));
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        if integer.is_empty() || !digits(integer) || !digits(decimals) || folded.ends_with('.') {
            return Err(PrescriptionError::DoseNotNumber);
        }
        let integer = integer.trim_start_matches('0');
        let decimals = decimals.trim_end_matches('0');
        if integer.len() > 6 || decimals.len() > 5 {
            return Err(PrescriptionError::DoseTooLong);
        }
        match (integer, decimals) {
            ("", "") => Err(PrescriptionError::DoseZero),
            ("", _) => Ok(Self(format!("0.{decimals}"))),
            (_, "") => Ok(Self(integer.to_owned())),
            _ => Ok(Self(format!("{integer}.{decimals}"))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The exact amount in hundred-thousandths, for comparing with a limit.
    pub fn hundred_thousandths(&self) -> u64 {
        let (integer, decimals) = self.0.split_once('.').unwrap_or((&self.0, ""));
        format!("{integer}{decimals:0<5}").parse().unwrap_or(u64::MAX)
    }
}

/// How much is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// 内服: days, 1 to 90
    Days(u8),
    /// 頓用: times, 1 to 99
    Times(u8),
    /// 外用など: the dose is the whole amount
    Total,
}

impl Supply {
    /// `kind` is the posted choice (`days`, `times`, `total`); `count` is ignored for `total`.
    pub fn parse(kind: &str, count: &str) -> Result<Self, PrescriptionError> {
        let number = || -> Result<u16, PrescriptionError> {
            let folded: String = count.nfkc().filter(|c| !c.is_whitespace()).collect();
            let is_number = !folded.is_empty() && folded.chars().all(|c| c.is_ascii_digit());
            if !is_number {
                return Err(PrescriptionError::CountNotNumber);
            }
            // More digits than fit are simply out of range.
            Ok(folded.parse().unwrap_or(u16::MAX))
        };
        match kind {
            "total" => Ok(Self::Total),
            "times" => match number()? {
                n @ 1..=99 => Ok(Self::Times(n as u8)),
                _ => Err(PrescriptionError::TimesOutOfRange),
            },
            _ => match number()? {
                n @ 1..=DAYS_MAX => Ok(Self::Days(n as u8)),
                _ => Err(PrescriptionError::DaysOutOfRange),
            },
        }
    }

    /// What follows the usage on paper; empty for a whole amount.
    pub fn words(self) -> String {
        match self {
            Self::Days(n) => format!("{n}日分"),
            Self::Times(n) => format!("{n}回分"),
            Self::Total => String::new(),
        }
    }
}

/// 後発医薬品への変更.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GenericSubstitution {
    #[default]
    Allowed,
    /// 変更不可(医療上必要)
    MedicallyBarred,
    /// 患者希望
    PatientWish,
}

impl GenericSubstitution {
    /// The stored and posted code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::MedicallyBarred => "medically_barred",
            Self::PatientWish => "patient_wish",
        }
    }

    /// An unknown code is not silently "allowed".
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Allowed, Self::MedicallyBarred, Self::PatientWish].into_iter().find(|s| s.code() == code)
    }
}

/// 一包化・粉砕.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preparation {
    #[default]
    Plain,
    OneDose,
    Crushed,
}

impl Preparation {
    pub const ALL: [Self; 3] = [Self::Plain, Self::OneDose, Self::Crushed];

    /// The stored and posted code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::OneDose => "one_dose",
            Self::Crushed => "crushed",
        }
    }

    /// Empty when nothing is to be printed.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::OneDose => "一包化",
            Self::Crushed => "粉砕",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.code() == code)
    }
}

/// One accepted line, still without the drug's identity, which comes from the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineContent {
    pub dose: Dose,
    pub unit: String,
    pub usage: String,
    pub supply: Supply,
    pub substitution: GenericSubstitution,
    /// 一般名で書く
    pub is_generic: bool,
    pub preparation: Preparation,
    /// 残薬: days still at home
    pub leftover_days: u8,
    pub comment: String,
}

/// 残薬 in days; empty is none.
pub fn check_leftover(text: &str) -> Result<u8, PrescriptionError> {
    let folded: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    if folded.is_empty() {
        return Ok(0);
    }
    if !folded.chars().all(|c| c.is_ascii_digit()) {
        return Err(PrescriptionError::CountNotNumber);
    }
    folded.parse().ok().filter(|days| *days <= DAYS_MAX as u8).ok_or(PrescriptionError::LeftoverOutOfRange)
}

/// 単位 as printed; at most 6 characters (record 201).
pub fn check_unit(text: &str) -> Result<String, PrescriptionError> {
    let unit = plain(text)?;
    match unit.chars().count() {
        0 => Err(PrescriptionError::UnitMissing),
        1..=6 => Ok(unit),
        _ => Err(PrescriptionError::UnitTooLong),
    }
}

/// 用法, with a shorthand such as `3t` written out.
pub fn check_usage(text: &str) -> Result<String, PrescriptionError> {
    let typed = plain(text)?;
    let usage = usage::of_shorthand(&typed).map_or(typed, |usage| usage.words.to_owned());
    match usage.chars().count() {
        0 => Err(PrescriptionError::UsageMissing),
        1..=USAGE_MAX_CHARS => Ok(usage),
        _ => Err(PrescriptionError::UsageTooLong),
    }
}

/// Remark to the pharmacy.
pub fn check_comment(text: &str) -> Result<String, PrescriptionError> {
    let comment = plain(text)?;
    if comment.chars().count() > COMMENT_MAX_CHARS { Err(PrescriptionError::CommentTooLong) } else { Ok(comment) }
}

fn plain(text: &str) -> Result<String, PrescriptionError> {
    let trimmed = text.trim();
    if trimmed.chars().any(char::is_control) {
        return Err(PrescriptionError::ControlCharacter);
    }
    Ok(trimmed.to_owned())
}

/// The last day a pharmacy accepts the paper.
pub fn usable_until(issued_on: NaiveDate) -> NaiveDate {
    issued_on.checked_add_days(Days::new(USABLE_DAYS - 1)).unwrap_or(issued_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use PrescriptionError as E;

    #[test]
    fn doses_keep_their_digits_and_refuse_nonsense() {
        for (text, expected) in [
            ("1", Ok("1")),
            ("０.５０", Ok("0.5")),
            (" 007.25 ", Ok("7.25")),
            ("999999.99999", Ok("999999.99999")),
            ("", Err(E::DoseMissing)),
            ("0", Err(E::DoseZero)),
            ("0.000", Err(E::DoseZero)),
            ("-1", Err(E::DoseNotNumber)),
            ("1e3", Err(E::DoseNotNumber)),
            ("1.", Err(E::DoseNotNumber)),
            (".5", Err(E::DoseNotNumber)),
            ("1.2.3", Err(E::DoseNotNumber)),
            ("2錠", Err(E::DoseNotNumber)),
            ("12345678901", Err(E::DoseTooLong)),
            ("0.123456", Err(E::DoseTooLong)),
        ] {
            assert_eq!(Dose::parse(text).as_ref().map(Dose::as_str).map_err(|e| *e), expected, "{text}");
        }
    }

    #[test]
    fn doses_are_compared_exactly() {
        let value = |text| Dose::parse(text).unwrap().hundred_thousandths();
        assert_eq!((value("1"), value("0.5"), value("999999.99999")), (100_000, 50_000, 99_999_999_999));
        assert!(value("0.1") < value("0.10001"));
    }

    #[test]
    fn days_run_from_one_to_ninety() {
        assert_eq!(Supply::parse("days", "1"), Ok(Supply::Days(1)));
        assert_eq!(Supply::parse("days", "９０"), Ok(Supply::Days(90)));
        for text in ["0", "91", "99999999999"] {
            assert_eq!(Supply::parse("days", text), Err(E::DaysOutOfRange), "{text}");
        }
        for text in ["", "-1", "1.5", "七"] {
            assert_eq!(Supply::parse("days", text), Err(E::CountNotNumber), "{text}");
        }
        assert_eq!(Supply::parse("times", "10").map(Supply::words), Ok("10回分".into()));
        assert_eq!(Supply::parse("times", "100"), Err(E::TimesOutOfRange));
        assert_eq!(Supply::parse("total", "").map(Supply::words), Ok(String::new()));
    }

    #[test]
    fn shorthands_are_written_out() {
        assert_eq!(check_usage("3t"), Ok("1日3回毎食後".into()));
        assert_eq!(check_usage("３Ｔ"), Ok("1日3回毎食後".into()));
        assert_eq!(check_usage(" 1日2回 朝・寝る前 "), Ok("1日2回 朝・寝る前".into()));
        assert_eq!(check_usage("   "), Err(E::UsageMissing));
        assert_eq!(check_usage(&"あ".repeat(51)), Err(E::UsageTooLong));
        assert_eq!(check_usage("毎食後\u{0}"), Err(E::ControlCharacter));
    }

    #[test]
    fn paper_is_good_for_four_days_counting_the_first() {
        let issued: NaiveDate = "2026-12-30".parse().unwrap();
        assert_eq!(usable_until(issued).to_string(), "2027-01-02");
    }
}
