//! The scripted clinic morning: sixty patients, three doctors, a nurse and a desk over the real pages, while partners fail, the
//! session store goes away and a web process is killed (`infra/local/morning` does the last two). It ends by looking for everything
//! that was acknowledged: nothing may be lost, doubled or stuck.

#![allow(clippy::disallowed_methods)] // a load generator lives on the real clock and draws its own keys

mod check;
mod clinic;
mod plan;
mod story;
mod visitor;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser;
use loadtests::html;
use tokio::sync::Semaphore;

use clinic::{Clinic, Keys};
use plan::{Dice, Plan};
use story::Acknowledged;
use visitor::Street;

#[derive(Parser)]
#[command(about = "Plays a clinic's morning against a running demo and counts what was lost")]
struct Options {
    #[arg(long, env = "TSUMUGI_URL")]
    url: String,
    #[arg(long, env = "TSUMUGI_SIMULATORS_URL")]
    simulators: String,
    /// Superuser, to look behind the product
    #[arg(long, env = "TSUMUGI_SUPERUSER_DATABASE_URL")]
    superuser_database_url: String,
    #[arg(long, default_value_t = 60)]
    patients: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People in the house at the same time
    #[arg(long, default_value_t = 8)]
    at_once: usize,
    #[arg(long, default_value = "ainosato")]
    clinic: String,
    /// Password of the demo's staff
    #[arg(long)]
    password: String,
    /// TOTP secret of the demo's staff, base32
    #[arg(long)]
    totp_secret: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let began = Instant::now();
    let run = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
    let street = Street { url: options.url.clone(), clinic: options.clinic, asked: 0.into(), repeated: 0.into(), signed_in: 0.into() };
    let street = Arc::new(street);
    let books = check::Books::open(&options.superuser_database_url, &options.simulators).await?;
    let keys = Keys { password: options.password, secret: options.totp_secret };
    let clinic = Arc::new(Clinic::open(&street, &options.simulators, &run, &keys).await?);
    clinic.reopen_day().await?;
    clinic.connect_receipt_computer(&clinic::login_of_third(&run)).await?;
    println!("朝を始めます: 患者 {}人、種 {}、記号 {run}", options.patients, options.seed);

    let mut dice = Dice(options.seed);
    break_partners(&options.simulators, &mut dice).await?;
    let odd = reader_incidents(&clinic).await?;
    let told = patients(&clinic, plan::plans(options.patients, options.seed), options.at_once).await?;
    clinic.close_day().await?;
    let took = began.elapsed().as_secs();

    let lines = books.lines(&told).await?;
    clinic.reopen_day().await?;
    println!("{:>6} 件  {:>4} 説明つき  項目", "", "");
    for line in &lines {
        println!("{:>6} 件  {:>4} 説明つき  {} {}", line.count, line.explained, line.what, if line.faults.is_empty() { "○" } else { "×" });
        for fault in &line.faults {
            println!("         × {fault}");
        }
    }
    let conflicts: usize = told.iter().map(|t| t.conflicts).sum();
    println!(
        "{took} 秒、問い {} 回(うち やり直し {} 回)、サインイン {} 回、見比べた文 {conflicts} 件、断ったカード {odd} 枚",
        street.asked.load(Ordering::Relaxed),
        street.repeated.load(Ordering::Relaxed),
        street.signed_in.load(Ordering::Relaxed),
    );
    ensure!(lines.iter().all(|line| line.faults.is_empty()), "something was lost, doubled or is stuck");
    println!("失われたもの・二重のもの・止まったもの: なし");
    Ok(())
}

/// Everybody comes, a few at a time; one failed visit is told with the plan that leads to it.
async fn patients(clinic: &Arc<Clinic>, plans: Vec<Plan>, at_once: usize) -> anyhow::Result<Vec<Acknowledged>> {
    let (chairs, mut house) = (Arc::new(Semaphore::new(at_once)), tokio::task::JoinSet::new());
    for plan in plans {
        let (clinic, chairs) = (clinic.clone(), chairs.clone());
        house.spawn(async move {
            let _chair = chairs.acquire().await?;
            story::visit(clinic, plan).await
        });
    }
    let (mut told, half) = (vec![], house.len() / 2);
    while let Some(visit) = house.join_next().await {
        told.extend(visit??);
        if house.len() == half {
            mend_partners(&clinic.simulators).await?;
        }
    }
    Ok(told)
}

/// National services and the receipt computer misbehave for a while; the seed says how.
async fn break_partners(simulators: &str, dice: &mut Dice) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    for _ in 0..6 {
        let fault = *dice.pick(&["failing", "rate_limited", "timeout", "lost_reply", "malformed", "closed"]);
        http.post(format!("{simulators}/national/faults")).form(&[("fault", fault), ("times", "1")]).send().await?;
    }
    for _ in 0..8 {
        let fault = *dice.pick(&["lost_reply", "duplicate", "malformed", "slow", "locked", "failing", "failing_after"]);
        http.post(format!("{simulators}/orca/faults")).form(&[("fault", fault), ("at", "medicalmodv2")]).send().await?;
    }
    Ok(())
}

/// The national services are there again; what waited for them is on its way by itself.
async fn mend_partners(simulators: &str) -> anyhow::Result<()> {
    let form = [("fault", "none"), ("times", "1")];
    reqwest::Client::new().post(format!("{simulators}/national/faults")).form(&form).send().await?.error_for_status()?;
    println!("  国のサービスが戻りました");
    Ok(())
}

/// Files nobody may be received by: each is refused in words, or waits for a person to choose.
async fn reader_incidents(clinic: &Clinic) -> anyhow::Result<usize> {
    let mut refused = 0;
    for scenario in ["truncated", "garbled", "missing_birthdate", "document_type", "individual_number", "empty"] {
        let file = clinic.card(scenario, "utf8", "1961-05-05", 900).await?;
        let answer = clinic.upload(&file).await?;
        ensure!((400..500).contains(&answer.status), "a {scenario} file answered {}", answer.status);
        refused += 1;
    }
    let twins =
        Plan {
            family: "カクウ".into(), given: "タロウ".into(), birth: "1962-06-06".into(), ..plan::plans(1, 1).pop().context("no plan")?
        };
    for number in 0..2 {
        clinic.register_man(&Plan { number: 900 + number, ..twins.clone() }).await?;
    }
    let path = clinic.upload(&clinic.card("valid", "utf8", &twins.birth, 901).await?).await?.moved()?;
    let page = clinic.clerk.get(&path).await?;
    ensure!(page.body.contains("自動では選びません"), "two people with one name and birthday were chosen from: {}", page.said());
    ensure!(html::form(&page.body, "/reflection").is_none(), "a card of two people could be taken over");
    Ok(refused + 1)
}
