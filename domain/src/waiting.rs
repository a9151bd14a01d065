//! 順番 (S14): who is ahead in the day's line, and when one is likely to be called.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// A consultation is taken to last so long until the day has shown otherwise.
const USUAL_MIN: i64 = 8;
/// What one long talk or one quick signature may do to the day's mean.
const SHORTEST_MIN: i64 = 3;
const LONGEST_MIN: i64 = 30;
/// Consultations that make a mean.
const ENOUGH: usize = 3;
/// Whoever has so few ahead is called to come near.
pub const NEAR: usize = 3;

/// One in the line: somebody in the house, or a number taken by telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InLine {
    pub id: Uuid,
    pub number: i32,
    /// Whom they wait for; anybody when not said.
    pub doctor: Option<Uuid>,
}

/// Minutes a consultation takes today, from those that are over.
pub fn pace_min(over: &[(DateTime<Utc>, DateTime<Utc>)]) -> i64 {
    let lasted: Vec<i64> = over.iter().map(|(from, to)| (*to - *from).num_minutes().clamp(SHORTEST_MIN, LONGEST_MIN)).collect();
    if lasted.len() < ENOUGH { USUAL_MIN } else { lasted.iter().sum::<i64>() / lasted.len() as i64 }
}

/// How many stand before this one, waiting for the same doctor or for anybody.
pub fn ahead(line: &[InLine], one: &InLine) -> usize {
    let same = |other: &&InLine| other.doctor.is_none() || one.doctor.is_none() || other.doctor == one.doctor;
    line.iter().filter(|other| other.number < one.number).filter(same).count()
}

/// When one is likely to be called, on the five minutes: nobody is promised a minute.
pub fn predicted(now: DateTime<Utc>, ahead: usize, pace_min: i64) -> DateTime<Utc> {
    let ahead = i64::try_from(ahead).unwrap_or(i64::MAX / pace_min.max(1));
    let at = now + TimeDelta::try_minutes(ahead.saturating_mul(pace_min).min(24 * 60)).unwrap_or_default();
    let past = at.timestamp().rem_euclid(300);
    at + TimeDelta::seconds(if past == 0 { 0 } else { 300 - past })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn one(number: i32, doctor: Option<u128>) -> InLine {
        InLine { id: Uuid::from_u128(number as u128), number, doctor: doctor.map(Uuid::from_u128) }
    }

    #[test]
    fn the_day_sets_the_pace_once_it_has_shown_one() {
        let long = (at("2026-11-20T00:00:00Z"), at("2026-11-20T02:00:00Z"));
        let quick = (at("2026-11-20T00:00:00Z"), at("2026-11-20T00:01:00Z"));
        assert_eq!(pace_min(&[long, long]), USUAL_MIN);
        assert_eq!(pace_min(&[long, quick, quick]), (LONGEST_MIN + 2 * SHORTEST_MIN) / 3);
    }

    #[test]
    fn only_those_for_the_same_doctor_stand_before_one() {
        let line = [one(1, Some(7)), one(2, Some(8)), one(3, None), one(4, Some(7))];
        assert_eq!(ahead(&line, &line[3]), 2);
        assert_eq!(ahead(&line, &line[0]), 0);
        assert_eq!(ahead(&line, &one(9, None)), 4);
    }

    #[test]
    fn the_time_is_on_the_five_minutes_and_never_overflows() {
        assert_eq!(predicted(at("2026-11-20T00:01:30Z"), 2, 8), at("2026-11-20T00:20:00Z"));
        assert_eq!(predicted(at("2026-11-20T00:05:00Z"), 0, 8), at("2026-11-20T00:05:00Z"));
        assert_eq!(predicted(at("2026-11-20T00:00:00Z"), usize::MAX, 8), at("2026-11-21T00:00:00Z"));
    }
}
