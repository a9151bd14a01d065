//! The comparison itself.

use chrono::NaiveDate;

use super::ingredient;
use super::rule::{Condition, Rule, RuleSet};
use crate::prescription::Dose;
use crate::warning::{Level, Warning, sort};

/// A line of the prescription being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Element id of its row.
    pub place: String,
    pub drug_code: String,
    pub yj_code: String,
    pub name: String,
    /// 内服 only: amount a day.
    pub per_day: Option<Dose>,
    pub unit: String,
    pub days: Option<u16>,
}

/// A line of an earlier visit that is still being taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    pub drug_code: String,
    pub yj_code: String,
    pub name: String,
    pub until: NaiveDate,
}

/// A registered medication allergy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allergy {
    pub substance: String,
    /// First seven digits of a YJ code; empty for free text.
    pub ingredient: String,
    pub is_confirmed: bool,
}

/// A name of disease that stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    pub icd10: String,
    pub name: String,
    pub is_suspected: bool,
}

/// A measured value; one that is no plain number is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabResult {
    pub code: String,
    pub name: String,
    pub value: Dose,
    pub unit: String,
    pub on: NaiveDate,
}

/// Everything the rules may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub today: NaiveDate,
    pub age: Option<u16>,
    pub allergies: Vec<Allergy>,
    pub lines: Vec<Line>,
    pub running: Vec<Running>,
    pub diagnoses: Vec<Diagnosis>,
    /// 妊娠・授乳, as it was said; `None` when it was denied or nobody asked.
    pub pregnancy: Option<String>,
    pub results: Vec<LabResult>,
}

/// What the rules in force find, most severe first.
pub fn check(rules: &RuleSet, facts: &Facts) -> Vec<Warning> {
    let mut found: Vec<Warning> = rules.in_force(facts.today).flat_map(|rule| apply(rule, facts)).collect();
    sort(&mut found);
    found
}

fn apply(rule: &Rule, facts: &Facts) -> Vec<Warning> {
    let each = |finding: &dyn Fn(&Line) -> Option<Finding>| {
        facts.lines.iter().filter_map(|line| finding(line).map(|found| found.warning(rule, line))).collect()
    };
    match &rule.condition {
        Condition::Allergy => each(&|line| allergy(line, &facts.allergies)),
        Condition::SameIngredient => facts
            .lines
            .iter()
            .enumerate()
            .filter_map(|(at, line)| same_ingredient(line, &facts.lines[..at], &facts.running).map(|found| found.warning(rule, line)))
            .collect(),
        Condition::StillSupplied { leeway_days } => each(&|line| still_supplied(line, facts, *leeway_days)),
        Condition::MaximumDose { drugs, per_day, unit } => each(&|line| maximum_dose(line, drugs, per_day, unit)),
        Condition::DaysLimit { drugs, days } => each(&|line| days_limit(line, drugs, *days)),
        Condition::Contraindication { drugs, with } => each(&|line| contraindication(line, drugs, with, facts)),
        Condition::SameClass { classes } => facts
            .lines
            .iter()
            .enumerate()
            .filter_map(|(at, line)| same_class(line, &facts.lines[..at], &facts.running, classes).map(|found| found.warning(rule, line)))
            .collect(),
        Condition::Disease { drugs, icd10 } => each(&|line| disease(line, drugs, icd10, &facts.diagnoses)),
        Condition::Pregnancy { drugs } => each(&|line| pregnancy(line, drugs, facts.pregnancy.as_deref()?)),
        Condition::Result { drugs, results, below, within_days } => {
            each(&|line| names(line, drugs).then(|| latest(facts, results, *within_days)).flatten().and_then(|r| low(r, below)))
        }
        Condition::Age { drugs, from, until } => each(&|line| age(line, drugs, facts.age?, *from, *until)),
    }
}

/// What one rule says of one line; `detail` makes an answer lapse when the line changes in what matters.
struct Finding {
    text: String,
    detail: String,
    level: Option<Level>,
}

impl Finding {
    fn new(text: String, detail: impl Into<String>) -> Option<Self> {
        Some(Self { text, detail: detail.into(), level: None })
    }

