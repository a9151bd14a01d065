//! Dates as people in a clinic write them: 和暦 or 西暦, many spellings, one stored value.
//!
//! Eras and their first days come from ICU's calendar data. A date is only accepted in an era that was in
//! force on that day: S64.1.8 and H31.5.1 never were.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use icu_calendar::{Date, cal::Japanese};
use unicode_normalization::UnicodeNormalization;

/// Nobody alive was born before this year.
pub const EARLIEST_YEAR: i32 = 1900;

static CALENDAR: LazyLock<Japanese> = LazyLock::new(Japanese::new);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    Meiji,
    Taisho,
    Showa,
    Heisei,
    Reiwa,
}

impl Era {
    /// Most likely first, when a slip has to be guessed.
    const BY_LIKELIHOOD: [Era; 5] = [Era::Showa, Era::Heisei, Era::Reiwa, Era::Taisho, Era::Meiji];

    /// ICU's code.
    const fn code(self) -> &'static str {
        match self {
            Era::Meiji => "meiji",
            Era::Taisho => "taisho",
            Era::Showa => "showa",
            Era::Heisei => "heisei",
            Era::Reiwa => "reiwa",
        }
    }

    /// Spellings, longest first.
    const fn spellings(self) -> [&'static str; 3] {
        match self {
            Era::Meiji => ["明治", "明", "M"],
            Era::Taisho => ["大正", "大", "T"],
            Era::Showa => ["昭和", "昭", "S"],
            Era::Heisei => ["平成", "平", "H"],
            Era::Reiwa => ["令和", "令", "R"],
        }
    }

    pub const fn letter(self) -> &'static str {
        self.spellings()[2]
    }

    pub const fn kanji(self) -> &'static str {
        self.spellings()[0]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("nothing entered")]
    Empty,
    #[error("not a date in any known spelling")]
    Unreadable,
    /// Such as 2月30日.
    #[error("no such day in the calendar")]
    NoSuchDay,
    #[error("the era was not in force on that day")]
    OutsideEra { likely: Option<NaiveDate> },
    #[error("before {EARLIEST_YEAR}")]
    TooEarly,
    #[error("after today")]
    AfterToday { likely: Option<NaiveDate> },
}

impl DateError {
    /// The date probably meant, to be offered and never taken by itself.
    pub fn likely(&self) -> Option<NaiveDate> {
        match self {
            DateError::OutsideEra { likely } | DateError::AfterToday { likely } => *likely,
            _ => None,
        }
    }
}

/// A day that has happened, not before 1900: births, deaths, first visits.
pub fn parse_past(text: &str, today: NaiveDate) -> Result<NaiveDate, DateError> {
    let written = Written::read(text)?;
    let date = written.date().map_err(|error| match error {
        DateError::OutsideEra { likely } => DateError::OutsideEra { likely: likely.filter(|date| *date <= today) },
        other => other,
    })?;
    if date > today {
        return Err(DateError::AfterToday { likely: written.in_another_era(today) });
    }
    Ok(date)
}

/// Any day from 1900 on, the future too (the end of an insurance card).
pub fn parse(text: &str) -> Result<NaiveDate, DateError> {
    Written::read(text)?.date()
}

/// `S35.4.1`
pub fn short(date: NaiveDate) -> String {
    match era_year(date) {
        Some((era, year)) => format!("{}{year}.{}.{}", era.letter(), date.month(), date.day()),
        None => date.to_string(),
    }
}

/// `昭和35年4月1日`, and 元年 for the first year.
pub fn long(date: NaiveDate) -> String {
    match era_year(date) {
        Some((era, 1)) => format!("{}元年{}月{}日", era.kanji(), date.month(), date.day()),
        Some((era, year)) => format!("{}{year}年{}月{}日", era.kanji(), date.month(), date.day()),
        None => date.to_string(),
    }
}

/// The era in force on a day and the year within it; `None` before 明治6年.
pub fn era_year(date: NaiveDate) -> Option<(Era, i32)> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    let found = Date::try_new_iso(date.year(), month, day).ok()?.to_calendar(*CALENDAR).era_year();
    let era = Era::BY_LIKELIHOOD.into_iter().find(|era| era.code() == found.era.as_str())?;
    Some((era, found.year))
}

