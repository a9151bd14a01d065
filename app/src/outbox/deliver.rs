//! The worker's part: takes what is due, one exchange at a time per message, and notes what came of it. A partner that keeps one
//! message waiting holds up no other.
//!
//! Taking and noting are two transactions with the exchange between them, so no connection is held while a partner thinks. A process
//! that dies in between leaves the message marked as sending; when its time is over another worker looks before it sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::outbox::{Attempt, Delivery, Service, Task, Trouble};
use domain::{EncounterId, MessageId, PatientId, TenantId};
use futures_util::StreamExt;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use tenancy::duties::{self, DueMessage};
use tenancy::operator::Operator;
use tenancy::standing;
use tenancy::{Act, Audit, Error, InfoClass, Outcome as AuditOutcome, TenantTx};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::driver::{Driver, Ending, Exchange, Message};
use super::entity::{exchange, message};
use super::outcome::Outcome;
use super::store;
use crate::telemetry::Metrics;

/// Messages one worker has on their way; none of them holds a connection meanwhile.
const AT_ONCE: usize = 32;
/// How soon what became due is seen while others are on their way.
const LOOK_EVERY: Duration = Duration::from_millis(300);
const ROUND: i64 = 64;
const SAID_MAX: usize = 400;
/// A message behind another of its lane is looked at again after this long.
const BEHIND: TimeDelta = TimeDelta::seconds(2);
/// Sealed bytes of an exchange are not larger than any real message.
const RAW_MAX: usize = 4 * 1024 * 1024;

/// One worker's hands.
#[derive(Clone)]
pub struct Postman {
    operator: Operator,
    drivers: Vec<Arc<dyn Driver>>,
    metrics: Metrics,
    id: Uuid,
    only: Option<TenantId>,
}

impl Postman {
    pub fn new(operator: Operator, drivers: Vec<Arc<dyn Driver>>, metrics: Metrics, id: Uuid) -> Self {
        Self { operator, drivers, metrics, id, only: None }
    }

    /// Works for one clinic only.
    #[must_use]
    pub fn only(mut self, clinic: TenantId) -> Self {
        self.only = Some(clinic);
        self
    }

    pub fn drivers(&self) -> &[Arc<dyn Driver>] {
        &self.drivers
    }

    /// Delivers what is due and what becomes due meanwhile, until there is nothing left to do, or, when it is over, to finish.
    pub async fn work(&self, is_over: impl Fn() -> bool) -> Result<(), Error> {
        let (mut underway, mut verdict) = (JoinSet::new(), Ok(()));
        loop {
            if verdict.is_ok() && !is_over() {
                verdict = self.begin(&mut underway).await;
            }
            if underway.is_empty() {
                return verdict;
            }
            let carried = tokio::time::timeout(LOOK_EVERY, underway.join_next()).await;
            if let Ok(Some(carried)) = carried {
                verdict = verdict.and(carried.map_err(Error::internal).flatten().map(drop));
            }
        }
    }

    /// As many as there are free hands.
    async fn begin(&self, underway: &mut JoinSet<Result<bool, Error>>) -> Result<(), Error> {
        let free = AT_ONCE.saturating_sub(underway.len());
        if free == 0 {
            return Ok(());
        }
        for due in duties::due_messages(&self.operator, &self.services(), self.only, i64::try_from(free).unwrap_or(ROUND)).await? {
            if let Some((message, task)) = self.claim(due).await? {
                let postman = self.clone();
                underway.spawn(async move { postman.carry(message, task).await });
            }
        }
        Ok(())
    }

