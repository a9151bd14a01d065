//! Twenty people write notes while somebody kills processes; afterwards every acknowledged save is looked for.
//!
//! A save is acknowledged when the server answered 200 with a version. An unanswered save is sent again with the same
//! key until it is answered, as the page does. Lost: acknowledged and not in the history. Doubled: in it more than once.

#![allow(clippy::disallowed_methods)] // a load generator lives on the real clock and draws its own keys

mod ledger;
mod sign_in;
mod writer;

use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Parser;

#[derive(Parser)]
#[command(about = "Writes notes through failures and counts what was lost")]
struct Options {
    #[arg(long, env = "TSUMUGI_URL")]
    url: String,
    /// Superuser, to look behind the product
    #[arg(long, env = "TSUMUGI_SUPERUSER_DATABASE_URL")]
    superuser_database_url: String,
    #[arg(long, default_value_t = 20)]
    writers: usize,
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Nothing is being killed: every save must be answered at once
    #[arg(long)]
    gentle: bool,
    /// Password of the demo's doctors
    #[arg(long)]
    password: String,
    /// TOTP secret of the demo's doctors, base32
    #[arg(long)]
    totp_secret: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let ledger = ledger::Ledger::connect(&options.superuser_database_url).await?;
    let charts = ledger.open_charts(options.writers).await?;
    ensure!(charts.len() == options.writers, "only {} open visits for {} writers", charts.len(), options.writers);
    let doctors = sign_in::Doctors::new(&options.url, &options.password, &options.totp_secret)?;
    for (number, chart) in charts.iter().enumerate() {
        // Who cannot sign in now does so with the first save.
        drop(doctors.of(&chart.clinic, number).sign_in().await);
    }
    println!("writing");

    let until = Instant::now() + Duration::from_secs(options.seconds);
    let run = uuid::Uuid::new_v4().simple().to_string();
    let mut writers = tokio::task::JoinSet::new();
    for (number, chart) in charts.into_iter().enumerate() {
        let doctor = doctors.of(&chart.clinic, number);
        writers.spawn(writer::write(doctor, chart, format!("{run}-{number}"), until));
    }
    let mut saves = Vec::new();
    while let Some(written) = writers.join_next().await {
        saves.extend(written??);
    }
    let count = ledger.compare(&run, &saves).await?;
    let unanswered = doctors.unanswered();
    println!(
        "{} acknowledged, {} lost, {} doubled, {} retries, {unanswered} unanswered",
        saves.len(),
        count.lost,
        count.doubled,
        doctors.retries()
    );
    ensure!(saves.len() > options.writers, "too few saves for the result to mean anything");
    ensure!(count.lost == 0 && count.doubled == 0, "acknowledged saves were lost or doubled");
    ensure!(!options.gentle || unanswered == 0, "saves failed although nothing was killed");
    Ok(())
}
