//! Probes: is the process alive, and can it do its work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
use tenancy::Gate;

/// Set once the process has been asked to stop, so that the balancer looks elsewhere before the door closes.
#[derive(Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

pub fn routes(r: &mut crate::web::Routes) {
    r.public_get("/healthz", alive, "probe: the process answers");
    r.public_get("/readyz", ready, "probe: the dependencies answer");
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

async fn ready(gate: web::Data<Gate>, draining: web::Data<Draining>) -> HttpResponse {
    if draining.has_begun() {
        return HttpResponse::ServiceUnavailable().body("draining\n");
    }
    let (database, sessions) = futures_util::future::join(gate.pool().ping(), gate.sessions().ping()).await;
    let word = |up: bool| if up { "ok" } else { "down" };
    let body = format!("database {}\nredis {}\n", word(database.is_ok()), word(sessions.is_ok()));
    if database.is_ok() && sessions.is_ok() { HttpResponse::Ok().body(body) } else { HttpResponse::ServiceUnavailable().body(body) }
}
