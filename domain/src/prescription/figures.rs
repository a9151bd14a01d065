//! The month's figures of one clinic (KPI-07, 09, 10): counts only, no drug and no name.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One answered check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    pub encounter: Uuid,
    pub asked_at: DateTime<Utc>,
    pub drugs: u32,
    pub alerts: u32,
}

/// What came of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckFigures {
    pub runs: u32,
    /// Runs that found something.
    pub hits: u32,
    /// Hits after which the drugs of the same visit were changed and checked again.
    pub changes: u32,
    pub drugs: u32,
}

impl CheckFigures {
    pub fn of(checks: &[Check]) -> Self {
        let mut figures = Self::default();
        for check in checks {
            let is_hit = check.alerts > 0;
            let again = |later: &Check| later.encounter == check.encounter && later.asked_at > check.asked_at;
            figures.runs += 1;
            figures.hits += u32::from(is_hit);
            figures.changes += u32::from(is_hit && checks.iter().any(again));
            figures.drugs += check.drugs;
        }
        figures
    }

    /// Mean number of drugs in tenths.
    pub fn mean_drugs(self) -> Option<u32> {
        (self.drugs * 10 + self.runs / 2).checked_div(self.runs)
    }
}

/// A share in tenths of a percent, rounded; none of nothing.
pub fn permille(part: u32, whole: u32) -> Option<u32> {
    (part * 1000 + whole / 2).checked_div(whole)
}

/// `12.3%`; a dash of nothing.
pub fn share_words(part: u32, whole: u32) -> String {
    permille(part, whole).map_or_else(|| "—".to_owned(), |share| format!("{}.{}%", share / 10, share % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encounter: u128, minute: i64, alerts: u32) -> Check {
        let asked_at = DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(minute);
        Check { encounter: Uuid::from_u128(encounter), asked_at, drugs: 3, alerts }
    }

    /// KPI-10
    #[test]
    fn a_change_is_a_hit_that_was_followed_by_another_check_of_the_visit() {
        let figures = CheckFigures::of(&[check(1, 0, 1), check(1, 5, 0), check(2, 0, 2), check(3, 9, 0), check(3, 1, 0)]);
        assert_eq!(figures, CheckFigures { runs: 5, hits: 2, changes: 1, drugs: 15 });
        assert_eq!((figures.mean_drugs(), CheckFigures::of(&[]).mean_drugs()), (Some(30), None));
    }

    /// KPI-07, KPI-09
    #[test]
    fn shares_of_nothing_are_not_shown() {
        assert_eq!((permille(1, 3), permille(2, 3), permille(0, 4), permille(0, 0)), (Some(333), Some(667), Some(0), None));
        assert_eq!((share_words(1, 3), share_words(0, 0)), ("33.3%".into(), "—".into()));
    }
}
