//! 適合状況: the requirements of the 標準仕様書 and the tests that show them.
//!
//! `conformance/registry.toml` names the tests of each requirement, `make test` records what passed together with a
//! hash of the sources, and both the command and the public page are computed from those two files. A row without a
//! passing test reads 未確認 (open); nothing can be declared met by hand.

mod pages;
mod registry;
mod results;
mod views;

use std::path::PathBuf;
use std::sync::OnceLock;

pub use pages::routes;
pub use registry::{Row, Status};
use results::Results;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ConformanceArgs {
    /// Print one JSON array instead of a table
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    step: Option<Step>,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Print the hash of the sources; taken before a test run
    Sources,
    /// Bind the logs of a test run to that hash
    Record {
        #[arg(long)]
        sources: String,
        logs: Vec<PathBuf>,
    },
}

/// `tsumugi conformance …`
///
/// # Errors
/// When the registry or a log cannot be read, or the sources changed during the tests.
pub fn run(args: ConformanceArgs) -> anyhow::Result<()> {
    match args.step {
        Some(Step::Sources) => println!("{}", results::sources_sha256(&results::root())?),
        Some(Step::Record { sources, logs }) => {
            let recorded = results::record(&sources, &logs)?;
            println!("{} test results recorded", recorded.tests.len());
        }
        None if args.json => println!("{}", serde_json::to_string_pretty(&rows()?)?),
        None => print_table(&rows()?),
    }
    Ok(())
}

/// Every requirement with its status on the sources this process was built from.
///
/// # Errors
/// When the registry cannot be read.
pub fn rows() -> anyhow::Result<Vec<Row>> {
    Ok(registry::judge(registry::requirements()?, Results::of_these_sources().as_ref()))
}

/// The same, read once: sources do not change under a running server.
pub fn rows_of_this_process() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| rows().unwrap_or_default())
}

/// Has this test passed on the sources this process was built from?
pub fn has_passed(test: &str) -> bool {
    static RESULTS: OnceLock<Option<Results>> = OnceLock::new();
    let results = RESULTS.get_or_init(Results::of_these_sources);
    results.as_ref().is_some_and(|results| results.outcome(test) == Some(results::Outcome::Passed))
}

fn print_table(rows: &[Row]) {
    for row in rows {
        let status = match row.status {
            Status::Met => "met ",
            Status::Open => "open",
            Status::NotApplicable => "n/a ",
        };
        println!("{status}  {:<9} {:<8} {}", row.id, row.class, row.title);
    }
    let met = rows.iter().filter(|row| row.status == Status::Met).count();
    println!("met {met} / {}", rows.len());
}
