//! What a service offers the outbox: a way to send, a way to look whether something arrived, and what to do with the answer.

use async_trait::async_trait;
use domain::outbox::{Errand, Service, Trouble};
use domain::{EncounterId, MessageId, PatientId, TenantId};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::outcome::Outcome;

/// A message as its driver sees it.
#[derive(Clone)]
pub struct Message {
    pub tenant_id: TenantId,
    pub id: MessageId,
    pub errand: Errand,
    /// The record it concerns: a prescription, a visit.
    pub lane: Uuid,
    /// The sender's own name of this act, for partners that know idempotency.
    pub key: String,
    pub patient_id: Option<PatientId>,
    pub encounter_id: Option<EncounterId>,
    pub payload: Vec<u8>,
    pub attempts: u32,
    /// What [`Driver::prepare`] found: addresses, credentials. Never stored.
    pub prepared: Vec<u8>,
}

/// One exchange with the bytes of both sides as they went over the wire; they are kept sealed.
#[derive(Clone)]
pub struct Exchange {
    pub outcome: Outcome,
    pub sent: Vec<u8>,
    pub received: Vec<u8>,
}

impl From<Outcome> for Exchange {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, sent: Vec::new(), received: Vec::new() }
    }
}

/// What [`Driver::settled`] is told, in the transaction that settles the message.
pub enum Ending<'a> {
    Done(&'a [u8]),
    Refused {
        code: &'a str,
        said: &'a str,
    },
    /// It needs a person now: nothing more is tried.
    GivenUp,
}

#[async_trait]
pub trait Driver: Send + Sync {
    fn service(&self) -> Service;

    /// What only the clinic's transaction knows, such as the address of its receipt computer. An error counts as a failed attempt.
    async fn prepare(&self, _tx: &TenantTx, _message: &Message) -> Result<Vec<u8>, Error> {
        Ok(Vec::new())
    }

    async fn send(&self, message: &Message) -> Exchange;

    /// An earlier attempt may have arrived: ask. A partner that takes the same key twice as one needs no look.
    async fn look(&self, _message: &Message) -> Exchange {
        Outcome::Absent.into()
    }

    /// Writes what the answer means. An error leaves the message open and counts as an unreadable answer.
    async fn settled(&self, _tx: &TenantTx, _message: &Message, _ending: Ending<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// After the commit: tell open pages.
    async fn told(&self, _message: &Message) {}

    /// Messages go straight to the service, not through a machine of the clinic.
    fn is_direct(&self) -> bool {
        true
    }

    /// A cheap question that shows whether the service is there; none where there is no such question.
    async fn probe(&self) -> Option<Result<(), Trouble>> {
        None
    }
}
