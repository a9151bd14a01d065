//! The simulated services from behind: how much goes wrong with their answers, and what they say was done.

use anyhow::Context as _;
use serde_json::Value;

use crate::plan::Dice;

/// 資格確認, 電子処方箋, and the 資格確認端末 of the clinic that asks through folders.
const STATIONS: [(&str, &str); 3] = [("oqs", ""), ("eps", "eps"), ("terminal", "terminal")];

pub struct Nation {
    simulators: String,
    http: reqwest::Client,
}

impl Nation {
    pub fn new(simulators: &str) -> Self {
        Self { simulators: simulators.to_owned(), http: reqwest::Client::new() }
    }

    /// From now on so many of a hundred answers go wrong, at each station.
    pub async fn trouble(&self, percent: u64, dice: &mut Dice) -> anyhow::Result<()> {
        self.mend().await?;
        for (_, service) in STATIONS {
            let (percent, seed) = (percent.to_string(), dice.roll(u64::MAX).to_string());
            let form = [("service", service), ("percent", &percent), ("seed", &seed)];
            self.http.post(format!("{}/national/fault-rate", self.simulators)).form(&form).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// They are well again; what waited for them is on its way by itself.
    pub async fn mend(&self) -> anyhow::Result<()> {
        for (_, service) in STATIONS {
            let form = [("service", service), ("fault", "none")];
            self.http.post(format!("{}/national/faults", self.simulators)).form(&form).send().await?.error_for_status()?;
        }
        Ok(())
    }

    pub async fn state(&self) -> anyhow::Result<Value> {
        Ok(self.http.get(format!("{}/national/state", self.simulators)).send().await?.error_for_status()?.json().await?)
    }

    /// What went wrong at each station, in one line.
    pub async fn told(&self) -> anyhow::Result<String> {
        let state = self.state().await?;
        let mut words = Vec::new();
        for (name, _) in STATIONS {
            let kinds = state[name]["happened"].as_object().context("the services say nothing of their faults")?;
            let all: u64 = kinds.values().filter_map(Value::as_u64).sum();
            let kinds: Vec<String> = kinds.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
            words.push(format!("{name} {all}/{} ({})", state[name]["answers"], kinds.join(", ")));
        }
        Ok(words.join("、"))
    }
}
