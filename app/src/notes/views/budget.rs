//! 警告予算 in words.

use askama::Template;
use chrono::{Months, NaiveDate};
use domain::medication_safety::RuleSet;
use domain::warning::Level;

use crate::notes::store::fired::Count;
use crate::web::chrome::Chrome;

/// More than this part of a rule's findings is waved through: it speaks too often or too loudly.
const TOO_OFTEN_PERCENT: i64 = 80;
const TOO_OFTEN_MIN: i64 = 10;

#[derive(Debug, Clone)]
pub struct Line {
    pub rule: String,
    /// What it compares; empty for a rule that is no longer in the set.
    pub kind: &'static str,
    pub level: &'static str,
    pub mark: &'static str,
    pub source: String,
    pub fired: i64,
    pub accepted: i64,
    pub overridden: i64,
    pub open: i64,
    /// Percent of what was decided that somebody went on in spite of.
    pub overridden_percent: Option<i64>,
    pub is_too_often: bool,
}

#[derive(Debug, Template)]
#[template(path = "notes/budget.html")]
pub struct BudgetPage {
    pub chrome: Chrome,
    pub month: String,
    pub before: String,
    pub after: String,
    pub lines: Vec<Line>,
}

impl BudgetPage {
    pub fn of(chrome: Chrome, first: NaiveDate, counts: Vec<Count>, rules: &RuleSet) -> Self {
        let month = |day: Option<NaiveDate>| day.unwrap_or(first).format("%Y-%m").to_string();
        Self {
            chrome,
            month: month(None),
            before: month(first.checked_sub_months(Months::new(1))),
            after: month(first.checked_add_months(Months::new(1))),
            lines: counts.into_iter().map(|count| line(count, rules)).collect(),
        }
    }
}

crate::no_subjects!(BudgetPage);

fn line(count: Count, rules: &RuleSet) -> Line {
    let level = Level::from_code(&count.level).unwrap_or(Level::Info);
    let decided = count.overridden + count.accepted;
    let percent = (decided > 0 && level != Level::Info).then(|| count.overridden * 100 / decided);
    Line {
        kind: rules.find(&count.rule).map_or("", |rule| rule.condition.label()),
        source: rules.find(&count.rule).map(|rule| rule.source.clone()).unwrap_or_default(),
        level: level.label(),
        mark: level.mark(),
        fired: count.fired,
        accepted: count.accepted,
        overridden: count.overridden,
        open: count.open(),
        overridden_percent: percent,
        is_too_often: decided >= TOO_OFTEN_MIN && percent.is_some_and(|percent| percent >= TOO_OFTEN_PERCENT),
        rule: count.rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chrome::Nav;
    use crate::web::samples::show;

    fn count(rule: &str, fired: i64, overridden: i64, accepted: i64) -> Count {
        Count { rule: rule.into(), level: "reason".into(), fired, overridden, accepted }
    }

    #[test]
    fn a_rule_that_is_waved_through_stands_out() {
        let counts = vec![count("same-ingredient", 40, 30, 5), count("sample-dose-alpha", 9, 9, 0), count("gone", 3, 1, 1)];
        let first = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let page = BudgetPage::of(Chrome::sample(Nav::Clinic), first, counts, &RuleSet::default());
        assert_eq!(page.lines.iter().map(|l| (l.is_too_often, l.open)).collect::<Vec<_>>(), [(true, 5), (false, 0), (false, 1)]);
        assert_eq!((page.before.as_str(), page.after.as_str()), ("2026-10", "2026-12"));
        show("warning-budget", &page);
        show("warning-budget-empty", &BudgetPage::of(Chrome::sample(Nav::Clinic), first, vec![], &RuleSet::default()));
    }
}