    fn services(&self) -> Vec<&'static str> {
        self.drivers.iter().map(|driver| driver.service().code()).collect()
    }

    /// Delivers everything due now; how many messages were taken.
    pub async fn round(&self) -> Result<usize, Error> {
        let due = duties::due_messages(&self.operator, &self.services(), self.only, ROUND).await?;
        let taken = futures_util::stream::iter(due).map(|due| self.deliver(due)).buffer_unordered(AT_ONCE);
        let taken: Vec<Result<bool, Error>> = taken.collect().await;
        let mut count = 0;
        for result in taken {
            count += usize::from(result?);
        }
        Ok(count)
    }

    async fn deliver(&self, due: DueMessage) -> Result<bool, Error> {
        match self.claim(due).await? {
            Some((message, task)) => self.carry(message, task).await,
            None => Ok(false),
        }
    }

    async fn carry(&self, mut message: Message, task: Task) -> Result<bool, Error> {
        let Some(driver) = self.driver(message.errand.service()) else { return Ok(false) };
        let (started_at, started) = (self.operator.clock().now(), Instant::now());
        let exchange = match self.prepare(driver.as_ref(), &message).await {
            Ok(prepared) => {
                message.prepared = prepared;
                exchanged(driver.as_ref(), &message, task).await
            }
            Err(error) => {
                tracing::warn!(service = driver.service().code(), %error, "a message could not be prepared");
                Outcome::Retry(Trouble::Unprepared).into()
            }
        };
        self.metrics.outbox_attempts.with_label_values(&[driver.service().code(), message.errand.code(), exchange.outcome.code()]).inc();
        if task == Task::Send || exchange.outcome.trouble().is_some() {
            self.observe(driver.service(), message.tenant_id, exchange.outcome.trouble()).await?;
        }
        let record = Record { task, started_at, elapsed: started.elapsed() };
        self.note(driver.as_ref(), &message, exchange, record).await?;
        driver.told(&message).await;
        Ok(true)
    }

    /// What is known of the partner, for the chips on every page. Our own failures say nothing about it.
    async fn observe(&self, service: Service, clinic: TenantId, trouble: Option<Trouble>) -> Result<(), Error> {
        if trouble.is_some_and(|trouble| !trouble.is_the_partners()) {
            return Ok(());
        }
        if let Some(state) = standing::observe(&self.operator, service, clinic, trouble.is_none()).await? {
            tracing::warn!(service = service.code(), state = state.code(), "a partner stands differently");
        }
        Ok(())
    }

    /// Asks each national service whether it is there.
    pub async fn probe(&self) -> Result<(), Error> {
        for driver in self.drivers.iter().filter(|driver| !driver.service().is_per_clinic()) {
            let Some(answer) = driver.probe().await else { continue };
            self.observe(driver.service(), TenantId::new(Uuid::nil()), answer.err()).await?;
        }
        Ok(())
    }

    fn driver(&self, service: Service) -> Option<&Arc<dyn Driver>> {
        self.drivers.iter().find(|driver| driver.service() == service)
    }

    async fn claim(&self, due: DueMessage) -> Result<Option<(Message, Task)>, Error> {
        let tx = self.operator.begin(due.tenant_id).await?;
        let mut row = store::lock(&tx, MessageId::new(due.message_id)).await?;
        let (mut parcel, pace) = (row.parcel()?, row.service()?.pace());
        if !parcel.is_due(tx.now()) {
            return Ok(None);
        }
        if let Some(earlier) = store::ahead_of(&tx, &row).await? {
            // One that is being sent is done in a moment; one that waits is not overtaken before its own time.
            let soon = tx.now() + BEHIND;
            row.next_attempt_at = if earlier.holder.is_some() { soon } else { soon.max(earlier.next_attempt_at) };
            store::save(&tx, row).await?;
            tx.commit(Audit::of(Act::Send, InfoClass::Delivery).entity("outbox_message", due.message_id).detail("step", "behind")).await?;
            return Ok(None);
        }
        let Some(task) = parcel.claim(self.id, tx.now(), &pace) else { return Ok(None) };
        let now = tx.now();
        row.turn(&parcel, now);
        let message = opened(&tx, &row).await?;
        let row = store::save(&tx, row).await?;
        tx.commit(audit(&row).detail("step", "taken").detail("attempt", row.attempts)).await?;
        Ok(Some((message, task)))
    }

    /// In a transaction of its own: a failing lookup must not undo the claim.
    async fn prepare(&self, driver: &dyn Driver, message: &Message) -> Result<Vec<u8>, Error> {
        let tx = self.operator.begin(message.tenant_id).await?;
        driver.prepare(&tx, message).await
    }

    /// Notes the exchange; when the slice cannot use the answer, the answer counts as unreadable.
    async fn note(&self, driver: &dyn Driver, message: &Message, exchange: Exchange, record: Record) -> Result<(), Error> {
        match self.settle(driver, message, &exchange, &record).await {
            Ok(()) => Ok(()),
            // Nothing can be noted now: the message is found again when its time is over.
            Err(error @ (Error::Unavailable(_) | Error::ReadOnly)) => Err(error),
            Err(error) => {
                tracing::error!(service = driver.service().code(), %error, "an answer could not be used");
                let unusable = Exchange { outcome: Outcome::Unknown(Trouble::Unreadable), ..exchange };
                self.settle(driver, message, &unusable, &record).await
            }
        }
    }

    async fn settle(&self, driver: &dyn Driver, message: &Message, exchange: &Exchange, record: &Record) -> Result<(), Error> {
        let tx = self.operator.begin(message.tenant_id).await?;
        let mut row = store::lock(&tx, message.id).await?;
        let (mut parcel, now) = (row.parcel()?, tx.now());
        keep(&tx, message, exchange, record).await?;
        let attempt = exchange.outcome.attempt();
        let salt = message.id.as_uuid().as_u64_pair().1;
        if parcel.settle(self.id, attempt, now, &driver.service().pace(), salt).is_err() {
            // Taken back meanwhile, or this worker was away too long: the exchange is kept, the message goes on without it.
            tx.commit(audit(&row).detail("step", "late").detail("outcome", exchange.outcome.code())).await?;
            return Ok(());
        }
        row.turn(&parcel, now);
        (row.code, row.said) = said(&exchange.outcome);
        let ending = match (&exchange.outcome, parcel.state) {
            (Outcome::Done(reply), _) => Some(Ending::Done(reply)),
            (Outcome::Refused { code, said }, _) => Some(Ending::Refused { code, said }),
            (_, Delivery::GivenUp) => Some(Ending::GivenUp),
            _ => None,
        };
        if let Some(ending) = ending {
            driver.settled(&tx, message, ending).await?;
        }
        let row = store::save(&tx, row).await?;
        let good = matches!(attempt, Attempt::Done | Attempt::Absent);
        let entry = audit(&row).detail("step", "answered").detail("state", row.state.as_str());
        tx.commit(if good { entry } else { entry.outcome(AuditOutcome::Failure) }).await.map(drop)
    }
}

