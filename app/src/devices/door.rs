//! The relay's door: small answers, no page. A relay forgets a file only after an answer from here.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use domain::DeviceRequestId;
use domain::outbox::Trouble;
use serde_json::json;
use tenancy::{Act, Audit, DeviceAccess, Error, InfoClass, Outcome};

use super::arrivals::{self, Brought, Folder, REFUSED};
use super::{line, requests};
use crate::adapters::eligibility::ReaderFile;
use crate::error::AppError;
use crate::live::{Live, Topic};
use crate::outbox;
use crate::web::Json;

/// Larger than any answer of the national services; a relay puts longer files aside.
const FILE_MAX: usize = 8 * 1024 * 1024;
const NAME_MAX: usize = 255;
const TRIES: usize = 3;
/// How long the line is held when there is nothing to fetch.
const HELD: Duration = Duration::from_secs(25);

/// One file of `res` or `face`. The same folder, name and content again is answered as the first time.
pub async fn bring(device: DeviceAccess, req: HttpRequest, body: web::Payload, live: web::Data<Live>) -> Result<Json, AppError> {
    let bytes = body.to_bytes_limited(FILE_MAX).await.map_err(|_| AppError::TooLarge)?.map_err(|_| unreadable())?;
    let brought = read(&device, &req, bytes.to_vec())?;
    for _ in 0..TRIES {
        let tx = device.begin().await?;
        match arrivals::take(&tx, &brought).await {
            Ok(verdict) => {
                let audit = Audit::of(Act::Import, InfoClass::Coverage)
                    .entity("device", device.device_id())
                    .detail("folder", brought.folder.code())
                    .detail("reason", verdict.reason)
                    .outcome(if verdict.state == REFUSED { Outcome::Refused } else { Outcome::Success });
                let answer = Json::of(tx.commit(audit).await?, StatusCode::OK, &[], &json!({ "state": verdict.state }))?;
                live.announce(device.tenant_id(), Topic::Board);
                return Ok(answer);
            }
            // The same file over another connection; it is found the next time.
            Err(Error::Duplicate { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("the same file at the same time".into()))
}

/// What waits for this clinic's `req`. Nothing is handed out here: a relay asks for leave before it writes.
pub async fn requests(device: DeviceAccess, live: web::Data<Live>) -> Result<HttpResponse, AppError> {
    let mut listener = live.listen(device.tenant_id(), device.device_id());
    if device.is_back {
        let tx = device.begin().await?;
        outbox::store::hurry(&tx, Trouble::Terminal).await?;
        tx.commit(Audit::of(Act::Send, InfoClass::Delivery).entity("device", device.device_id()).detail("step", "back")).await?;
    }
    let end = tokio::time::Instant::now() + HELD;
    loop {
        let offered = requests::offered(&device.begin().await?).await?;
        if !offered.is_empty() || tokio::time::Instant::now() >= end {
            let list: Vec<_> = offered
                .into_iter()
                .map(|(id, name, bytes)| json!({ "id": id, "name": name, "content": BASE64_STANDARD.encode(bytes) }))
                .collect();
            return Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(list));
        }
        line::word(&mut listener).await;
    }
}

/// 200 means: write it now. 409 means: its time is over, do not.
pub async fn receipt(device: DeviceAccess, path: web::Path<DeviceRequestId>) -> Result<Json, AppError> {
    let tx = device.begin().await?;
    if !requests::leave(&tx, *path, device.device_id()).await? {
        return Err(AppError::Conflict);
    }
    let audit = Audit::of(Act::Send, InfoClass::Delivery).entity("device_request", *path).detail("step", "fetched");
    Json::of(tx.commit(audit).await?, StatusCode::OK, &[], &json!({ "write": true }))
}

/// The name travels in a header: addresses are logged by others.
fn read(device: &DeviceAccess, req: &HttpRequest, bytes: Vec<u8>) -> Result<Brought, AppError> {
    let header = |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let folder = Folder::find(header("x-relay-folder")).ok_or_else(unreadable)?;
    let name = BASE64_URL_SAFE_NO_PAD.decode(header("x-relay-name")).ok().and_then(|name| String::from_utf8(name).ok());
    let name =
        name.filter(|name| !name.is_empty() && name.len() <= NAME_MAX && !name.chars().any(char::is_control)).ok_or_else(unreadable)?;
    let digest = arrivals::digest(&bytes);
    if hex::encode(digest) != header("x-relay-sha256") {
        return Err(AppError::Invalid("the content does not match its digest".into()));
    }
    Ok(Brought { device_id: device.device_id(), folder, file: ReaderFile { name, bytes }, digest })
}

fn unreadable() -> AppError {
    AppError::Invalid("folder, name or content cannot be read".into())
}
