//! The requirement rows and how a status is reached. The only road to `met` is a passing result of
//! every test a row names, recorded on the sources that are running now.

use serde::{Deserialize, Serialize};

use super::results::{Outcome, Results};

const REGISTRY: &str = include_str!("../../../conformance/registry.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    pub id: String,
    pub class: String,
    /// The item of the official v1.0 text, with its type (遵守, 経過措置, 推奨…).
    pub official: String,
    pub title: String,
    #[serde(default)]
    pub tests: Vec<String>,
    /// What the named tests do not show yet.
    pub missing: Option<String>,
    /// Why the requirement does not concern this product.
    pub not_applicable: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Met,
    Open,
    NotApplicable,
}

/// One requirement judged against recorded results.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub id: String,
    pub class: String,
    pub status: Status,
    pub tests: Vec<String>,
    pub official: String,
    pub title: String,
    /// Tests among `tests` that passed on these sources.
    pub passed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Deserialize)]
struct File {
    requirement: Vec<Requirement>,
}

/// Reads the embedded registry.
///
/// # Errors
/// When the file is not the TOML described in its own head.
pub fn requirements() -> anyhow::Result<Vec<Requirement>> {
    let file: File = basic_toml::from_str(REGISTRY)?;
    Ok(file.requirement)
}

/// Judges every requirement; `results` is `None` when nothing was recorded on these sources.
pub fn judge(requirements: Vec<Requirement>, results: Option<&Results>) -> Vec<Row> {
    requirements.into_iter().map(|requirement| judge_one(requirement, results)).collect()
}

fn judge_one(requirement: Requirement, results: Option<&Results>) -> Row {
    let passed: Vec<String> =
        requirement.tests.iter().filter(|test| results.is_some_and(|r| r.outcome(test) == Some(Outcome::Passed))).cloned().collect();
    let status = if requirement.not_applicable.is_some() {
        Status::NotApplicable
    } else if requirement.missing.is_none() && !requirement.tests.is_empty() && passed.len() == requirement.tests.len() {
        Status::Met
    } else {
        Status::Open
    };
    Row {
        id: requirement.id,
        class: requirement.class,
        status,
        tests: requirement.tests,
        official: requirement.official,
        title: requirement.title,
        passed,
        note: requirement.not_applicable.or(requirement.missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashSet};

    /// Reviewed: a row may be called not applicable only when its id stands here too.
    const NOT_APPLICABLE: &[&str] = &["FN-EP-16"];

    fn row(tests: &[&str], missing: Option<&str>) -> Requirement {
        Requirement {
            id: "GL-11".into(),
            class: "SW".into(),
            official: "NF-005(1) 遵守".into(),
            title: "更新履歴".into(),
            tests: tests.iter().map(ToString::to_string).collect(),
            missing: missing.map(Into::into),
            not_applicable: None,
        }
    }

    fn results(pairs: &[(&str, Outcome)]) -> Results {
        let tests: BTreeMap<_, _> = pairs.iter().map(|(name, outcome)| (name.to_string(), *outcome)).collect();
        Results { sources_sha256: "0".into(), tests }
    }

    #[test]
    fn ids_are_complete_and_unique() {
        let rows = requirements().unwrap();
        let ids: HashSet<_> = rows.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids.len(), rows.len(), "an id stands twice in conformance/registry.toml");
        assert_eq!(rows.len(), 209, "ids of the catalogue are never removed; add the new one to this count");
        for r in &rows {
            assert!(!r.title.is_empty() && !r.official.is_empty(), "{} lacks words", r.id);
            assert_eq!(
                r.not_applicable.is_some(),
                NOT_APPLICABLE.contains(&r.id.as_str()),
                "{}: review the reason, then list the id in NOT_APPLICABLE",
                r.id
            );
        }
    }

    #[test]
    fn only_passing_tests_make_a_row_met() {
        let ok = results(&[("it::a", Outcome::Passed), ("it::b", Outcome::Failed)]);
        let status = |requirement| judge_one(requirement, Some(&ok)).status;
        assert_eq!(status(row(&["it::a"], None)), Status::Met);
        assert_eq!(status(row(&["it::a", "it::b"], None)), Status::Open);
        assert_eq!(status(row(&["it::unknown"], None)), Status::Open);
        assert_eq!(status(row(&[], None)), Status::Open);
        assert_eq!(status(row(&["it::a"], Some("画面の試験"))), Status::Open);
        assert_eq!(judge_one(row(&["it::a"], None), None).status, Status::Open);
    }
}
