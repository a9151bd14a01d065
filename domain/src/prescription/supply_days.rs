//! 薬切れ日: how long a line lasts, and how many days reach the next booking.

use chrono::{Days, NaiveDate};

use super::DAYS_MAX;

/// A line's supply against the next booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOut {
    /// The last day covered.
    pub until: NaiveDate,
    /// Days left over at the next booking (positive) or missing (negative); none without a booking.
    pub surplus: Option<i64>,
}

/// Days handed out today and those left at home, taken from `today` on. A booking on the day after the last covered one fits exactly.
pub fn run_out(today: NaiveDate, days: u16, leftover: u16, next: Option<NaiveDate>) -> RunOut {
    let covered = u64::from(days) + u64::from(leftover);
    let after = today.checked_add_days(Days::new(covered)).unwrap_or(NaiveDate::MAX);
    RunOut { until: after.pred_opt().unwrap_or(after).max(today), surplus: next.map(|next| (after - next).num_days()) }
}

/// Days that bring the patient to the next booking, less what is left at home; none when the booking is today, past, or too far.
pub fn days_until(today: NaiveDate, next: NaiveDate, leftover: u16) -> Option<u8> {
    let days = (next - today).num_days() - i64::from(leftover);
    u8::try_from(days).ok().filter(|days| *days >= 1 && u16::from(*days) <= DAYS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn twenty_eight_days_from_november_twentieth_reach_december_eighteenth() {
        let next = day("2026-12-18");
        assert_eq!(days_until(day("2026-11-20"), next, 0), Some(28));
        let fits = run_out(day("2026-11-20"), 28, 0, Some(next));
        assert_eq!((fits.until, fits.surplus), (day("2026-12-17"), Some(0)));
        assert_eq!(run_out(day("2026-11-20"), 14, 0, Some(next)).surplus, Some(-14));
        assert_eq!(run_out(day("2026-11-20"), 28, 7, Some(next)).surplus, Some(7));
        assert_eq!(run_out(day("2026-11-20"), 1, 0, None), RunOut { until: day("2026-11-20"), surplus: None });
    }

    #[test]
    fn what_is_left_at_home_is_not_prescribed_again() {
        assert_eq!(days_until(day("2026-11-20"), day("2026-12-18"), 7), Some(21));
        assert_eq!(days_until(day("2026-11-20"), day("2026-11-25"), 7), None, "enough at home");
    }

    #[test]
    fn only_bookings_between_tomorrow_and_ninety_days_can_be_reached() {
        let today = day("2026-11-20");
        assert_eq!(days_until(today, today, 0), None);
        assert_eq!(days_until(today, day("2026-11-01"), 0), None);
        assert_eq!(days_until(today, today + Days::new(90), 0), Some(90));
        assert_eq!(days_until(today, today + Days::new(91), 0), None);
        assert_eq!(days_until(today, NaiveDate::MAX, 0), None);
    }
}
