//! 次回の短い書き方: `2w`, `10日`, `1ヶ月後` → the days on which the next visit is looked for.

use chrono::{Datelike, Days, Months, NaiveDate};
use unicode_normalization::UnicodeNormalization;

/// How many days are tried, the first included.
pub const TRIES: usize = 6;

/// How far ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    Days(u32),
    Weeks(u32),
    Months(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AheadError {
    #[error("nothing entered")]
    Empty,
    #[error("not a number with a unit")]
    Unreadable,
    #[error("zero, or more than a year")]
    OutOfBounds,
}

impl Ahead {
    /// A number and d・日, w・週, m・月; 間 and 後 may follow.
    pub fn parse(input: &str) -> Result<Self, AheadError> {
        let text: String = input.nfkc().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
        if text.is_empty() {
            return Err(AheadError::Empty);
        }
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or(AheadError::Unreadable)?;
        let (number, unit) = text.split_at(unit_at);
        let number: u32 = match number.parse() {
            Ok(number) => number,
            Err(_) if number.is_empty() => return Err(AheadError::Unreadable),
            Err(_) => return Err(AheadError::OutOfBounds),
        };
        let unit = unit.trim_end_matches('後').trim_end_matches('間');
        let (ahead, most) = match unit {
            "d" | "日" => (Self::Days(number), 366),
            "w" | "週" => (Self::Weeks(number), 52),
            "m" | "月" | "ヶ月" | "ケ月" | "か月" | "カ月" | "ヵ月" | "箇月" => (Self::Months(number), 12),
            _ => return Err(AheadError::Unreadable),
        };
        if (1..=most).contains(&number) { Ok(ahead) } else { Err(AheadError::OutOfBounds) }
    }

    /// The days to look at, in order: weeks and months keep today's weekday, days go on from one to the next.
    pub fn days(self, today: NaiveDate) -> Vec<NaiveDate> {
        let (first, step) = match self {
            Self::Days(n) => (today.checked_add_days(Days::new(n.into())), 1),
            Self::Weeks(n) => (today.checked_add_days(Days::new(7 * u64::from(n))), 7),
            Self::Months(n) => (today.checked_add_months(Months::new(n)).map(|day| same_weekday(day, today)), 7),
        };
        let tries = 0..TRIES as u64;
        first.into_iter().flat_map(|first| tries.clone().filter_map(move |n| first.checked_add_days(Days::new(n * step)))).collect()
    }

    /// 「2週後」
    pub fn words(self) -> String {
        match self {
            Self::Days(n) => format!("{n}日後"),
            Self::Weeks(n) => format!("{n}週後"),
            Self::Months(n) => format!("{n}か月後"),
        }
    }
}

/// The first day from `day` on that falls on the weekday of `like`.
fn same_weekday(day: NaiveDate, like: NaiveDate) -> NaiveDate {
    let ahead = (7 + like.weekday().num_days_from_monday() - day.weekday().num_days_from_monday()) % 7;
    day.checked_add_days(Days::new(ahead.into())).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        Ahead::parse(text).unwrap().days("2026-11-20".parse().unwrap())[0].to_string()
    }

    #[test]
    fn reads_what_a_doctor_types() {
        assert_eq!(first("2w"), "2026-12-04");
        assert_eq!(first("２Ｗ"), "2026-12-04");
        assert_eq!(first(" 2 週間後 "), "2026-12-04");
        assert_eq!(first("10日"), "2026-11-30");
        assert_eq!(first("10d"), "2026-11-30");
        assert_eq!(first("1ヶ月後"), "2026-12-25", "20 December is a Sunday; the Friday after it");
        assert_eq!(first("1カ月"), first("1m"));
        assert_eq!(Ahead::Weeks(2).days("2026-11-20".parse().unwrap())[1].to_string(), "2026-12-11");
    }

    #[test]
    fn says_what_it_cannot_read() {
        for (text, error) in [
            ("", AheadError::Empty),
            ("　", AheadError::Empty),
            ("w", AheadError::Unreadable),
            ("2", AheadError::Unreadable),
            ("2x", AheadError::Unreadable),
            ("-2w", AheadError::Unreadable),
            ("0w", AheadError::OutOfBounds),
            ("53w", AheadError::OutOfBounds),
            ("99999999999日", AheadError::OutOfBounds),
        ] {
            assert_eq!(Ahead::parse(text), Err(error), "{text:?}");
        }
    }
}
