//! What a new release of rules changes, shown to a person before it is applied.

use std::collections::BTreeMap;

use super::rule::Rule;

/// Each in the order of the rules' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleDiff {
    pub added: Vec<Rule>,
    /// Before and after.
    pub changed: Vec<(Rule, Rule)>,
    /// No longer in the new release.
    pub ended: Vec<Rule>,
    pub unchanged: usize,
}

impl RuleDiff {
    pub fn between(before: &[Rule], after: &[Rule]) -> Self {
        let mut old: BTreeMap<&str, &Rule> = before.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        let new: BTreeMap<&str, &Rule> = after.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        let mut diff = Self::default();
        for (id, rule) in new {
            match old.remove(id) {
                None => diff.added.push(rule.clone()),
                Some(known) if known == rule => diff.unchanged += 1,
                Some(known) => diff.changed.push((known.clone(), rule.clone())),
            }
        }
        diff.ended = old.into_values().cloned().collect();
        diff
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medication_safety::Condition;
    use crate::warning::Level;

    fn rule(id: &str, level: Level) -> Rule {
        Rule {
            id: id.into(),
            level,
            source: "見本".into(),
            valid_from: "2026-01-01".parse().unwrap(),
            valid_to: None,
            advice: String::new(),
            condition: Condition::Pregnancy { drugs: vec!["9999".into()] },
        }
    }

    #[test]
    fn rules_are_compared_by_their_names() {
        let before = [rule("a", Level::Info), rule("b", Level::Info), rule("c", Level::Info)];
        let diff = RuleDiff::between(&before, &[rule("d", Level::Info), rule("b", Level::Reason), rule("a", Level::Info)]);
        let names = |rules: &[Rule]| rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
        assert_eq!((names(&diff.added), names(&diff.ended), diff.unchanged), (vec!["d".to_owned()], vec!["c".to_owned()], 1));
        assert_eq!((diff.changed.len(), diff.changed[0].0.level, diff.changed[0].1.level), (1, Level::Info, Level::Reason));
    }
}