/// What stands on the page, before asking whether such a day existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    era: Option<Era>,
    year: i32,
    month: u32,
    day: u32,
}

impl Written {
    fn read(text: &str) -> Result<Self, DateError> {
        let text: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        if text.is_empty() {
            return Err(DateError::Empty);
        }
        let (era, rest) = split_era(&text);
        let rest = rest.replacen('元', "1", 1).replace(['年', '月'], ".");
        let rest = rest.strip_suffix('日').unwrap_or(&rest);
        let parts: Vec<&str> = rest.split(['.', '/', '-', '−', '‐', '・', '。', '、', ',']).collect();
        let [year, month, day] = match parts.as_slice() {
            [year, month, day] => [*year, *month, *day],
            [compact] => split_compact(compact, era.is_some()).ok_or(DateError::Unreadable)?,
            _ => return Err(DateError::Unreadable),
        };
        let year_digits = if era.is_some() { 1..=3 } else { 4..=4 };
        Ok(Self { era, year: number(year, year_digits)?, month: number(month, 1..=2)?, day: number(day, 1..=2)? })
    }

    fn date(self) -> Result<NaiveDate, DateError> {
        let date = match self.era {
            None => NaiveDate::from_ymd_opt(self.year, self.month, self.day).ok_or(DateError::NoSuchDay)?,
            Some(era) => self.in_era(era)?,
        };
        if date.year() < EARLIEST_YEAR { Err(DateError::TooEarly) } else { Ok(date) }
    }

    fn in_era(self, era: Era) -> Result<NaiveDate, DateError> {
        let likely = || (self.year > 0).then(|| first_year(era) + self.year - 1);
        let Some(date) = likely().and_then(|year| NaiveDate::from_ymd_opt(year, self.month, self.day)) else {
            return Err(DateError::NoSuchDay);
        };
        if era_year(date) == Some((era, self.year)) {
            return Ok(date);
        }
        // H31.5.1 is plainly the day that was R1.5.1; the year 90 of an era is no such slip.
        Err(DateError::OutsideEra { likely: Some(date).filter(|_| is_near_era(era, self.year)) })
    }

    /// `R34.2.11` was probably `S34.2.11`: the same figures in an era where they make a day that has happened.
    fn in_another_era(self, today: NaiveDate) -> Option<NaiveDate> {
        let written = self.era?;
        Era::BY_LIKELIHOOD
            .into_iter()
            .filter(|era| *era != written)
            .filter_map(|era| Written { era: Some(era), ..self }.date().ok())
            .find(|date| *date <= today)
    }
}

/// A person still counting in an era that ended says at most a few years too many.
fn is_near_era(era: Era, year: i32) -> bool {
    let length = match era {
        Era::Meiji => 45,
        Era::Taisho => 15,
        Era::Showa => 64,
        Era::Heisei => 31,
        Era::Reiwa => return false,
    };
    (1..=length + 10).contains(&year)
}

const fn first_year(era: Era) -> i32 {
    match era {
        Era::Meiji => 1868,
        Era::Taisho => 1912,
        Era::Showa => 1926,
        Era::Heisei => 1989,
        Era::Reiwa => 2019,
    }
}

fn split_era(text: &str) -> (Option<Era>, &str) {
    for era in Era::BY_LIKELIHOOD {
        for spelling in era.spellings() {
            let head = text.get(..spelling.len()).unwrap_or_default();
            if head.eq_ignore_ascii_case(spelling) {
                return (Some(era), text[spelling.len()..].trim_start_matches('.'));
            }
        }
    }
    (None, text)
}

/// `19600401`, `S350401`.
fn split_compact(text: &str, in_era: bool) -> Option<[&str; 3]> {
    let year_len = if in_era { 2 } else { 4 };
    if !text.is_ascii() || text.len() != year_len + 4 {
        return None;
    }
    Some([&text[..year_len], &text[year_len..year_len + 2], &text[year_len + 2..]])
}

