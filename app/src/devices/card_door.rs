//! The door for a card in a relay's reader: what it is to sign comes out, what it signed goes in. Only digests cross here.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tenancy::{Act, Audit, DeviceAccess, InfoClass, Outcome};
use uuid::Uuid;

use super::line;
use crate::adapters::eprescription::CardDesk;
use crate::adapters::eprescription::card::{Done, Job};
use crate::error::AppError;
use crate::live::Live;
use crate::web::Json;

/// How long the line is held while nothing is to be signed.
const HELD: Duration = Duration::from_secs(15);
const CERTIFICATES: usize = 4;
const CERTIFICATE_MAX: usize = 8 * 1024;
/// A signature of the longest key there is, in base64.
const SIGNATURE_MAX: usize = 2048;

#[derive(Debug, Deserialize)]
pub struct Shown {
    certificates: Vec<String>,
}

/// These certificates are in a reader: what is to be done with one of them, or nothing within a while.
pub async fn card(
    device: DeviceAccess,
    shown: web::Json<Shown>,
    desk: web::Data<CardDesk>,
    live: web::Data<Live>,
) -> Result<HttpResponse, AppError> {
    let mut listener = live.listen(device.tenant_id(), device.device_id());
    let (clinic, end) = (device.tenant_id(), tokio::time::Instant::now() + HELD);
    let mut fingerprints = Vec::new();
    for certificate in shown.certificates.iter().take(CERTIFICATES) {
        let der = BASE64_STANDARD.decode(certificate).ok().filter(|der| !der.is_empty() && der.len() <= CERTIFICATE_MAX);
        fingerprints.push(desk.see(clinic, &der.ok_or_else(|| AppError::Invalid("the certificate cannot be read".into()))?).await?);
    }
    loop {
        for fingerprint in &fingerprints {
            if let Some(Job { id, errand, content }) = desk.job(clinic, fingerprint).await? {
                let job = json!({ "id": id, "errand": errand, "content": content, "fingerprint": fingerprint });
                return Ok(answer(&json!({ "job": job })));
            }
        }
        if tokio::time::Instant::now() >= end {
            return Ok(answer(&json!({ "job": null })));
        }
        line::word(&mut listener).await;
    }
}

fn answer(body: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(body)
}

/// What the card made of a job.
pub async fn done(device: DeviceAccess, path: web::Path<Uuid>, done: web::Json<Done>, desk: web::Data<CardDesk>) -> Result<Json, AppError> {
    if done.signature.len() > SIGNATURE_MAX || done.refusal.len() > 20 {
        return Err(AppError::Invalid("the answer is too long".into()));
    }
    desk.done(device.tenant_id(), *path, &done).await?;
    let outcome = if done.refusal.is_empty() { Outcome::Success } else { Outcome::Refused };
    let audit = Audit::of(Act::Sign, InfoClass::Account).entity("device", device.device_id()).detail("card", true).outcome(outcome);
    Json::of(device.begin().await?.commit(audit).await?, StatusCode::OK, &[], &json!({ "taken": true }))
}
