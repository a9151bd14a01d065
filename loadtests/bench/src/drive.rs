//! A closed loop of so many visitors, and what their requests cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::cpu::Watched;

/// What one address asked again and again has cost.
#[derive(Clone, Debug)]
pub struct Cost {
    pub cpu_us: f64,
    /// Postgres's part of it.
    pub postgres_us: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub statements: String,
}

/// One request: who asks, and for which address.
pub type Request = (reqwest::Client, String);

/// Sends `count` requests, `at_once` at a time, taking `requests` in turn.
///
/// # Errors
/// When any answer is not 200.
pub async fn run(watched: &Watched, requests: &[Request], at_once: usize, count: usize) -> anyhow::Result<Cost> {
    let next = Arc::new(AtomicUsize::new(0));
    let requests: Arc<[Request]> = requests.into();
    let (before, postgres) = (watched.spent(), watched.spent_in_postgres());
    let mut visitors = Vec::new();
    for _ in 0..at_once {
        visitors.push(tokio::spawn(visit(requests.clone(), next.clone(), count)));
    }
    let (mut times, mut statements) = (Vec::with_capacity(count), String::new());
    for visitor in visitors {
        let (own, seen) = visitor.await??;
        times.extend(own);
        statements = seen;
    }
    let (spent, postgres) = (watched.spent() - before, watched.spent_in_postgres() - postgres);
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / count as f64;
    Ok(Cost { cpu_us: each(spent), postgres_us: each(postgres), p50_ms: at(50), p95_ms: at(95), statements })
}

async fn visit(requests: Arc<[Request]>, next: Arc<AtomicUsize>, count: usize) -> anyhow::Result<(Vec<Duration>, String)> {
    let (mut times, mut statements) = (Vec::new(), String::new());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok((times, statements));
        }
        let (client, url) = &requests[number % requests.len()];
        let started = Instant::now();
        let response = client.get(url).send().await?;
        if response.status() != 200 {
            bail!("{url} answered {}", response.status());
        }
        if let Some(timing) = response.headers().get("server-timing").and_then(|v| v.to_str().ok()) {
            statements = timing.split('"').nth(1).unwrap_or_default().to_owned();
        }
        response.bytes().await?;
        times.push(started.elapsed());
    }
}

/// The middle one of several runs: one disturbed run does not decide.
pub fn median(mut costs: Vec<Cost>) -> Option<Cost> {
    costs.sort_by(|a, b| a.cpu_us.total_cmp(&b.cpu_us));
    let middle = costs.len() / 2;
    (!costs.is_empty()).then(|| costs.swap_remove(middle))
}
