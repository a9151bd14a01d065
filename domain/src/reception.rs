//! 受付 (S05): what is asked when a patient arrives.

use chrono::{Months, NaiveDate};

/// Months without a visit after which a person looks again whether the next one is a first one (⚖: only a hint, never a decision).
const LONG_AGO_MONTHS: u32 = 3;

/// 初診・再診, as reception takes it; the account decides for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitKind {
    /// 初診
    First,
    /// 再診
    Revisit,
}

impl VisitKind {
    pub const ALL: [Self; 2] = [Self::First, Self::Revisit];

    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Revisit => "revisit",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::First => "初診",
            Self::Revisit => "再診",
        }
    }

    /// The likely answer, for the person to confirm.
    pub const fn candidate(last_visit: Option<NaiveDate>) -> Self {
        if last_visit.is_some() { Self::Revisit } else { Self::First }
    }
}

/// Whether the last visit is so long ago that a new one may count as a first one.
pub fn is_long_ago(last_visit: NaiveDate, today: NaiveDate) -> bool {
    last_visit.checked_add_months(Months::new(LONG_AGO_MONTHS)).is_some_and(|limit| limit <= today)
}

/// Where the patient waits until called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitsAt {
    /// 待合
    #[default]
    Lobby,
    /// 車
    Car,
    /// 別室
    Separate,
}

impl WaitsAt {
    pub const ALL: [Self; 3] = [Self::Lobby, Self::Car, Self::Separate];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Lobby => "lobby",
            Self::Car => "car",
            Self::Separate => "separate",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.code() == code)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Lobby => "待合",
            Self::Car => "車",
            Self::Separate => "別室",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn codes_read_back() {
        assert!(VisitKind::ALL.into_iter().all(|kind| VisitKind::from_code(kind.code()) == Some(kind)));
        assert!(WaitsAt::ALL.into_iter().all(|place| WaitsAt::from_code(place.code()) == Some(place)));
        assert_eq!((VisitKind::from_code(""), WaitsAt::from_code("moon")), (None, None));
    }

    #[test]
    fn somebody_seen_before_is_a_revisit() {
        assert_eq!(VisitKind::candidate(None), VisitKind::First);
        assert_eq!(VisitKind::candidate(Some(day("2001-01-01"))), VisitKind::Revisit);
    }

    #[test]
    fn three_months_are_long_ago_also_from_the_end_of_a_month() {
        assert!(!is_long_ago(day("2026-08-21"), day("2026-11-20")));
        assert!(is_long_ago(day("2026-08-20"), day("2026-11-20")));
        assert!(is_long_ago(day("2025-11-30"), day("2026-02-28")));
        assert!(!is_long_ago(NaiveDate::MAX, day("2026-02-28")));
    }
}
