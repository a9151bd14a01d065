//! `make bench`: puts the product beside the bare floor in one run and writes docs/bench.md. Needs the services and the
//! configuration of the product in the environment (infra/local/bench brings both) and release binaries beside this one.

#![allow(clippy::disallowed_methods)] // a load generator lives on the real clock and draws its own keys

mod appends;
mod busy;
mod cpu;
mod drive;
mod processes;
mod report;
mod visitor;
mod weight;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use appends::Appends;
use busy::Kind;
use cpu::{Watched, resident_mib};
use drive::{Cost, Request, median};
use processes::Running;
use report::Report;
use visitor::Visitor;

/// What is typed: prefixes with many and with few people behind them.
const WORDS: &[&str] = &["サトウ", "スズキ", "タナカ", "ワタナベ", "ヤマ", "コバヤシ", "イトウ", "ヨシダケ"];

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 1000)]
    clinics: usize,
    #[arg(long, default_value_t = 1000)]
    patients: usize,
    /// Patients of the one large clinic
    #[arg(long, default_value_t = 1_000_000)]
    large: usize,
    /// Requests in each of five turns
    #[arg(long, default_value_t = 4000)]
    requests: usize,
    /// Seconds of a hundred clinics at work
    #[arg(long, default_value_t = 120)]
    busy_s: u64,
    /// Only these parts, e.g. `--only search,board`; all of them without it
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    #[arg(long, default_value = "docs/bench.md")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Search,
    Large,
    Chart,
    Busy,
    Board,
    Weights,
    Appends,
    Loaded,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

struct Bench {
    options: Options,
    watched: Watched,
    report: Report,
    /// One signed-in visitor per clinic of ordinary size, with the clinic's id.
    visitors: Vec<(Visitor, Uuid)>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    seed(&options).await?;
    let operator = connect("TSUMUGI_OPERATOR_DATABASE_URL").await?;
    let watched = Watched { processes: vec![redis_pid().await?], postmaster: postmaster(&operator).await? };
    let mut bench = Bench { options, watched, report: Report::default(), visitors: vec![] };
    bench.cold_start().await?;
    let product = processes::product().await?;
    bench.idle(&product).await;
    bench.sign_in(&product, &operator).await?;
    for part in Part::value_variants() {
        bench.measure(*part, &product).await?;
    }
    product.stop().await;
    let text = bench.report.to_markdown();
    std::fs::write(&bench.options.out, &text).with_context(|| bench.options.out.display().to_string())?;
    println!("\n{text}");
    Ok(())
}

async fn seed(options: &Options) -> anyhow::Result<()> {
    processes::tsumugi(&["migrate"]).await?;
    processes::tsumugi(&["demo", "seed"]).await?;
    let scale = |clinics: usize, patients: usize| [clinics.to_string(), patients.to_string()];
    for [clinics, patients] in [scale(options.clinics, options.patients), scale(1, options.large)] {
        processes::tsumugi(&["demo", "seed", "--clinics", &clinics, "--patients", &patients]).await?;
    }
    let owner = connect("TSUMUGI_OWNER_DATABASE_URL").await?;
    Ok(owner.batch_execute("VACUUM ANALYZE").await?)
}

async fn connect(variable: &str) -> anyhow::Result<Client> {
    let url = std::env::var(variable).with_context(|| format!("{variable} is not set"))?;
    let (client, driver) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(driver);
    Ok(client)
}

async fn postmaster(client: &Client) -> anyhow::Result<u32> {
    let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?;
    cpu::parent_of(u32::try_from(backend)?)
}

/// Redis tells its own process id.
async fn redis_pid() -> anyhow::Result<u32> {
    let url = std::env::var("TSUMUGI_REDIS_URL").context("TSUMUGI_REDIS_URL is not set")?;
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let line = info.lines().find_map(|line| line.strip_prefix("process_id:")).context("Redis did not name its process")?;
    Ok(line.trim().parse()?)
}

