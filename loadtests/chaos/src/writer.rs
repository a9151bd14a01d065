//! One writer: saves the S section of one note again and again, and sends an unanswered save again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use reqwest::{StatusCode, header};
use serde::Deserialize;
use uuid::Uuid;

use crate::ledger::{Chart, Save};
use crate::sign_in::Doctor;

const PATIENCE: Duration = Duration::from_secs(10);
/// After the kills have ended everything must work again within this time.
const GRACE: Duration = Duration::from_secs(120);

#[derive(Deserialize)]
struct Saved {
    version: i64,
}

enum Answer {
    Saved(i64),
    SignedOut,
    /// Nobody knows whether it was stored.
    Silence,
    Refused(StatusCode),
}

pub async fn write(doctor: Arc<Doctor>, chart: Chart, name: String, until: Instant) -> anyhow::Result<Vec<Save>> {
    let mut saves = Vec::new();
    let mut version = chart.version;
    while Instant::now() < until {
        let text = format!("{name}-{}", saves.len());
        version = save(&doctor, &chart, &text, version, until + GRACE).await?;
        saves.push(Save { text, version });
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(saves)
}

/// The version the server acknowledged.
async fn save(doctor: &Doctor, chart: &Chart, text: &str, seen: i64, deadline: Instant) -> anyhow::Result<i64> {
    let key = Uuid::new_v4().to_string();
    while Instant::now() < deadline {
        match send(doctor, chart, text, seen, &key).await {
            Answer::Saved(version) => return Ok(version),
            Answer::Refused(status) => bail!("a save was answered {status}"),
            Answer::SignedOut => drop(doctor.sign_in().await),
            Answer::Silence => doctor.count_silence(),
        }
        doctor.count_retry();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("a save was not answered in time")
}

async fn send(doctor: &Doctor, chart: &Chart, text: &str, seen: i64, key: &str) -> Answer {
    let url = format!("{}/encounters/{}/note/sections/S", doctor.url, chart.encounter);
    let (seen, patient) = (seen.to_string(), chart.patient.to_string());
    let form = [("body", text), ("version", &seen), ("idempotency_key", key), ("patient_token", &patient)];
    let request = doctor.http().await.post(url).header(header::ACCEPT, "application/json").timeout(PATIENCE).form(&form);
    let Ok(answer) = request.send().await else { return Answer::Silence };
    match answer.status() {
        StatusCode::OK => answer.json::<Saved>().await.map_or(Answer::Silence, |saved| Answer::Saved(saved.version)),
        StatusCode::UNAUTHORIZED | StatusCode::LOCKED | StatusCode::SEE_OTHER => Answer::SignedOut,
        status if status.is_server_error() => Answer::Silence,
        status => Answer::Refused(status),
    }
}
