//! The outbox's driver for the receipt computer.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::EncounterId;
use domain::claim::ClaimEvent;
use domain::outbox::{Errand, Service, Trouble};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};

use super::{engine, pricing, store};
use crate::adapters::receipt::client::{Accepted, Connection, Priced, Talk};
use crate::adapters::receipt::content::ClaimContent;
use crate::outbox::{self, Driver, Ending, Exchange, Message, Outcome, Posting};

/// A person finishes the visit there first.
const READ_AFTER: TimeDelta = TimeDelta::seconds(20);

/// What is asked when prices are read back.
#[derive(Serialize, Deserialize)]
struct Question {
    number: String,
    day: String,
    department: String,
    version: i32,
}

/// For one question; a message may take several.
const PATIENCE: Duration = Duration::from_secs(8);

pub struct ReceiptDriver {
    http: reqwest::Client,
    patience: Duration,
}

impl ReceiptDriver {
    pub fn new() -> anyhow::Result<Self> {
        Self::patient_for(PATIENCE)
    }

    pub fn patient_for(patience: Duration) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        Ok(Self { http, patience })
    }
}

#[async_trait]
impl Driver for ReceiptDriver {
    fn service(&self) -> Service {
        Service::Receipt
    }

    async fn prepare(&self, tx: &TenantTx, message: &Message) -> Result<Vec<u8>, Error> {
        let engine = engine::find(tx).await?.filter(|engine| engine.is_on()).ok_or(Error::NotFound)?;
        let earlier = match message.encounter_id {
            Some(id) => store::find(tx, id).await?.map(|claim| claim.medical_uid).unwrap_or_default(),
            None => String::new(),
        };
        let other_uids = match (message.encounter_id, message.patient_id) {
            (Some(visit), Some(patient)) => store::other_uids(tx, visit, patient).await?,
            _ => vec![],
        };
        let connection = Connection {
            url: engine.url.clone(),
            user: engine.user_name.clone(),
            password: engine::password(tx, &engine).await?,
            earlier_uid: earlier,
            other_uids,
        };
        serde_json::to_vec(&connection).map_err(Error::internal)
    }

    async fn send(&self, message: &Message) -> Exchange {
        let Some((connection, talk)) = connection(message) else { return Outcome::Retry(Trouble::Unprepared).into() };
        match talk {
            Wish::Claim(content) => Talk::new(&self.http, &connection, self.patience).send(&content).await,
            Wish::Read(q) => Talk::new(&self.http, &connection, self.patience).read(&q.number, &q.day, &q.department).await,
        }
    }

    async fn look(&self, message: &Message) -> Exchange {
        let Some((connection, talk)) = connection(message) else { return Outcome::Retry(Trouble::Unprepared).into() };
        match talk {
            Wish::Claim(content) => Talk::new(&self.http, &connection, self.patience).look(&content).await,
            // Reading changes nothing: simply read again.
            Wish::Read(_) => Outcome::Absent.into(),
        }
    }

    async fn settled(&self, tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
        let Some(id) = message.encounter_id else { return Ok(()) };
        match (message.errand, ending) {
            (Errand::ClaimRead, Ending::Done(reply)) => {
                let priced: Priced = serde_json::from_slice(reply).map_err(Error::internal)?;
                pricing::take(tx, id, &priced).await
            }
            (Errand::ClaimRead, _) => Ok(()),
            (_, Ending::Done(reply)) => {
                let accepted: Accepted = serde_json::from_slice(reply).map_err(Error::internal)?;
                accept(tx, id, message, accepted).await
            }
            (_, Ending::Refused { code, said }) => remark(tx, id, code, said).await,
            (_, Ending::GivenUp) => remark(tx, id, "given_up", "レセコンから返事がないため、自動で送るのをやめました").await,
        }
    }
}

enum Wish {
    Claim(Box<ClaimContent>),
    Read(Question),
}

fn connection(message: &Message) -> Option<(Connection, Wish)> {
    let connection = serde_json::from_slice(&message.prepared).ok()?;
    let wish = match message.errand {
        Errand::ClaimRead => Wish::Read(serde_json::from_slice(&message.payload).ok()?),
        _ => Wish::Claim(serde_json::from_slice(&message.payload).ok()?),
    };
    Some((connection, wish))
}

/// The receipt computer keeps this version; its price is asked for later.
async fn accept(tx: &TenantTx, id: EncounterId, message: &Message, accepted: Accepted) -> Result<(), Error> {
    let content: ClaimContent = serde_json::from_slice(&message.payload).map_err(Error::internal)?;
    let mut claim = store::find(tx, id).await?.ok_or(Error::NotFound)?;
    let next = store::status_of(&claim)?.after(ClaimEvent::Accepted).map_err(Error::internal)?;
    claim.status = next.code().to_owned();
    claim.sent_version = content.version;
    claim.medical_uid = accepted.uid;
    claim.engine_code = String::new();
    claim.engine_said = accepted.remarks.join(" ").chars().take(200).collect();
    store::keep(tx, claim).await?;
    let question =
        Question { number: content.patient.number, day: content.performed_on, department: content.department, version: content.version };
    let payload = serde_json::to_vec(&question).map_err(Error::internal)?;
    let key = format!("claim-read:{id}:{}", content.version);
    let posting = Posting {
        errand: Errand::ClaimRead,
        // Reading must not hold up the next version of the visit.
        lane: message.id.as_uuid(),
        patient_id: message.patient_id,
        encounter_id: Some(id),
        payload: &payload,
        not_before: Some(tx.now() + READ_AFTER),
        key,
    };
    outbox::put(tx, posting).await.map(drop)
}

async fn remark(tx: &TenantTx, id: EncounterId, code: &str, said: &str) -> Result<(), Error> {
    let Some(mut claim) = store::find(tx, id).await? else { return Ok(()) };
    claim.engine_code = code.to_owned();
    claim.engine_said = said.to_owned();
    store::keep(tx, claim).await.map(drop)
}
