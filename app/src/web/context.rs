//! The outermost layer: gives every request an id, knows the peer, refuses cross-site writes, sets the security headers, counts
//! and logs by route pattern. Paths, queries and bodies are never logged: they may name a patient.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use tenancy::access::{RequestContext, network_contains};
use tenancy::{Clock, RequestMeta, versioned::new_id};

use crate::error::AppError;
use crate::telemetry::Metrics;

/// What the layer needs to know about the deployment.
#[derive(Clone)]
pub struct Deployment {
    pub public_url: String,
    pub is_https: bool,
    /// The same in every process of a deployment and known to none outside.
    pub decoy_key: String,
    pub trusted_proxy: Option<String>,
    pub clock: Clock,
}

const SECURITY_HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; frame-src 'self'; object-src 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
];

pub async fn layer(req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let deployment = req.app_data::<web::Data<Deployment>>().cloned().ok_or_else(|| AppError::internal("no deployment"))?;
    let ip = peer(&req, deployment.trusted_proxy.as_deref());
    let request_id = new_id(deployment.clock.now());
    let meta = RequestMeta { request_id, source_ip: ip.map_or_else(|| "unknown".into(), |ip| ip.to_canonical().to_string()) };
    req.extensions_mut().insert(RequestContext { meta, ip });
    let cross_site = is_cross_site_write(&req, &deployment.public_url);
    let method = req.method().clone();
    let mut res =
        if cross_site { req.into_response(refuse_cross_site()).map_into_right_body() } else { next.call(req).await?.map_into_left_body() };

    let pattern = res.request().match_pattern().unwrap_or_else(|| "unmatched".into());
    let elapsed = started.elapsed();
    if let Some(metrics) = res.request().app_data::<web::Data<Metrics>>() {
        metrics.observe(&method, &pattern, res.status(), elapsed);
    }
    tracing::info!(request.id = %request_id, http.method = %method, http.route = pattern, http.status = res.status().as_u16(), ms = elapsed.as_secs_f64() * 1000.0, "request");
    let headers = res.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        // An uploaded file comes with a policy of its own, narrower than a page's.
        if !headers.contains_key(name) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    // Only on answers to signed-in people: elsewhere the time of an answer could tell who exists.
    let is_private = headers.contains_key("server-timing");
    if is_private && let Ok(value) = HeaderValue::from_str(&format!("app;dur={:.1}", elapsed.as_secs_f64() * 1000.0)) {
        headers.append(HeaderName::from_static("server-timing"), value);
    }
    Ok(res)
}

/// The address the clinic's allow-list is about: the peer, or what a trusted proxy says was its peer.
fn peer(req: &ServiceRequest, trusted_proxy: Option<&str>) -> Option<IpAddr> {
    let peer = req.peer_addr().map(|a| a.ip());
    let (Some(direct), Some(proxy)) = (peer, trusted_proxy) else { return peer };
    if network_contains(proxy, direct.to_canonical()) != Some(true) {
        return peer;
    }
    let forwarded = req.headers().get("x-forwarded-for").and_then(|v| v.to_str().ok());
    forwarded.and_then(|v| v.rsplit(',').next()).and_then(|v| v.trim().parse().ok()).or(peer)
}

/// A browser names the origin of a write. Ours, or none at all (command-line tools have no victim to ride on).
fn is_cross_site_write(req: &ServiceRequest, public_url: &str) -> bool {
    if matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    if let Some(site) = req.headers().get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = req.headers().get(header::ORIGIN).and_then(|v| v.to_str().ok()) else { return false };
    let host = req.connection_info().host().to_owned();
    origin != public_url && origin.split_once("://").map(|(_, h)| h) != Some(host.as_str())
}

fn refuse_cross_site() -> actix_web::HttpResponse {
    actix_web::HttpResponse::build(StatusCode::FORBIDDEN)
        .content_type("text/plain; charset=utf-8")
        .body("別のサイトから送られた操作は受け付けません。つむぎの画面からやり直してください。")
}
