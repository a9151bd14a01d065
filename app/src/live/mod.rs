//! 自動更新: tells open pages of a clinic that something changed, by ids alone; each page then asks for what it shows.
//!
//! A commit that wrote a visit announces it by itself ([`Live::witness`]); acts that change what a row of the board shows without
//! writing the visit call [`Live::announce`]. Announcements travel over Redis pub/sub (`live:{clinic}`), each process listens once
//! and hands them to its open streams. Nothing is kept: a page that opens or comes back fetches everything once, and asks every
//! ten seconds while Redis is away. An announcement that is lost costs ten seconds, never a record.

mod hub;
mod redis;
mod stream;
mod topic;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::TenantId;
use tenancy::permission::EncounterRead;
use tenancy::{Access, Gate, Witness};
use tokio::sync::mpsc;

pub use hub::{Hub, Listener, Signal};
pub use topic::Topic;

use crate::error::AppError;
use crate::web::Routes;

/// Announcements waiting for Redis; more than these are dropped, and pages catch up by asking.
const WAITING: usize = 4_096;

/// One per process; clones share it.
#[derive(Clone)]
pub struct Live {
    waiting: mpsc::Sender<(TenantId, Topic)>,
    hub: Arc<Hub>,
}

impl Live {
    /// Starts the publisher and the one subscriber of this process. Redis may be away.
    pub fn start(url: &str) -> Result<Self, tenancy::Error> {
        let live = Self::publisher(url)?;
        tokio::spawn(redis::listen(redis::client(url)?, live.hub.clone()));
        Ok(live)
    }

    /// For processes without pages: announces, hears nothing.
    pub fn publisher(url: &str) -> Result<Self, tenancy::Error> {
        let (waiting, queue) = mpsc::channel(WAITING);
        tokio::spawn(redis::publish(redis::connection(url)?, queue));
        Ok(Self { waiting, hub: Arc::new(Hub::default()) })
    }

    /// Call after the commit. It never waits and never fails an act.
    pub fn announce(&self, tenant_id: TenantId, topic: Topic) {
        if self.waiting.try_send((tenant_id, topic)).is_err() {
            tracing::warn!("an announcement was dropped: too many are waiting");
        }
    }

    /// Announces every visit and booking a commit has written, so that no act can forget it.
    pub fn witness(&self) -> Witness {
        let live = self.clone();
        Witness::new(move |tenant_id, written| {
            for row in written.iter().filter(|row| row.kind == "encounter") {
                live.announce(tenant_id, Topic::Visit(domain::EncounterId::new(row.id)));
            }
            // Who is expected stands on the board, too.
            if written.iter().any(|row| row.kind == "appointment") {
                live.announce(tenant_id, Topic::Board);
            }
        })
    }

    /// Ends every open stream, so that a process can stop; the browsers turn to another one.
    pub fn close(&self) {
        self.hub.close();
    }
}

impl Live {
    /// Hears what is announced for one clinic, on behalf of one of its machines.
    pub fn listen(&self, tenant_id: TenantId, device: domain::DeviceId) -> Option<Listener> {
        self.hub.listen(tenant_id, domain::StaffId::new(device.as_uuid()))
    }
}

pub fn routes(r: &mut Routes) {
    r.get("/live", listen);
}

/// The stream of one browser: `visit` with an id, `board`, `away` and `back` as Redis goes and comes, `bye` with the session's end.
async fn listen(
    access: Access<EncounterRead>,
    req: HttpRequest,
    gate: web::Data<Gate>,
    live: web::Data<Live>,
) -> Result<HttpResponse, AppError> {
    let principal = access.principal();
    let listener = live.hub.listen(principal.tenant_id, principal.staff_id).ok_or_else(|| AppError::Unavailable("open streams".into()))?;
    stream::respond(&req, gate.sessions().clone(), listener)
}