    fn warning(self, rule: &Rule, line: &Line) -> Warning {
        let text = [self.text.as_str(), rule.advice.as_str()].join(" ").trim().to_owned();
        let code = format!("{}:{}:{}", rule.id, line.drug_code, self.detail);
        let level = self.level.map_or(rule.level(), |level| level.max(rule.level()));
        Warning::new(level, code, &line.name, text).source(&rule.source).at(&line.place)
    }
}

fn names(line: &Line, drugs: &[String]) -> bool {
    is_named(&line.yj_code, drugs)
}

fn is_named(yj_code: &str, drugs: &[String]) -> bool {
    drugs.iter().any(|drug| !drug.is_empty() && yj_code.starts_with(drug.as_str()))
}

fn allergy(line: &Line, allergies: &[Allergy]) -> Option<Finding> {
    let own = ingredient(&line.yj_code);
    let is_meant = |a: &&Allergy| {
        (!a.ingredient.is_empty() && own == Some(a.ingredient.as_str())) || (!a.substance.is_empty() && line.name.contains(&a.substance))
    };
    let hit = allergies.iter().filter(is_meant).max_by_key(|a| a.is_confirmed)?;
    let text = format!("アレルギー「{}」の登録があります。", hit.substance);
    Some(Finding { text, detail: hit.substance.clone(), level: (!hit.is_confirmed).then_some(Level::Reason) })
}

fn same_ingredient(line: &Line, before: &[Line], running: &[Running]) -> Option<Finding> {
    let own = ingredient(&line.yj_code);
    let shares = |drug_code: &str, yj_code: &str| own.is_some() && ingredient(yj_code) == own && drug_code != line.drug_code;
    if let Some(other) = before.iter().find(|other| other.drug_code == line.drug_code || shares(&other.drug_code, &other.yj_code)) {
        return Finding::new(format!("この処方の「{}」と成分が重なります。", other.name), &other.drug_code);
    }
    let other = running.iter().find(|other| shares(&other.drug_code, &other.yj_code))?;
    Finding::new(format!("{}まで服用中の「{}」と成分が重なります。", other.until.format("%m/%d"), other.name), &other.drug_code)
}

fn still_supplied(line: &Line, facts: &Facts, leeway: u16) -> Option<Finding> {
    let until = facts.running.iter().filter(|r| r.drug_code == line.drug_code).map(|r| r.until).max()?;
    let left = (until - facts.today).num_days() + 1;
    if left <= i64::from(leeway) {
        return None;
    }
    Finding::new(format!("前回の分が{}まであります(残り{left}日分)。", until.format("%m/%d")), left.to_string())
}

fn maximum_dose(line: &Line, drugs: &[String], per_day: &str, unit: &str) -> Option<Finding> {
    let dose = line.per_day.as_ref().filter(|_| line.unit == unit && names(line, drugs))?;
    let limit = Dose::parse(per_day).ok()?;
    if dose.hundred_thousandths() <= limit.hundred_thousandths() {
        return None;
    }
    Finding::new(format!("1日{}{unit}は、上限{per_day}{unit}を超えています。", dose.as_str()), dose.as_str())
}

fn days_limit(line: &Line, drugs: &[String], limit: u16) -> Option<Finding> {
    let days = line.days.filter(|days| *days > limit && names(line, drugs))?;
    Finding::new(format!("{days}日分は、投与日数の上限{limit}日を超えています。"), days.to_string())
}

fn contraindication(line: &Line, drugs: &[String], with: &[String], facts: &Facts) -> Option<Finding> {
    if !names(line, drugs) {
        return None;
    }
    let written = facts.lines.iter().map(|other| (&other.yj_code, &other.name));
    let taken = facts.running.iter().map(|other| (&other.yj_code, &other.name));
    let (_, name) = written.chain(taken).find(|(yj_code, _)| is_named(yj_code, with))?;
    Finding::new(format!("「{name}」との併用は禁忌です。"), name)
}

