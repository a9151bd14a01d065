//! Rules as they are written in a file.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::prescription::Dose;
use crate::warning::Level;

/// What a rule compares. Drugs are named by the beginning of their YJ code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// The ingredient is registered as an allergy.
    Allergy,
    /// Another drug of the same ingredient is taken at the same time.
    SameIngredient,
    /// The same drug of an earlier prescription has not run out; up to `leeway_days` are left unsaid.
    StillSupplied { leeway_days: u16 },
    /// More a day than the limit.
    MaximumDose { drugs: Vec<String>, per_day: String, unit: String },
    /// More days than may be handed out at once.
    DaysLimit { drugs: Vec<String>, days: u16 },
    /// 併用禁忌.
    Contraindication { drugs: Vec<String>, with: Vec<String> },
    /// Another drug of the same class, but not of the same ingredient, is taken at the same time. Classes are beginnings of YJ codes.
    SameClass { classes: Vec<String> },
    /// 病名禁忌, by the beginning of the ICD-10 code.
    Disease { drugs: Vec<String>, icd10: Vec<String> },
    /// 妊娠・授乳
    Pregnancy { drugs: Vec<String> },
    /// 腎機能など: the latest of these results, if it is not older than `within_days`, is below the limit.
    Result { drugs: Vec<String>, results: Vec<String>, below: String, within_days: u16 },
    /// The patient is younger than `from` or not younger than `until`.
    Age { drugs: Vec<String>, from: Option<u16>, until: Option<u16> },
}

impl Condition {
    /// It compares what this chart says itself; such rules are the product's own, and no file takes them away.
    pub const fn is_own_record(&self) -> bool {
        matches!(self, Self::Allergy | Self::SameIngredient | Self::StillSupplied { .. })
    }

    /// What it compares, in words.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Allergy => "アレルギー",
            Self::SameIngredient => "同じ成分",
            Self::StillSupplied { .. } => "残りのある薬",
            Self::MaximumDose { .. } => "上限量",
            Self::DaysLimit { .. } => "投与日数",
            Self::Contraindication { .. } => "併用禁忌",
            Self::SameClass { .. } => "同じ系統",
            Self::Disease { .. } => "病名禁忌",
            Self::Pregnancy { .. } => "妊娠・授乳",
            Self::Result { .. } => "検査値",
            Self::Age { .. } => "年齢",
        }
    }
}

/// One rule with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub id: String,
    pub level: Level,
    #[serde(default)]
    pub source: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    /// What to do about it, added to what was found.
    #[serde(default)]
    pub advice: String,
    #[serde(flatten)]
    pub condition: Condition,
}

impl Rule {
    /// A rule without a source asks for a reason at most.
    pub fn level(&self) -> Level {
        if self.level == Level::Block && self.source.trim().is_empty() { Level::Reason } else { self.level }
    }

    fn is_in_force(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// Facts some rule asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    pub diagnoses: bool,
    pub pregnancy: bool,
    pub results: bool,
}

/// The file cannot be used as a whole; half a set of rules is worse than an error.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    #[error("the rules cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("two rules are called {0}")]
    SameId(String),
    #[error("{0} cannot name a rule")]
    Id(String),
    #[error("rule {0} has an unusable limit")]
    Limit(String),
}

/// All rules of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSet(Vec<Rule>);

impl RuleSet {
    pub fn parse(json: &str) -> Result<Self, BadRules> {
        #[derive(Deserialize)]
        struct File {
            rules: Vec<Rule>,
        }
        let File { rules } = serde_json::from_str(json)?;
        for (at, rule) in rules.iter().enumerate() {
            if rules[..at].iter().any(|other| other.id == rule.id) {
                return Err(BadRules::SameId(rule.id.clone()));
            }
            if rule.id.is_empty() || rule.id.contains(':') {
                return Err(BadRules::Id(rule.id.clone()));
            }
            if let Condition::MaximumDose { per_day: limit, .. } | Condition::Result { below: limit, .. } = &rule.condition
                && Dose::parse(limit).is_err()
            {
                return Err(BadRules::Limit(rule.id.clone()));
            }
        }
        Ok(Self(rules))
    }

    /// Names no imported rule may bear.
    pub fn own_names(&self) -> BTreeSet<&str> {
        self.0.iter().filter(|rule| rule.condition.is_own_record()).map(|rule| rule.id.as_str()).collect()
    }

    /// The product's own rules, and those of a release in the place of all others.
    pub fn with_release(&self, release: Vec<Rule>) -> Self {
        Self(self.0.iter().filter(|rule| rule.condition.is_own_record()).cloned().chain(release).collect())
    }

