//! A month a page of figures is about, never one that has not begun.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use domain::clock::midnight;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MonthQuery {
    /// `2026-11`
    month: String,
}

#[derive(Debug, Clone, Copy)]
pub struct Month {
    pub first: NaiveDate,
    today: NaiveDate,
}

impl Month {
    /// The month asked for; this one where nothing usable was asked.
    pub fn of(query: &MonthQuery, today: NaiveDate) -> Self {
        let asked = NaiveDate::parse_from_str(&format!("{}-01", query.month), "%Y-%m-%d").ok().filter(|first| *first <= today);
        Self { first: asked.or_else(|| today.with_day(1)).unwrap_or(today), today }
    }

    /// The first day after it.
    pub fn next(&self) -> NaiveDate {
        self.first.checked_add_months(Months::new(1)).unwrap_or(self.first)
    }

    /// From its first moment in Japan to the next month's.
    pub fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (midnight(self.first), midnight(self.next()))
    }

    pub fn title(&self) -> String {
        format!("{}年{}月", self.first.year(), self.first.month())
    }

    pub fn before(&self) -> String {
        self.first.checked_sub_months(Months::new(1)).unwrap_or(self.first).format("%Y-%m").to_string()
    }

    /// The next month, when it has begun.
    pub fn after(&self) -> Option<String> {
        Some(self.next()).filter(|next| *next <= self.today && *next > self.first).map(|next| next.format("%Y-%m").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::of(&MonthQuery { month: text.into() }, "2026-11-20".parse().unwrap())
    }

    #[test]
    fn a_month_that_is_none_or_has_not_begun_is_this_one() {
        for odd in ["", "2026-13", "2026-12", "9999-12", "0000-00", "<script>", "2026-11-01"] {
            assert_eq!(month(odd).title(), "2026年11月", "{odd}");
        }
        let october = month("2026-10");
        assert_eq!((october.before().as_str(), october.after().as_deref()), ("2026-09", Some("2026-11")));
        assert_eq!(month("2026-11").after(), None);
        assert_eq!(october.span().1.to_rfc3339(), "2026-10-31T15:00:00+00:00");
    }
}