fn same_class(line: &Line, before: &[Line], running: &[Running], classes: &[String]) -> Option<Finding> {
    let class = classes.iter().find(|class| is_named(&line.yj_code, std::slice::from_ref(class)))?;
    let is_other = |yj: &str| yj.starts_with(class.as_str()) && ingredient(yj) != ingredient(&line.yj_code);
    if let Some(other) = before.iter().find(|other| is_other(&other.yj_code)) {
        return Finding::new(format!("この処方の「{}」と同じ系統の薬です。", other.name), &other.drug_code);
    }
    let other = running.iter().find(|other| is_other(&other.yj_code))?;
    Finding::new(format!("{}まで服用中の「{}」と同じ系統の薬です。", other.until.format("%m/%d"), other.name), &other.drug_code)
}

fn disease(line: &Line, drugs: &[String], icd10: &[String], diagnoses: &[Diagnosis]) -> Option<Finding> {
    if !names(line, drugs) {
        return None;
    }
    let plain = |code: &str| code.replace('.', "");
    let is_meant = |d: &&Diagnosis| icd10.iter().any(|code| !code.is_empty() && plain(&d.icd10).starts_with(&plain(code)));
    let hit = diagnoses.iter().filter(is_meant).min_by_key(|d| d.is_suspected)?;
    let doubt = if hit.is_suspected { "の疑い" } else { "" };
    let text = format!("「{}{doubt}」のある人には禁忌です。", hit.name);
    Some(Finding { text, detail: hit.icd10.clone(), level: hit.is_suspected.then_some(Level::Reason) })
}

fn pregnancy(line: &Line, drugs: &[String], said: &str) -> Option<Finding> {
    if !names(line, drugs) {
        return None;
    }
    Finding::new(format!("妊娠・授乳の記録「{said}」があります。"), said)
}

fn latest<'a>(facts: &'a Facts, codes: &[String], within_days: u16) -> Option<&'a LabResult> {
    let is_meant = |r: &&LabResult| codes.iter().any(|code| !code.is_empty() && r.code.starts_with(code.as_str()));
    let latest = facts.results.iter().filter(is_meant).max_by_key(|r| r.on)?;
    ((facts.today - latest.on).num_days() <= i64::from(within_days)).then_some(latest)
}

fn low(result: &LabResult, below: &str) -> Option<Finding> {
    let limit = Dose::parse(below).ok()?;
    if result.value.hundred_thousandths() >= limit.hundred_thousandths() {
        return None;
    }
    let (value, on) = (result.value.as_str(), result.on.format("%m/%d"));
    Finding::new(format!("{} {value}{}({on})は、{below}を下回っています。", result.name, result.unit), value)
}