struct Record {
    task: Task,
    started_at: DateTime<Utc>,
    elapsed: Duration,
}

async fn exchanged(driver: &dyn Driver, message: &Message, task: Task) -> Exchange {
    let deadline = driver.service().pace().deadline.to_std().unwrap_or_default();
    let exchange = async {
        match task {
            Task::Send => driver.send(message).await,
            Task::Look => driver.look(message).await,
        }
    };
    tokio::time::timeout(deadline, exchange).await.unwrap_or_else(|_| Outcome::Unknown(Trouble::Timeout).into())
}

async fn opened(tx: &TenantTx, row: &message::Model) -> Result<Message, Error> {
    Ok(Message {
        tenant_id: tx.tenant_id(),
        id: MessageId::new(row.id),
        errand: row.errand()?,
        lane: row.lane,
        key: row.key.clone(),
        patient_id: row.patient_id.map(PatientId::new),
        encounter_id: row.encounter_id.map(EncounterId::new),
        payload: store::payload(tx, row).await?,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        prepared: Vec::new(),
    })
}

/// The bytes of both sides, sealed, insert-only.
async fn keep(tx: &TenantTx, message: &Message, exchange: &Exchange, record: &Record) -> Result<(), Error> {
    let bounded = |bytes: &[u8]| bytes[..bytes.len().min(RAW_MAX)].to_vec();
    let row = exchange::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        message_id: message.id.as_uuid(),
        attempt: i32::try_from(message.attempts).unwrap_or(i32::MAX),
        task: if record.task == Task::Look { "look" } else { "send" }.to_owned(),
        outcome: exchange.outcome.code().to_owned(),
        started_at: record.started_at,
        elapsed_ms: i32::try_from(record.elapsed.as_millis()).unwrap_or(i32::MAX),
        sent: tx.seal("outbox.sent", &bounded(&exchange.sent)).await?,
        received: tx.seal("outbox.received", &bounded(&exchange.received)).await?,
    };
    exchange::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// What the line of the worklist will say.
fn said(outcome: &Outcome) -> (String, String) {
    match outcome {
        Outcome::Refused { code, said } => (short(code, 40), short(said, SAID_MAX)),
        Outcome::Retry(trouble) | Outcome::Unknown(trouble) => (trouble.code().to_owned(), String::new()),
        Outcome::Done(_) | Outcome::Absent => Default::default(),
    }
}

fn short(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

fn audit(row: &message::Model) -> Audit {
    Audit::of(Act::Send, InfoClass::Delivery)
        .subjects(row.patient_id.map(PatientId::new))
        .entity("outbox_message", row.id)
        .detail("errand", row.errand.as_str())
}
