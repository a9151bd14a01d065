//! The scripted clinic morning: sixty patients in two clinics over the real pages, one asking the national services over their Web API,
//! one through the folders of its 資格確認端末, while one in ten of their answers goes wrong, the session store goes away and a web process
//! is killed (`infra/local/morning` does the last two). It ends by looking for everything that was acknowledged, here and there: nothing
//! may be lost, doubled or stuck.

#![allow(clippy::disallowed_methods)] // a load generator lives on the real clock and draws its own keys

mod check;
mod check_national;
mod clinic;
mod counter;
mod errands;
mod nation;
mod orders;
mod plan;
mod story;
mod visitor;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser;
use loadtests::html;
use tokio::sync::Semaphore;
use uuid::Uuid;

use clinic::{Clinic, Keys};
use nation::Nation;
use plan::{Dice, Plan};
use story::Acknowledged;
use visitor::Street;

#[derive(Parser)]
#[command(about = "Plays a morning of two clinics against a running demo and counts what was lost")]
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
    /// Of a hundred answers of the national services and of the terminal, so many go wrong
    #[arg(long, default_value_t = 10)]
    trouble_percent: u64,
    /// The clinic that asks over the Web API
    #[arg(long, default_value = "ainosato")]
    web: String,
    /// The clinic that asks through the folders of its 資格確認端末
    #[arg(long, default_value = "minato")]
    folders: String,
    /// Password of the demo's staff
    #[arg(long)]
    password: String,
    /// TOTP secret of the demo's staff, base32
    #[arg(long)]
    totp_secret: String,
}

/// One clinic of the morning.
struct House {
    code: String,
    tenant: Uuid,
    /// As the administrator chooses it, and in words.
    way: (&'static str, &'static str),
    street: Arc<Street>,
    clinic: Arc<Clinic>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let began = Instant::now();
    let run = Uuid::new_v4().simple().to_string()[..12].to_owned();
    let books = check::Books::open(&options.superuser_database_url, &options.simulators).await?;
    let nation = Nation::new(&options.simulators);
    let ways = [(&options.web, ("web", "Web API")), (&options.folders, ("folder", "連携端末のフォルダ"))];
    let mut houses = vec![];
    for (code, way) in ways {
        houses.push(open(&options, &books, code, way, &run).await?);
    }
    println!("朝を始めます: 患者 {}人、種 {}、記号 {run}", options.patients, options.seed);

    let mut dice = Dice(options.seed);
    break_receipt_computer(&options.simulators, &mut dice).await?;
    let odd = reader_incidents(&houses[0].clinic).await?;
    nation.trouble(options.trouble_percent, &mut dice).await?;
    let mut plans = plan::plans(options.patients, options.seed);
    let others = plans.split_off(plans.len() / 2);
    let (web, folders) =
        tokio::join!(patients(&houses[0].clinic, plans, options.at_once), patients(&houses[1].clinic, others, options.at_once),);
    let told = [web?, folders?];
    println!("  {} 秒で全員帰りました。起きた障害: {}", began.elapsed().as_secs(), nation.told().await?);
    nation.mend().await?;

    let mut is_whole = true;
    for (house, told) in houses.iter().zip(&told) {
        house.clinic.close_day().await?;
        books.recovered(house.tenant).await?;
        let reviewed = house.clinic.review_arrivals().await?;
        let mut lines = books.lines(house.tenant, told).await?;
        lines.extend(books.national(house.tenant, told, &nation.state().await?, options.trouble_percent > 0).await?);
        house.clinic.reopen_day().await?;
        house.clinic.choose_way("web").await?;
        is_whole &= show(house, &lines);
        println!("        確認した端末のファイル {reviewed}件、見比べた文 {}件", told.iter().map(|t| t.conflicts).sum::<usize>());
    }
    let sum = |of: fn(&Street) -> &AtomicUsize| houses.iter().map(|h| of(&h.street).load(Ordering::Relaxed)).sum::<usize>();
    let (asked, repeated, signed_in) = (sum(|s| &s.asked), sum(|s| &s.repeated), sum(|s| &s.signed_in));
    println!(
        "{} 秒、問い {asked} 回(うち やり直し {repeated} 回)、サインイン {signed_in} 回、断ったカード {odd} 枚",
        began.elapsed().as_secs()
    );
    ensure!(is_whole, "something was lost, doubled or is stuck");
    println!("失われたもの・二重のもの・止まったもの: なし");
    Ok(())
}

async fn open(options: &Options, books: &check::Books, code: &str, way: (&'static str, &'static str), run: &str) -> anyhow::Result<House> {
    let street = Street { url: options.url.clone(), clinic: code.to_owned(), asked: 0.into(), repeated: 0.into(), signed_in: 0.into() };
    let street = Arc::new(street);
    let keys = Keys { password: options.password.clone(), secret: options.totp_secret.clone() };
    let clinic = Arc::new(Clinic::open(&street, &options.simulators, run, &keys).await.with_context(|| format!("clinic {code}"))?);
    clinic.reopen_day().await?;
    clinic.connect_receipt_computer(&clinic::login_of_third(run)).await?;
    clinic.choose_way(way.0).await?;
    Ok(House { code: code.to_owned(), tenant: books.tenant(code).await?, way, street, clinic })
}

/// The table of one clinic; whether nothing is wrong in it.
fn show(house: &House, lines: &[check::Line]) -> bool {
    println!("── {} ({})", house.way.1, house.code);
    for line in lines {
        println!("{:>6} 件  {:>4} 説明つき  {} {}", line.count, line.explained, line.what, if line.faults.is_empty() { "○" } else { "×" });
        for fault in &line.faults {
            println!("         × {fault}");
        }
    }
    lines.iter().all(|line| line.faults.is_empty())
}

/// Everybody comes, a few at a time; one failed visit is told with the plan that leads to it.
async fn patients(clinic: &Arc<Clinic>, plans: Vec<Plan>, at_once: usize) -> anyhow::Result<Vec<Acknowledged>> {
    let (chairs, mut house) = (Arc::new(Semaphore::new(at_once)), tokio::task::JoinSet::new());
    for plan in plans {
        let (clinic, chairs) = (clinic.clone(), chairs.clone());
        house.spawn(async move {
            let chair = chairs.acquire().await?;
            let mut told = story::visit(clinic.clone(), plan.clone()).await?;
            drop(chair);
            if plan.is_taken_back
                && let Some(first) = told.iter_mut().find(|told| told.is_registered)
            {
                errands::take_back(&clinic, &plan, first).await?;
            }
            anyhow::Ok(told)
        });
    }
    let mut told = vec![];
    while let Some(visit) = house.join_next().await {
        told.extend(visit??);
    }
    Ok(told)
}

/// The receipt computer misbehaves for a while; the seed says how.
async fn break_receipt_computer(simulators: &str, dice: &mut Dice) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    for _ in 0..8 {
        let fault = *dice.pick(&["lost_reply", "duplicate", "malformed", "slow", "locked", "failing", "failing_after"]);
        http.post(format!("{simulators}/orca/faults")).form(&[("fault", fault), ("at", "medicalmodv2")]).send().await?;
    }
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