fn age(line: &Line, drugs: &[String], age: u16, from: Option<u16>, until: Option<u16>) -> Option<Finding> {
    if !names(line, drugs) {
        return None;
    }
    match (from.filter(|from| age < *from), until.filter(|until| age >= *until)) {
        (Some(from), _) => Finding::new(format!("{from}歳未満({age}歳)への投与です。"), age.to_string()),
        (_, Some(until)) => Finding::new(format!("{until}歳以上({age}歳)への投与です。"), age.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn line(code: &str, yj: &str, dose: &str, days: u16) -> Line {
        Line {
            place: format!("rx-{code}"),
            drug_code: code.into(),
            yj_code: yj.into(),
            name: format!("薬{code}"),
            per_day: Dose::parse(dose).ok(),
            unit: "錠".into(),
            days: Some(days),
        }
    }

    fn facts(lines: Vec<Line>) -> Facts {
        Facts { today: day("2026-11-20"), age: Some(70), lines, ..Facts::default() }
    }

    fn rules(body: &str) -> RuleSet {
        RuleSet::parse(&format!(r#"{{"rules":[{{"id":"r","valid_from":"2026-01-01","source":"見本",{body}}}]}}"#)).unwrap()
    }

    fn codes(rules: &RuleSet, facts: &Facts) -> Vec<(Level, String)> {
        check(rules, facts).into_iter().map(|w| (w.level, w.code)).collect()
    }

    #[test]
    fn an_allergy_stops_by_ingredient_and_by_name_and_asks_when_unconfirmed() {
        let rules = rules(r#""level":"block","kind":"allergy""#);
        let mut facts = facts(vec![line("1", "9999001X1001", "1", 7), line("2", "9999002X1002", "1", 7)]);
        facts.allergies = vec![Allergy { substance: "見本成分".into(), ingredient: "9999001".into(), is_confirmed: true }];
        assert_eq!(codes(&rules, &facts), [(Level::Block, "r:1:見本成分".into())]);
        facts.allergies[0].is_confirmed = false;
        assert_eq!(codes(&rules, &facts), [(Level::Reason, "r:1:見本成分".into())]);
        facts.allergies = vec![Allergy { substance: "薬2".into(), ingredient: String::new(), is_confirmed: true }];
        assert_eq!(codes(&rules, &facts), [(Level::Block, "r:2:薬2".into())]);
        facts.allergies = vec![Allergy { substance: String::new(), ingredient: String::new(), is_confirmed: true }];
        assert!(check(&rules, &facts).is_empty(), "an empty registration matches nothing");
    }

    #[test]
    fn the_same_ingredient_twice_is_told_once() {
        let rules = rules(r#""level":"reason","kind":"same_ingredient""#);
        let facts = facts(vec![line("1", "9999001X1001", "1", 7), line("2", "9999001X1002", "1", 7)]);
        let found = check(&rules, &facts);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject.as_str(), found[0].place.as_str()), ("薬2", "rx-2"));
        assert!(found[0].text.contains("薬1"));
    }

    #[test]
    fn a_drug_of_another_visit_counts_while_it_lasts_and_the_same_drug_only_informs() {
        let running = |code: &str, until: &str| Running {
            drug_code: code.into(),
            yj_code: "9999001X1009".into(),
            name: "前の薬".into(),
            until: day(until),
        };
        let mut facts = facts(vec![line("1", "9999001X1001", "1", 7)]);
        facts.running = vec![running("9", "2026-11-30")];
        assert_eq!(codes(&rules(r#""level":"reason","kind":"same_ingredient""#), &facts), [(Level::Reason, "r:1:9".into())]);
        let left = rules(r#""level":"info","kind":"still_supplied","leeway_days":7"#);
        assert!(check(&left, &facts).is_empty());
        facts.running = vec![running("1", "2026-11-26")];
        assert!(check(&left, &facts).is_empty(), "seven days left are nothing to speak of");
        facts.running = vec![running("1", "2026-11-27")];
        assert_eq!(codes(&left, &facts), [(Level::Info, "r:1:8".into())]);
        assert!(check(&rules(r#""level":"reason","kind":"same_ingredient""#), &facts).is_empty());
    }

    #[test]
    fn limits_hold_exactly() {
        let dose = rules(r#""level":"reason","kind":"maximum_dose","drugs":["9999001"],"per_day":"2","unit":"錠""#);
        assert!(check(&dose, &facts(vec![line("1", "9999001X1001", "2", 7)])).is_empty());
        assert_eq!(check(&dose, &facts(vec![line("1", "9999001X1001", "2.00001", 7)])).len(), 1);
        assert!(check(&dose, &facts(vec![line("1", "9999009X1001", "9", 7)])).is_empty(), "another drug");
        let mut other_unit = line("1", "9999001X1001", "9", 7);
        other_unit.unit = "ｍｇ".into();
        assert!(check(&dose, &facts(vec![other_unit])).is_empty(), "a limit in tablets says nothing about milligrams");
        let days = rules(r#""level":"block","kind":"days_limit","drugs":["9999001"],"days":14"#);
        assert!(check(&days, &facts(vec![line("1", "9999001X1001", "1", 14)])).is_empty());
        assert_eq!(codes(&days, &facts(vec![line("1", "9999001X1001", "1", 15)])), [(Level::Block, "r:1:15".into())]);
    }

    #[test]
    fn pairs_and_ages() {
        let pair = rules(r#""level":"block","kind":"contraindication","drugs":["9999001"],"with":["9999002"]"#);
        let both = vec![line("1", "9999001X1001", "1", 7), line("2", "9999002X1001", "1", 7)];
        assert_eq!(check(&pair, &facts(both)).len(), 1);
        assert!(check(&pair, &facts(vec![line("1", "9999001X1001", "1", 7)])).is_empty());
        let old = rules(r#""level":"info","kind":"age","drugs":["9999001"],"until":65"#);
        assert_eq!(check(&old, &facts(vec![line("1", "9999001X1001", "1", 7)])).len(), 1);
        let young = rules(r#""level":"info","kind":"age","drugs":["9999001"],"from":15"#);
        let mut child = facts(vec![line("1", "9999001X1001", "1", 7)]);
        child.age = Some(14);
        assert_eq!(check(&young, &child).len(), 1);
        child.age = None;
        assert!(check(&young, &child).is_empty(), "an unknown age is not young");
    }

    #[test]
    fn a_drug_of_the_same_class_is_said_and_the_same_ingredient_is_left_to_its_own_rule() {
        let rules = rules(r#""level":"reason","kind":"same_class","classes":["9999"]"#);
        let mut facts = facts(vec![line("1", "9999001X1001", "1", 7)]);
        let running =
            |code: &str, yj: &str| Running { drug_code: code.into(), yj_code: yj.into(), name: code.into(), until: day("2026-11-30") };
        facts.running = vec![running("8", "9999001X9009"), running("9", "8888001X1001")];
        assert!(codes(&rules, &facts).is_empty());
        facts.running.push(running("7", "9999002X1001"));
        assert_eq!(codes(&rules, &facts), [(Level::Reason, "r:1:7".into())]);
    }

    #[test]
    fn a_disease_stops_and_its_suspicion_asks() {
        let rules = rules(r#""level":"block","kind":"disease","drugs":["9999001"],"icd10":["J45"]"#);
        let mut facts = facts(vec![line("1", "9999001X1001", "1", 7), line("2", "9999002X1001", "1", 7)]);
        let asthma = Diagnosis { icd10: "J45.9".into(), name: "気管支喘息".into(), is_suspected: true };
        facts.diagnoses = vec![Diagnosis { icd10: "J44".into(), ..asthma.clone() }];
        assert!(codes(&rules, &facts).is_empty());
        facts.diagnoses.push(asthma.clone());
        assert_eq!(codes(&rules, &facts), [(Level::Reason, "r:1:J45.9".into())]);
        facts.diagnoses.push(Diagnosis { is_suspected: false, ..asthma });
        assert_eq!(codes(&rules, &facts), [(Level::Block, "r:1:J45.9".into())]);
    }

    #[test]
    fn pregnancy_counts_only_when_it_was_said() {
        let rules = rules(r#""level":"block","kind":"pregnancy","drugs":["9999001"]"#);
        let mut facts = facts(vec![line("1", "9999001X1001", "1", 7)]);
        assert!(codes(&rules, &facts).is_empty());
        facts.pregnancy = Some("妊娠20週".into());
        assert_eq!(codes(&rules, &facts), [(Level::Block, "r:1:妊娠20週".into())]);
    }

    #[test]
    fn the_latest_result_counts_while_it_is_recent() {
        let rules = rules(r#""level":"reason","kind":"result","drugs":["9999001"],"results":["EGFR"],"below":"30","within_days":90"#);
        let mut facts = facts(vec![line("1", "9999001X1001", "1", 7)]);
        let result = |value: &str, on: &str| LabResult {
            code: "EGFR1".into(),
            name: "eGFR".into(),
            value: Dose::parse(value).unwrap(),
            unit: String::new(),
            on: day(on),
        };
        for (results, expected) in [
            (vec![result("29.9", "2026-11-01")], 1),
            (vec![result("30", "2026-11-01")], 0),
            (vec![result("29.9", "2026-10-01"), result("45", "2026-11-01")], 0),
            (vec![result("29.9", "2026-08-01")], 0),
        ] {
            facts.results = results;
            assert_eq!(codes(&rules, &facts).len(), expected, "{:?}", facts.results);
        }
    }
}
