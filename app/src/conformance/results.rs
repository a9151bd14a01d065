//! Test results bound to the sources they ran on: the log of a test run goes in, one JSON file comes out,
//! and it counts only while the hash of the sources is still the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// What decides behaviour. Documents, the registry and the results themselves stay outside the hash.
const SOURCES: &[&str] =
    &["Cargo.toml", "Cargo.lock", "app", "domain", "infra", "loadtests", "masters", "migrations", "static", "templates", "tenancy"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed,
    Ignored,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    pub sources_sha256: String,
    /// `binary::path::of::test`; the integration binary is `it`, browser journeys are `browser::<name>`.
    pub tests: BTreeMap<String, Outcome>,
}

impl Results {
    pub fn outcome(&self, test: &str) -> Option<Outcome> {
        self.tests.get(test).copied()
    }

    /// The recorded results, when there are any and they belong to the sources on disk.
    pub fn of_these_sources() -> Option<Self> {
        let root = root();
        let text = fs::read_to_string(root.join("conformance/results.json")).ok()?;
        let results: Self = serde_json::from_str(&text).ok()?;
        (results.sources_sha256 == sources_sha256(&root).ok()?).then_some(results)
    }
}

/// The tree this binary was built from. Where it is absent nothing can be proven, so every row reads open.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// SHA-256 over path, length and content of every source file, in path order.
///
/// # Errors
/// When a source cannot be read.
pub fn sources_sha256(root: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for name in SOURCES {
        collect(root, Path::new(name), &mut files)?;
    }
    files.sort();
    let mut hash = digest::Context::new(&digest::SHA256);
    for path in files {
        let content = fs::read(root.join(&path)).with_context(|| format!("cannot read {}", path.display()))?;
        hash.update(format!("{}\0{}\0", path.display(), content.len()).as_bytes());
        hash.update(&content);
    }
    Ok(hex::encode(hash.finish()))
}

fn collect(root: &Path, path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || name == "target" || name == "node_modules" || name.ends_with("-snap") || name.ends_with(".snap.new") {
        return Ok(());
    }
    let full = root.join(path);
    if full.is_dir() {
        for entry in fs::read_dir(&full)? {
            collect(root, &path.join(entry?.file_name()), files)?;
        }
    } else if full.is_file() {
        files.push(path.to_path_buf());
    }
    Ok(())
}

/// Writes `conformance/results.json` from the logs of a finished run.
///
/// # Errors
/// When the sources changed since `started_on` was printed, or a log cannot be read.
pub fn record(started_on: &str, logs: &[PathBuf]) -> anyhow::Result<Results> {
    let root = root();
    if sources_sha256(&root)? != started_on {
        bail!("the sources changed while the tests ran; nothing was recorded");
    }
    let mut tests = BTreeMap::new();
    for log in logs {
        let text = fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
        read_log(&String::from_utf8_lossy(&text), &mut tests);
    }
    let results = Results { sources_sha256: started_on.to_owned(), tests };
    fs::write(root.join("conformance/results.json"), serde_json::to_string_pretty(&results)? + "\n")?;
    Ok(results)
}

/// Reads `cargo test` output (with its `Running …` lines) and TAP lines of the browser journeys.
fn read_log(text: &str, tests: &mut BTreeMap<String, Outcome>) {
    let mut group = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(binary) = running_binary(line) {
            group = binary;
        } else if let Some(name) = line.strip_prefix("Doc-tests ") {
            group = format!("doc::{name}");
        } else if let Some((name, outcome)) = cargo_line(line) {
            note(tests, format!("{group}::{name}"), outcome);
        } else if let Some((name, outcome)) = tap_line(line) {
            note(tests, format!("browser::{name}"), outcome);
        }
    }
}

/// A name seen twice (several examples on one item) has passed only when none of them failed; a test left out of one run
/// and passed in another has passed.
fn note(tests: &mut BTreeMap<String, Outcome>, name: String, outcome: Outcome) {
    let known = tests.entry(name).or_insert(outcome);
    if outcome == Outcome::Failed || *known == Outcome::Ignored {
        *known = outcome;
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/domain-0a1b)` names the binary `domain`.
fn running_binary(line: &str) -> Option<String> {
    let path = line.strip_prefix("Running ")?.rsplit_once('(')?.1.strip_suffix(')')?;
    let file = path.rsplit('/').next()?;
    Some(file.rsplit_once('-')?.0.to_owned())
}

fn cargo_line(line: &str) -> Option<(String, Outcome)> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match result {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        r if r.starts_with("ignored") => Outcome::Ignored,
        _ => return None,
    };
    // Line numbers of doc tests move with every edit above them.
    let name = name.split(" (line ").next().unwrap_or(name).trim_end_matches(" - should panic");
    Some((name.to_owned(), outcome))
}

fn tap_line(line: &str) -> Option<(String, Outcome)> {
    let (rest, outcome) = match line.strip_prefix("not ok ") {
        Some(rest) => (rest, Outcome::Failed),
        None => (line.strip_prefix("ok ")?, Outcome::Passed),
    };
    let (number, name) = rest.split_once(" - ")?;
    number.parse::<u32>().ok()?;
    match name.split_once(" # ") {
        Some((name, _skipped)) => Some((name.to_owned(), Outcome::Ignored)),
        None => Some((name.to_owned(), outcome)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "
     Running unittests src/lib.rs (target/debug/deps/domain-0a1b2c)
test patient::tests::kana ... ok
test patient::tests::slow ... ignored, needs an hour
     Running tests/it/main.rs (target/debug/deps/it-9f)
test catalog::rls ... FAILED
   Doc-tests tenancy
test tenancy/src/tx.rs - tx::TenantTx (line 12) - compile fail ... ok
test tenancy/src/tx.rs - tx::TenantTx (line 30) - compile fail ... FAILED
ok 1 - signs in by keyboard
not ok 2 - prints
ok 3 - axe # SKIP no browser
";

    #[test]
    fn logs_become_outcomes() {
        let mut tests = BTreeMap::new();
        read_log(LOG, &mut tests);
        let of = |name: &str| tests.get(name).copied();
        assert_eq!(of("domain::patient::tests::kana"), Some(Outcome::Passed));
        assert_eq!(of("domain::patient::tests::slow"), Some(Outcome::Ignored));
        assert_eq!(of("it::catalog::rls"), Some(Outcome::Failed));
        assert_eq!(of("doc::tenancy::tenancy/src/tx.rs - tx::TenantTx"), Some(Outcome::Failed));
        assert_eq!(of("browser::signs in by keyboard"), Some(Outcome::Passed));
        assert_eq!(of("browser::prints"), Some(Outcome::Failed));
        assert_eq!(of("browser::axe"), Some(Outcome::Ignored));
    }

    #[test]
    fn a_changed_source_changes_the_hash() {
        let root = std::env::temp_dir().join(format!("tsumugi-sources-{}", std::process::id()));
        fs::create_dir_all(root.join("app/target")).unwrap();
        fs::write(root.join("app/a.rs"), "one").unwrap();
        let before = sources_sha256(&root).unwrap();
        fs::write(root.join("app/target/b.rs"), "built").unwrap();
        assert_eq!(sources_sha256(&root).unwrap(), before);
        fs::write(root.join("app/a.rs"), "two").unwrap();
        assert_ne!(sources_sha256(&root).unwrap(), before);
        fs::remove_dir_all(&root).unwrap();
    }
}