    /// A rule by its name, whether it is in force or not.
    pub fn find(&self, id: &str) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.id == id)
    }

    /// What else must be known of a patient to judge these drugs (YJ codes).
    pub fn needs<'a>(&self, day: NaiveDate, yj_codes: impl Iterator<Item = &'a str> + Clone) -> Needs {
        let names =
            |drugs: &[String]| yj_codes.clone().any(|yj| drugs.iter().any(|drug| !drug.is_empty() && yj.starts_with(drug.as_str())));
        let mut needs = Needs::default();
        for rule in self.in_force(day) {
            match &rule.condition {
                Condition::Disease { drugs, .. } => needs.diagnoses |= names(drugs),
                Condition::Pregnancy { drugs } => needs.pregnancy |= names(drugs),
                Condition::Result { drugs, .. } => needs.results |= names(drugs),
                _ => {}
            }
        }
        needs
    }

    pub fn in_force(&self, day: NaiveDate) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(move |rule| rule.is_in_force(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../masters/sample/medication_rules.json");

    #[test]
    fn the_sample_rules_are_read_and_say_that_they_are_samples() {
        let rules = RuleSet::parse(SAMPLE).unwrap();
        assert!(rules.0.len() >= 7);
        for rule in &rules.0 {
            assert!(rule.condition.is_own_record() || rule.source.is_empty() || rule.source.contains("見本"), "{}", rule.id);
        }
    }

    #[test]
    fn the_same_samples_stand_in_a_table_and_take_nothing_of_the_products_own() {
        let built_in = RuleSet::parse(SAMPLE).unwrap();
        let mut reader = csv::Reader::from_reader(include_str!("../../../masters/sample/rules_sample.csv").as_bytes());
        let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().enumerate().map(|(at, row)| (at as u64 + 2, row.unwrap().iter().map(str::to_owned).collect()));
        let rules = crate::medication_safety::read_table(&headings, &rows.collect::<Vec<_>>(), &built_in.own_names()).unwrap();
        assert_eq!(built_in.with_release(rules), built_in);
        assert_eq!(built_in.with_release(vec![]).0.len(), 3);
        let kept: Rule = serde_json::from_value(serde_json::to_value(&built_in.0[5]).unwrap()).unwrap();
        assert_eq!(kept, built_in.0[5]);
    }

    #[test]
    fn a_rule_without_a_source_never_stops() {
        let rule = |source: &str| {
            let json = format!(
                r#"{{"rules":[{{"id":"a","level":"block","source":"{source}","valid_from":"2026-01-01","kind":"days_limit","drugs":["9"],"days":14}}]}}"#
            );
            RuleSet::parse(&json).unwrap().0.remove(0)
        };
        assert_eq!(rule("").level(), Level::Reason);
        assert_eq!(rule("  ").level(), Level::Reason);
        assert_eq!(rule("見本規則集").level(), Level::Block);
    }

    #[test]
    fn a_file_that_cannot_be_trusted_is_refused_whole() {
        assert!(matches!(RuleSet::parse("{"), Err(BadRules::Json(_))));
        let twice = r#"{"rules":[{"id":"a","level":"info","valid_from":"2026-01-01","kind":"allergy"},{"id":"a","level":"info","valid_from":"2026-01-01","kind":"allergy"}]}"#;
        assert!(matches!(RuleSet::parse(twice), Err(BadRules::SameId(_))));
        let colon = r#"{"rules":[{"id":"a:b","level":"info","valid_from":"2026-01-01","kind":"allergy"}]}"#;
        assert!(matches!(RuleSet::parse(colon), Err(BadRules::Id(_))), "the name ends at the colon of a finding");
        let limit = r#"{"rules":[{"id":"a","level":"info","valid_from":"2026-01-01","kind":"maximum_dose","drugs":["9"],"per_day":"many","unit":"錠"}]}"#;
        assert!(matches!(RuleSet::parse(limit), Err(BadRules::Limit(_))));
    }

    #[test]
    fn only_what_a_rule_of_these_drugs_asks_for_is_needed() {
        let rules = RuleSet::parse(SAMPLE).unwrap();
        let needs = |yj: &str| rules.needs("2026-11-20".parse().unwrap(), std::iter::once(yj));
        assert_eq!(needs("9999001X1001"), Needs::default());
        assert_eq!(needs("9999003X1003"), Needs { diagnoses: true, ..Needs::default() });
        assert_eq!(needs("9999012X1012"), Needs { pregnancy: true, ..Needs::default() });
        assert_eq!(needs("9999011X1011"), Needs { results: true, ..Needs::default() });
    }

    #[test]
    fn rules_hold_between_their_dates() {
        let json = r#"{"rules":[{"id":"a","level":"info","valid_from":"2026-01-01","valid_to":"2026-06-30","kind":"allergy"}]}"#;
        let rules = RuleSet::parse(json).unwrap();
        let on = |day: &str| rules.in_force(day.parse().unwrap()).count();
        assert_eq!((on("2025-12-31"), on("2026-01-01"), on("2026-06-30"), on("2026-07-01")), (0, 1, 1, 0));
    }
}