impl Bench {
    async fn measure(&mut self, part: Part, product: &Running) -> anyhow::Result<()> {
        if !self.options.wants(part) {
            return Ok(());
        }
        match part {
            Part::Search => self.search(product).await,
            Part::Large => self.large_clinic(product).await,
            Part::Chart => self.chart(product).await,
            Part::Busy => self.busy(product).await,
            Part::Board => self.board(product).await,
            Part::Weights => self.weights(product).await,
            Part::Appends => self.appends().await,
            Part::Loaded => self.loaded(product).await,
        }
    }

    async fn cold_start(&mut self) -> anyhow::Result<()> {
        let mut times = Vec::new();
        for _ in 0..5 {
            let product = processes::product().await?;
            times.push(product.first_page);
            product.stop().await;
        }
        times.sort();
        self.report.at_most("cold start to first page, median of 5", times[2].as_secs_f64() * 1e3, 500.0, " ms");
        Ok(())
    }

    async fn idle(&mut self, product: &Running) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.report.at_most("`serve` resident, idle after its first page", resident_mib(product.pid).0, 64.0, " MiB");
    }

    async fn sign_in(&mut self, product: &Running, operator: &Client) -> anyhow::Result<()> {
        for number in 1..=self.options.clinics.min(16) {
            let code = format!("bench-{}-{number:04}", self.options.patients);
            let id = operator.query_one("SELECT id FROM tenant WHERE code = $1", &[&code]).await?.try_get(0)?;
            let visitor = Visitor::new(&product.url)?;
            visitor.sign_in(&code).await?;
            self.visitors.push((visitor, id));
        }
        Ok(())
    }

    /// The patient list beside the floor, in turns.
    async fn search(&mut self, product: &Running) -> anyhow::Result<()> {
        let (_, first) = self.visitors.first().context("nobody is signed in")?;
        let floor = processes::floor(&first.to_string()).await?;
        let bare = reqwest::Client::new();
        let pairs = || self.visitors.iter().flat_map(|(visitor, id)| WORDS.iter().map(move |word| (visitor, id, word)));
        let to_floor: Vec<Request> =
            pairs().map(|(_, id, word)| (bare.clone(), format!("{}/patients?tenant={id}&q={word}", floor.url))).collect();
        let to_product: Vec<Request> = pairs().map(|(v, _, word)| (v.http.clone(), format!("{}/patients?q={word}", product.url))).collect();
        let (mut of_floor, mut of_product, mut with_sealing) = (vec![], vec![], vec![]);
        for turn in 0..6 {
            let count = if turn == 0 { 500 } else { self.options.requests };
            let a = drive::run(&self.watched.with(floor.pid), &to_floor, 8, count).await?;
            let b = drive::run(&self.watched.with(product.pid), &to_product, 8, count).await?;
            if turn > 0 {
                of_floor.push(a);
                of_product.push(b);
            }
        }
        let mut worker = processes::worker()?;
        let both = self.watched.with(product.pid).with(worker.id().unwrap_or_default());
        tokio::time::sleep(Duration::from_secs(20)).await; // it first seals what the seeding and the turns above have left
        for _ in 0..3 {
            with_sealing.push(drive::run(&both, &to_product, 8, self.options.requests).await?);
        }
        worker.kill().await?;
        floor.stop().await;
        self.compare(median(of_floor), median(of_product), median(with_sealing))
    }

    fn compare(&mut self, floor: Option<Cost>, product: Option<Cost>, sealed: Option<Cost>) -> anyhow::Result<()> {
        let (floor, product, sealed) = (floor.context("no run")?, product.context("no run")?, sealed.context("no run")?);
        let name = format!("patient search page against the floor, {} clinics × {} patients", self.options.clinics, self.options.patients);
        self.report.at_most(&name, product.cpu_us / floor.cpu_us, 3.0, "×");
        self.report.fact(format!(
            "floor {:.0} µs CPU a page, {:.0} of it in Postgres; p50 {:.1} ms, p95 {:.1} ms at concurrency 8",
            floor.cpu_us, floor.postgres_us, floor.p50_ms, floor.p95_ms
        ));
        self.report.fact(format!(
            "search page {:.0} µs CPU, {:.0} of it in Postgres; {} statements, p50 {:.1} ms, p95 {:.1} ms at concurrency 8",
            product.cpu_us, product.postgres_us, product.statements, product.p50_ms, product.p95_ms
        ));
        self.report.fact(format!(
            "the same with the worker sealing beside it, its CPU included: {:.0} µs ({:.2}× the floor)",
            sealed.cpu_us,
            sealed.cpu_us / floor.cpu_us
        ));
        Ok(())
    }

    /// The same search where one clinic has a million patients.
    async fn large_clinic(&mut self, product: &Running) -> anyhow::Result<()> {
        let large = Visitor::new(&product.url)?;
        large.sign_in(&format!("bench-{}-0001", self.options.large)).await?;
        let (small, _) = self.visitors.first().context("nobody is signed in")?;
        let words = |visitor: &Visitor| -> Vec<Request> {
            WORDS.iter().map(|word| (visitor.http.clone(), format!("{}/patients?q={word}", product.url))).collect()
        };
        let watched = self.watched.with(product.pid);
        let (mut of_small, mut of_large) = (vec![], vec![]);
        for _ in 0..5 {
            of_small.push(drive::run(&watched, &words(small), 8, self.options.requests / 2).await?);
            of_large.push(drive::run(&watched, &words(&large), 8, self.options.requests / 2).await?);
        }
        let (small, large) = (median(of_small).context("no run")?, median(of_large).context("no run")?);
        let name = format!("kana search in a clinic of {} patients against one of {}", self.options.large, self.options.patients);
        self.report.at_most(&name, large.cpu_us / small.cpu_us, 1.5, "×");
        self.report.fact(format!("kana search {:.0} µs in the small clinic, {:.0} µs in the large one", small.cpu_us, large.cpu_us));
        Ok(())
    }

    /// The demo's chart of a thousand visits.
    async fn chart(&mut self, product: &Running) -> anyhow::Result<()> {
        let visitor = Visitor::new(&product.url)?;
        visitor.sign_in("ainosato").await?;
        let list = visitor.get("/patients?q=000100").await?;
        let id = list
            .split("/patients/")
            .find_map(|part| part.get(..36).and_then(|id| id.parse::<Uuid>().ok()))
            .context("patient 000100 is not on the list")?;
        let chart: Vec<Request> = vec![(visitor.http.clone(), format!("{}/patients/{id}/chart", product.url))];
        drive::run(&self.watched.with(product.pid), &chart, 8, 100).await?;
        let cost = drive::run(&self.watched.with(product.pid), &chart, 8, 800).await?;
        self.report.at_most("chart of 1,000 visits, p95 at concurrency 8", cost.p95_ms, 300.0, " ms");
        self.report
            .fact(format!("chart of 1,000 visits {:.0} µs CPU, {} statements, p50 {:.1} ms", cost.cpu_us, cost.statements, cost.p50_ms));
        Ok(())
    }

    /// A hundred clinics at work, and one change told to five hundred boards.
    async fn busy(&mut self, product: &Running) -> anyhow::Result<()> {
        let mut clinics = Vec::new();
        for number in 1..=self.options.clinics.min(100) {
            let visitor = Visitor::new(&product.url)?;
            // A code works once: those who are in already stay in.
            match self.visitors.get(number - 1) {
                Some((known, _)) => clinics.push(known.clone()),
                None => {
                    visitor.sign_in(&format!("bench-{}-{number:04}", self.options.patients)).await?;
                    clinics.push(visitor);
                }
            }
        }
        let times = busy::run(&clinics, Duration::from_secs(self.options.busy_s)).await?;
        for kind in Kind::ALL {
            let (count, p95) = times.p95_ms(kind);
            self.report.at_most(&format!("{} clinics at work: {}, p95", clinics.len(), kind.label()), p95, kind.budget_ms(), " ms");
            self.report.fact(format!("{count} answers of the kind “{}” under that load", kind.label()));
        }
        let slowest = busy::fan_out(&clinics, 20).await?;
        let what = format!("a status change reaches its clinic's boards, {} open, slowest of 20", clinics.len() * busy::BOARDS);
        self.report.at_most(&what, slowest.as_secs_f64() * 1e3, 1000.0, " ms");
        Ok(())
    }

    /// 200 rows in a real browser.
    async fn board(&mut self, product: &Running) -> anyhow::Result<()> {
        let (visitor, _) = self.visitors.get(1).context("only one clinic")?;
        busy::fill_board(visitor, 200).await?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/tests/browser/lib/paint.mjs");
        let url = format!("{}/board?state=all", product.url);
        let answer = tokio::process::Command::new("node").arg(script).arg(&url).arg(visitor.cookie()?).output().await?;
        let said = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        let (rows, took) = said.split_once(' ').with_context(|| String::from_utf8_lossy(&answer.stderr).into_owned())?;
        self.report.at_most(&format!("board of {rows} rows, last byte to painted in Chromium"), took.parse()?, 100.0, " ms");
        Ok(())
    }

    async fn weights(&mut self, product: &Running) -> anyhow::Result<()> {
        let (_, first) = weight::of(&Visitor::new(&product.url)?, "/login").await?;
        let (signed_in, _) = self.visitors.first().context("nobody is signed in")?;
        let (next, with_assets) = weight::of(signed_in, &format!("/patients?q={}", WORDS[0])).await?;
        self.report.at_most("first visit, gzipped, heavier of sign-in and patient list", first.max(with_assets) as f64 / 1e3, 80.0, " kB");
        self.report.at_most("next page (patient list), gzipped", next as f64 / 1e3, 10.0, " kB");
        Ok(())
    }

    async fn appends(&mut self) -> anyhow::Result<()> {
        #[allow(clippy::disallowed_methods)] // a timestamp for rows nobody reads
        let now = chrono::Utc::now();
        let (_, tenant) = self.visitors.first().context("nobody is signed in")?;
        let appends = Appends::prepare().await?;
        let (mut plain, mut audited) = (vec![], vec![]);
        for _ in 0..7 {
            plain.push(appends.run(&self.watched, *tenant, 4000, false, now).await?);
            audited.push(appends.run(&self.watched, *tenant, 4000, true, now).await?);
        }
        Appends::clean_up().await?;
        for costs in [&mut plain, &mut audited] {
            costs.sort_by(f64::total_cmp);
        }
        self.report.at_most("audit append against a plain INSERT of the same row", audited[3] / plain[3], 1.2, "×");
        self.report.fact(format!("append {:.0} µs with its leaf, {:.0} µs without, transaction included", audited[3], plain[3]));
        Ok(())
    }

    /// Sixteen people sign in at once, again and again: argon2 is what fills the memory.
    async fn loaded(&mut self, product: &Running) -> anyhow::Result<()> {
        let mut crowd = Vec::new();
        for number in 1..=16 {
            let (visitor, code) = (Visitor::new(&product.url)?, format!("bench-{}-{:04}", self.options.patients, 100 + number));
            crowd.push(tokio::spawn(async move {
                for _ in 0..3 {
                    // These people have no second factor yet: the password step is what is wanted.
                    let form = [("tenant_code", code.as_str()), ("login_id", "doctor"), ("password", "Aizome-demo-2026!")];
                    let _ = visitor.http.post(format!("{}/login", visitor.base)).form(&form).send().await;
                }
            }));
        }
        for person in crowd {
            person.await?;
        }
        self.report.at_most(
            "`serve` resident, highest of the whole run with 16 people signing in at once",
            resident_mib(product.pid).1,
            256.0,
            " MiB",
        );
        Ok(())
    }
}
