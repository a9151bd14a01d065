//! Every statement the suite sent as `tsumugi_app`, read back from the server's log: each names the clinic for each
//! clinic table it touches, and none carries another clinic's id. Row-level security is then only the second wall.
//!
//! `make test` runs this last, with the log of everything before it (`TSUMUGI_TEST_PG_LOG_DIR`) and the names of the
//! tables that carry `tenant_id` (`TSUMUGI_TEST_TENANT_TABLES`, separated by spaces).

mod log;
mod sql;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};

/// Statements that differ in their values only are one finding.
type Findings = BTreeMap<String, (&'static str, usize)>;

#[test]
#[ignore = "reads the log of the whole suite; make test runs it last"]
fn every_statement_names_its_clinic() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::var("TSUMUGI_TEST_PG_LOG_DIR").context("TSUMUGI_TEST_PG_LOG_DIR")?);
    let tables = std::env::var("TSUMUGI_TEST_TENANT_TABLES").context("TSUMUGI_TEST_TENANT_TABLES")?;
    let tables: BTreeSet<String> = tables.split_whitespace().map(str::to_owned).collect();
    ensure!(tables.contains("patient") && tables.contains("audit_event"), "the list of clinic tables is incomplete");

    let mut clinics = BTreeSet::new();
    log::each(&folder, |entry| clinics.extend(sql::clinic_set_by(&entry.statement)))?;

    let mut current: HashMap<String, Option<String>> = HashMap::new();
    let (mut findings, mut checked) = (Findings::new(), 0_usize);
    log::each(&folder, |entry| {
        let clinic = current.entry(entry.session).or_default();
        if sql::ends_transaction(&entry.statement) {
            *clinic = None;
            return;
        }
        if let Some(set) = sql::clinic_set_by(&entry.statement) {
            *clinic = Some(set);
        }
        let uses = sql::uses(&entry.statement, &tables);
        if uses.tables == 0 {
            return;
        }
        checked += 1;
        if let Some(reason) = fault(&uses, clinic.as_deref(), &clinics, &entry.statement, &entry.parameters) {
            findings.entry(sql::shape(&entry.statement)).or_insert((reason, 0)).1 += 1;
        }
    })?;

    ensure!(checked > 1000, "only {checked} statements on clinic tables were found in {}", folder.display());
    println!("{checked} statements on clinic tables, {} clinics", clinics.len());
    for (statement, (reason, times)) in &findings {
        println!("{times} × {reason}: {statement}");
    }
    ensure!(findings.is_empty(), "{} kinds of statement break the rule", findings.len());
    Ok(())
}

fn fault(uses: &sql::Uses, clinic: Option<&str>, clinics: &BTreeSet<String>, statement: &str, parameters: &str) -> Option<&'static str> {
    let Some(clinic) = clinic else {
        return Some("no clinic is set");
    };
    if uses.bound < uses.tables {
        return Some("a clinic table without its tenant_id");
    }
    let foreign = |text: &str| sql::quoted(text).any(|value| value != clinic && clinics.contains(value));
    (foreign(statement) || foreign(parameters)).then_some("another clinic's id")
}
