//! Time as a clinic sees it. Stored instants are UTC; people read Japan Standard Time (R10).

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveTime, Utc};

const JST_SECONDS: i32 = 9 * 3600;

/// Japan has had no daylight saving since 1951, so a fixed offset is exact for everything we record.
pub fn jst(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(JST_SECONDS) {
        Some(offset) => instant.with_timezone(&offset),
        None => instant.fixed_offset(),
    }
}

/// The calendar day in Japan.
pub fn today(instant: DateTime<Utc>) -> NaiveDate {
    jst(instant).date_naive()
}

/// The first moment of a day in Japan.
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - Duration::seconds(i64::from(JST_SECONDS))
}

/// The first day of the month.
pub fn month_of(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)
}

/// The clinic's working day: before the boundary (minutes after midnight, 240 = 04:00) it is still yesterday.
pub fn clinic_day(instant: DateTime<Utc>, day_boundary_min: i32) -> NaiveDate {
    (jst(instant) - Duration::minutes(i64::from(day_boundary_min))).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_visit_belongs_to_the_evening_before() {
        let night = at("2026-11-20T18:30:00Z"); // 03:30 JST
        assert_eq!(today(night).to_string(), "2026-11-21");
        assert_eq!(clinic_day(night, 240).to_string(), "2026-11-20");
        let start = midnight(today(night));
        assert!(start <= night && clinic_day(start, 0).to_string() == "2026-11-21" && start == at("2026-11-20T15:00:00Z"));
        assert_eq!(clinic_day(at("2026-11-20T19:00:00Z"), 240).to_string(), "2026-11-21");
    }
}