fn number<T: std::str::FromStr>(text: &str, len: std::ops::RangeInclusive<usize>) -> Result<T, DateError> {
    if !len.contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateError::Unreadable);
    }
    text.parse().map_err(|_| DateError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn today() -> NaiveDate {
        day("2026-11-20")
    }

    fn past(text: &str) -> Result<NaiveDate, DateError> {
        parse_past(text, today())
    }

    #[test]
    fn reads_every_usual_spelling() {
        for text in [
            "S35.4.1",
            "s35.4.1",
            "Ｓ３５．４．１",
            "S35/4/1",
            "S35-04-01",
            "S350401",
            "昭和35年4月1日",
            "昭35.4.1",
            "㍼35年4月1日",
            "昭和 35年 4月 1日",
            "1960-04-01",
            "1960/4/1",
            "1960.4.1",
            "19600401",
            "1960年4月1日",
        ] {
            assert_eq!(past(text), Ok(day("1960-04-01")), "{text}");
        }
        assert_eq!(past("令和元年5月1日"), Ok(day("2019-05-01")));
        assert_eq!(past("H1.1.8"), Ok(day("1989-01-08")));
        assert_eq!(past("M33.1.1"), Ok(day("1900-01-01")));
    }

    #[test]
    fn eras_begin_and_end_on_their_day() {
        assert_eq!(past("S64.1.7"), Ok(day("1989-01-07")));
        assert_eq!(past("S64.1.8"), Err(DateError::OutsideEra { likely: Some(day("1989-01-08")) }));
        assert_eq!(past("H31.4.30"), Ok(day("2019-04-30")));
        assert_eq!(past("H31.5.1"), Err(DateError::OutsideEra { likely: Some(day("2019-05-01")) }));
        assert_eq!(past("T1.7.29"), Err(DateError::OutsideEra { likely: Some(day("1912-07-29")) }));
        assert_eq!(past("S1.12.24"), Err(DateError::OutsideEra { likely: Some(day("1926-12-24")) }));
        assert_eq!(past("令和元年4月30日"), Err(DateError::OutsideEra { likely: None }));
    }

    #[test]
    fn offers_the_likely_fix() {
        assert_eq!(past("R34.2.11"), Err(DateError::AfterToday { likely: Some(day("1959-02-11")) }));
        assert_eq!(short(past("R34.2.11").unwrap_err().likely().unwrap()), "S34.2.11");
        assert_eq!(past("2034-02-11"), Err(DateError::AfterToday { likely: None }));
        assert_eq!(past("2026-11-21"), Err(DateError::AfterToday { likely: None }));
        assert_eq!(past("2026-11-20"), Ok(today()));
        assert_eq!(parse("R16.3.31"), Ok(day("2034-03-31")));
    }

    #[test]
    fn refuses_days_that_never_were() {
        for text in ["S35.2.30", "2023-02-29", "S35.13.1", "S0.1.1", "S35.0.1", "1900-02-29"] {
            assert_eq!(past(text), Err(DateError::NoSuchDay), "{text}");
        }
        assert_eq!(past("M32.12.31"), Err(DateError::TooEarly));
        assert_eq!(past("1899-12-31"), Err(DateError::TooEarly));
        assert_eq!(past(" "), Err(DateError::Empty));
        for text in [
            "あ",
            "35.4.1",
            "S35.4",
            "S35.4.1.1",
            "X35.4.1",
            "196004",
            "S35.４月",
            "1960-04-01T00:00",
            "S-35.4.1",
            "S99999999999.1.1",
            "\0",
        ] {
            assert_eq!(past(text), Err(DateError::Unreadable), "{text}");
        }
    }

    #[test]
    fn prints_both_ways() {
        assert_eq!(short(day("1960-04-01")), "S35.4.1");
        assert_eq!(long(day("1960-04-01")), "昭和35年4月1日");
        assert_eq!(long(day("2019-05-01")), "令和元年5月1日");
        assert_eq!(short(day("2019-04-30")), "H31.4.30");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(days in 0i64..46_000) {
            let date = day("1900-01-01") + chrono::Duration::days(days);
            prop_assert_eq!(parse(&short(date)), Ok(date));
            prop_assert_eq!(parse(&long(date)), Ok(date));
            prop_assert_eq!(parse(&date.to_string()), Ok(date));
        }

        #[test]
        fn never_panics(input in any::<String>()) {
            let _ = past(&input);
        }

        #[test]
        fn never_after_today(input in "[MTSHR]?[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,2}") {
            if let Ok(date) = past(&input) {
                prop_assert!(date <= today() && date.year() >= EARLIEST_YEAR);
            }
        }
    }
}
