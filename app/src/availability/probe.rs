//! One look a minute at the product from outside its own processes, through the address its users open; and how the partners stand.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use domain::availability::ServiceCondition;
use domain::standing::ServiceState;
use tenancy::availability::{self, Sample};
use tenancy::operator::Operator;
use tenancy::standing;

use super::CHART;
use crate::config;

pub const EVERY: Duration = Duration::from_secs(60);
/// A person waiting longer calls it slow.
const SLOW: Duration = Duration::from_secs(3);
const GIVE_UP: Duration = Duration::from_secs(20);
/// A day of minutes may wait for a database that is away; older ones stay unmeasured.
const WAITING_AT_MOST: usize = 24 * 60;

pub struct Probe {
    client: reqwest::Client,
    url: String,
    /// Measured while the database could not be written.
    waiting: Vec<Sample>,
}

impl Probe {
    pub fn new() -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(GIVE_UP).build().context("稼働の計測を始められません")?;
        let url = format!("{}/readyz", config::text("TSUMUGI_PUBLIC_URL")?.trim_end_matches('/'));
        Ok(Self { client, url, waiting: Vec::new() })
    }

    /// Looks, and writes down what could not be written before.
    pub async fn turn(&mut self, operator: &Operator) -> anyhow::Result<()> {
        let at = operator.clock().now();
        let condition = self.look().await;
        self.waiting.push(Sample { service: CHART.into(), at, condition });
        self.waiting.extend(partners(operator, at).await.unwrap_or_default());
        let too_many = self.waiting.len().saturating_sub(WAITING_AT_MOST);
        self.waiting.drain(..too_many);
        while let Some(sample) = self.waiting.first() {
            availability::record(operator, sample).await?;
            self.waiting.remove(0);
        }
        Ok(())
    }

    async fn look(&self) -> ServiceCondition {
        let started = tokio::time::Instant::now();
        match self.client.get(&self.url).send().await {
            Ok(answer) if answer.status().is_success() && started.elapsed() <= SLOW => ServiceCondition::Up,
            Ok(answer) if answer.status().is_success() => ServiceCondition::Slow,
            _ => ServiceCondition::Down,
        }
    }
}

/// Only partners that were ever spoken to are measured.
async fn partners(operator: &Operator, at: DateTime<Utc>) -> Result<Vec<Sample>, tenancy::Error> {
    let sample = |(service, state): (domain::outbox::Service, ServiceState)| Sample {
        service: service.code().to_owned(),
        at,
        condition: match state {
            ServiceState::Up => ServiceCondition::Up,
            ServiceState::Degraded => ServiceCondition::Slow,
            ServiceState::Down => ServiceCondition::Down,
        },
    };
    Ok(standing::partners(operator).await?.into_iter().map(sample).collect())
}
