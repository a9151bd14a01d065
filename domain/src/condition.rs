//! 傷病名 (`Condition`): a coded disease with its modifiers, how long it holds, and what may be said of it.
//!
//! 疑い, 主病名 and 未告知 are only ever set by a person: nothing here guesses them.

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// Most modifiers on one name; the claim's record has room for twenty.
pub const MODIFIERS_MAX: usize = 20;
/// How long a 疑い may stand before somebody looks at it again.
const SUSPICION_MONTHS: u32 = 3;
/// 修飾語区分 of a 接尾語 in the modifier master.
const SUFFIX_CLASS: &str = "8";

/// 転帰.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Healed,
    Died,
    Stopped,
    Moved,
    Continued,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Healed, Self::Died, Self::Stopped, Self::Moved, Self::Continued];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Healed => "healed",
            Self::Died => "died",
            Self::Stopped => "stopped",
            Self::Moved => "moved",
            Self::Continued => "continued",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Healed => "治癒",
            Self::Died => "死亡",
            Self::Stopped => "中止",
            Self::Moved => "移行",
            Self::Continued => "継続",
        }
    }

    /// 継続 says that somebody looked; every other outcome ends the disease on a day.
    pub const fn ends(self) -> bool {
        !matches!(self, Self::Continued)
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// What the name is for: the claim, or the chart alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Claim,
    Clinical,
}

impl Purpose {
    pub const ALL: [Self; 2] = [Self::Claim, Self::Clinical];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Clinical => "clinical",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Claim => "保険病名",
            Self::Clinical => "臨床病名",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// One 修飾語 as it was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modifier {
    pub code: String,
    pub name: String,
    pub is_suffix: bool,
}

impl Modifier {
    pub fn new(code: impl Into<String>, name: impl Into<String>, class: &str) -> Self {
        Self { code: code.into(), name: name.into(), is_suffix: class == SUFFIX_CLASS }
    }
}

/// 表示名: modifiers before the name in their order, then those behind it, then の疑い.
pub fn display(name: &str, modifiers: &[Modifier], is_suspected: bool) -> String {
    let of = |suffix: bool| modifiers.iter().filter(move |m| m.is_suffix == suffix).map(|m| m.name.as_str());
    let doubt = if is_suspected { "の疑い" } else { "" };
    of(false).chain([name]).chain(of(true)).chain([doubt]).collect()
}

/// From when to when, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    pub started_on: NaiveDate,
    pub outcome: Option<Outcome>,
    pub ended_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CourseError {
    #[error("starts after today")]
    StartsLater,
    #[error("ends before it starts")]
    EndsBeforeStart,
    #[error("ends after today")]
    EndsLater,
    #[error("an outcome that ends without a day")]
    EndMissing,
    #[error("a last day without an outcome that ends")]
    OutcomeMissing,
}

impl Course {
    pub const fn begun(started_on: NaiveDate) -> Self {
        Self { started_on, outcome: None, ended_on: None }
    }

    pub fn check(self, today: NaiveDate) -> Result<Self, CourseError> {
        if self.started_on > today {
            return Err(CourseError::StartsLater);
        }
        match (self.outcome.is_some_and(Outcome::ends), self.ended_on) {
            (true, None) => Err(CourseError::EndMissing),
            (false, Some(_)) => Err(CourseError::OutcomeMissing),
            (true, Some(end)) if end < self.started_on => Err(CourseError::EndsBeforeStart),
            (true, Some(end)) if end > today => Err(CourseError::EndsLater),
            _ => Ok(self),
        }
    }

    /// Whether it holds on some day of the period.
    pub fn touches(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.started_on <= to && self.ended_on.is_none_or(|end| from <= end)
    }
}

/// Days since a 疑い was noted, once it has stood longer than three months.
pub fn stale_suspicion(started_on: NaiveDate, today: NaiveDate) -> Option<i64> {
    let limit = started_on.checked_add_months(Months::new(SUSPICION_MONTHS))?;
    (today > limit).then(|| (today - started_on).num_days())
}

/// A 疑い noted before this day is on the list.
pub fn stale_before(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(Months::new(SUSPICION_MONTHS)).unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_composed_in_the_order_of_its_parts() {
        let parts = [Modifier::new("4012", "急性", "4"), Modifier::new("8048", "術後", "8"), Modifier::new("2056", "右", "2")];
        assert_eq!(display("膝関節炎", &parts, false), "急性右膝関節炎術後");
        assert_eq!(display("胃癌", &[], true), "胃癌の疑い");
    }

    #[test]
    fn a_course_keeps_its_order() {
        let today = day("2026-11-20");
        let course = |start, outcome, end: Option<&str>| Course { started_on: day(start), outcome, ended_on: end.map(day) }.check(today);
        assert!(course("2026-11-20", None, None).is_ok());
        assert_eq!(course("2026-11-21", None, None), Err(CourseError::StartsLater));
        assert_eq!(course("2026-11-01", Some(Outcome::Healed), None), Err(CourseError::EndMissing));
        assert_eq!(course("2026-11-01", Some(Outcome::Healed), Some("2026-10-31")), Err(CourseError::EndsBeforeStart));
        assert_eq!(course("2026-11-01", Some(Outcome::Healed), Some("2026-11-21")), Err(CourseError::EndsLater));
        assert_eq!(course("2026-11-01", Some(Outcome::Continued), Some("2026-11-02")), Err(CourseError::OutcomeMissing));
        assert!(course("2026-11-01", Some(Outcome::Continued), None).is_ok());
    }

    #[test]
    fn three_months_are_calendar_months() {
        assert_eq!(stale_suspicion(day("2026-08-18"), day("2026-11-20")), Some(94));
        assert_eq!(stale_suspicion(day("2026-08-20"), day("2026-11-20")), None);
        assert_eq!(stale_before(day("2026-11-20")), day("2026-08-20"));
    }

    #[test]
    fn a_month_shows_what_held_in_it() {
        let healed = Course { started_on: day("2026-10-05"), outcome: Some(Outcome::Healed), ended_on: Some(day("2026-10-20")) };
        assert!(healed.touches(day("2026-10-01"), day("2026-10-31")) && !healed.touches(day("2026-11-01"), day("2026-11-30")));
    }
}
