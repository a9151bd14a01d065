//! Times and days as staff read them: JST, 24 hours.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

pub use domain::clock::jst;

/// `10:42:07`
pub fn clock(at: DateTime<Utc>) -> String {
    jst(at).format("%H:%M:%S").to_string()
}

/// `2026/11/20 10:42`
pub fn stamp(at: DateTime<Utc>) -> String {
    jst(at).format("%Y/%m/%d %H:%M").to_string()
}

fn weekday(day: NaiveDate) -> &'static str {
    ["月", "火", "水", "木", "金", "土", "日"][day.weekday().num_days_from_monday() as usize]
}

/// `2026/11/20(金)`
pub fn day(day: NaiveDate) -> String {
    format!("{}({})", day.format("%Y/%m/%d"), weekday(day))
}

/// `11/06(金)` in the year of `today`, else with the year.
pub fn near_day(date: NaiveDate, today: NaiveDate) -> String {
    if date.year() == today.year() { format!("{}({})", date.format("%m/%d"), weekday(date)) } else { day(date) }
}

/// The first `max` characters on one line.
pub fn excerpt(text: &str, max: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max { line } else { line.chars().take(max).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_japanese() {
        let at = "2026-11-19T15:04:05Z".parse().unwrap();
        assert_eq!(clock(at), "00:04:05");
        assert_eq!(stamp(at), "2026/11/20 00:04");
    }

    #[test]
    fn the_year_is_said_when_it_differs() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(near_day(NaiveDate::from_ymd_opt(2026, 11, 6).unwrap(), today), "11/06(金)");
        assert_eq!(near_day(NaiveDate::from_ymd_opt(2025, 12, 31).unwrap(), today), "2025/12/31(水)");
    }

    #[test]
    fn an_excerpt_is_one_line() {
        assert_eq!(excerpt("𠮷\n 外食\u{3000}多い", 4), "𠮷 外食…");
    }
}
