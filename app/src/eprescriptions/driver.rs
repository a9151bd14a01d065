//! Delivers registrations, withdrawals and questions to 電子処方箋管理サービス. A registration whose answer was lost is searched for by
//! our own name of it before anything is sent again, so that there is never a second one.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::outbox::{Errand, Service, Trouble};
use domain::prescription::registration::{RegistrationEvent, RegistrationStatus, Seen};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::acts::{self, About, Registering};
use super::entity::registration::Model;
use super::{check, store};
use crate::adapters::eprescription::Trace;
use crate::adapters::eprescription::message::{HEALTH, REGISTER, REVOKE, SEARCH, STATUS};
use crate::adapters::eprescription::reply::{self, Accepted, Answer, NotOurs, Standing};
use crate::adapters::national::NationalClient;
use crate::live::{Live, Topic};
use crate::outbox::{Driver, Ending, Exchange, Message, Outcome};

/// The service has this very document: an earlier attempt arrived.
const KNOWN_ALREADY: &str = "SIMD001E";
const WITHDRAWN_ALREADY: &str = "SIMS002E";
const AT_PHARMACY: &str = "SIMS003E";
/// What [`Driver::prepare`] says of a message nobody wants sent any more.
const NOT_WANTED: &[u8] = b"not wanted";

/// How a withdrawal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Revoked {
    /// Nothing stands there any more.
    Cleared,
    Taken(Accepted),
    Kept(Accepted, String, String),
}

pub struct PrescriptionDriver {
    way: NationalClient,
    live: Option<Live>,
}

impl PrescriptionDriver {
    pub fn new(way: NationalClient, live: Option<Live>) -> Self {
        Self { way, live }
    }

    /// One question and its answer; `Err` is how the attempt ended without one.
    pub(super) async fn ask(&self, path: &str, sent: Vec<u8>, name: &str) -> (Result<Answer, Outcome>, Vec<u8>, Vec<u8>) {
        match self.way.ask(path, sent.clone()).await {
            Err(none) => (Err(none.into()), sent, Vec::new()),
            Ok(received) => {
                let answer = reply::read(&received, name);
                (answer.map_err(|_: NotOurs| Outcome::Unknown(Trouble::Unreadable)), sent, received)
            }
        }
    }

    async fn register(&self, carried: &Registering) -> Exchange {
        let (answer, sent, received) = self.ask(REGISTER, carried.trace.registration(&carried.document), &carried.trace.identifier).await;
        let outcome = match answer {
            Err(outcome) => outcome,
            Ok(Answer::Refused { code, .. }) if code == KNOWN_ALREADY => Outcome::Unknown(Trouble::Unreadable),
            Ok(Answer::Refused { code, said }) => Outcome::Refused { code, said },
            Ok(Answer::Ok(root)) => reply::accepted(&root).map_or(Outcome::Unknown(Trouble::Unreadable), |numbers| done(&numbers)),
        };
        Exchange { outcome, sent, received }
    }

    /// Did it arrive?
    async fn search(&self, trace: &Trace, name: &str) -> (Result<Option<Accepted>, Outcome>, Vec<u8>, Vec<u8>) {
        let (answer, sent, received) = self.ask(SEARCH, trace.search(name), name).await;
        let found = answer.and_then(|answer| match answer {
            Answer::Ok(root) => Ok(reply::found(&root, &trace.identifier)),
            Answer::Refused { .. } => Err(Outcome::Unknown(Trouble::Unreadable)),
        });
        (found, sent, received)
    }

    async fn revoke(&self, about: &About, name: &str) -> Exchange {
        let known = about.register_id.clone().map(|register_id| Accepted { register_id, access_code: String::new() });
        let numbers = match known {
            Some(numbers) => numbers,
            None => match self.search(&about.trace, &format!("{name}-s")).await {
                (Ok(Some(numbers)), ..) => numbers,
                (Ok(None), sent, received) => return Exchange { outcome: done(&Revoked::Cleared), sent, received },
                (Err(outcome), sent, received) => return Exchange { outcome: harmless(outcome), sent, received },
            },
        };
        let (answer, sent, received) = self.ask(REVOKE, about.trace.about(name, &numbers.register_id), name).await;
        let outcome = match answer {
            Err(outcome) => outcome,
            Ok(Answer::Ok(_)) => done(&Revoked::Cleared),
            Ok(Answer::Refused { code, .. }) if code == WITHDRAWN_ALREADY => done(&Revoked::Cleared),
            Ok(Answer::Refused { code, .. }) if code == AT_PHARMACY => done(&Revoked::Taken(numbers)),
            Ok(Answer::Refused { code, said }) => done(&Revoked::Kept(numbers, code, said)),
        };
        Exchange { outcome, sent, received }
    }

    async fn status(&self, about: &About, name: &str) -> Exchange {
        let id = about.register_id.clone().unwrap_or_default();
        let (answer, sent, received) = self.ask(STATUS, about.trace.about(name, &id), name).await;
        let outcome = match answer {
            Err(outcome) => harmless(outcome),
            Ok(Answer::Refused { code, said }) => Outcome::Refused { code, said },
            Ok(Answer::Ok(root)) => reply::standing(&root).map_or(Outcome::Retry(Trouble::Unreadable), |standing| done(&standing)),
        };
        Exchange { outcome, sent, received }
    }
}

pub(super) fn done<T: Serialize>(value: &T) -> Outcome {
    serde_json::to_vec(value).map_or(Outcome::Unknown(Trouble::Unreadable), Outcome::Done)
}

/// Asking changes nothing there.
pub(super) fn harmless(outcome: Outcome) -> Outcome {
    if let Outcome::Unknown(trouble) = outcome { Outcome::Retry(trouble) } else { outcome }
}

pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(Error::internal)
}

/// A name for each attempt, so that no answer is taken for another's.
fn name_of(message: &Message) -> String {
    format!("{}-{}", message.id, message.attempts)
}

fn unreadable() -> Exchange {
    Outcome::Refused { code: "payload".into(), said: "送る内容を読み戻せません。".into() }.into()
}

#[async_trait]
impl Driver for PrescriptionDriver {
    fn service(&self) -> Service {
        Service::Prescription
    }

    /// A registration that was turned into paper meanwhile stays here, whoever presses 再送.
    async fn prepare(&self, tx: &TenantTx, message: &Message) -> Result<Vec<u8>, Error> {
        if message.errand != Errand::PrescriptionRegister {
            return Ok(Vec::new());
        }
        let row = store::find(tx, message.lane).await?.ok_or(Error::NotFound)?;
        let is_wanted = store::status(&row)?.can_become_paper();
        Ok(if is_wanted { Vec::new() } else { NOT_WANTED.to_vec() })
    }

    async fn send(&self, message: &Message) -> Exchange {
        if message.prepared == NOT_WANTED {
            return Outcome::Refused {
                code: "ended".into(), said: "紙へ切り替えたか取り消したため、送りませんでした。".into()
            }
            .into();
        }
        match message.errand {
            Errand::PrescriptionRegister => match read(&message.payload) {
                Ok(carried) => self.register(&carried).await,
                Err(_) => unreadable(),
            },
            Errand::DuplicateCheck => match read(&message.payload) {
                Ok(asking) => check::driver::check(self, &asking, &name_of(message)).await,
                Err(_) => unreadable(),
            },
            Errand::CheckPrefetch => match read(&message.payload) {
                Ok(trace) => check::driver::prefetch(self, &trace, &name_of(message)).await,
                Err(_) => unreadable(),
            },
            errand => match read(&message.payload) {
                Ok(about) if errand == Errand::PrescriptionRevoke => self.revoke(&about, &name_of(message)).await,
                Ok(about) => self.status(&about, &name_of(message)).await,
                Err(_) => unreadable(),
            },
        }
    }

    /// Withdrawing and asking may simply be repeated.
    async fn look(&self, message: &Message) -> Exchange {
        if message.errand != Errand::PrescriptionRegister {
            return Outcome::Absent.into();
        }
        let Ok(carried) = read::<Registering>(&message.payload) else { return unreadable() };
        let (found, sent, received) = self.search(&carried.trace, &name_of(message)).await;
        let outcome = found.map_or_else(|outcome| outcome, |found| found.map_or(Outcome::Absent, |numbers| done(&numbers)));
        Exchange { outcome, sent, received }
    }

    async fn settled(&self, tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
        match message.errand {
            Errand::PrescriptionRegister => registered(tx, message.lane, ending).await,
            Errand::PrescriptionRevoke => revoked(tx, message.lane, ending).await,
            Errand::DuplicateCheck => check::driver::settled(tx, message, ending).await,
            Errand::CheckPrefetch => Ok(()),
            _ => seen(tx, message, ending).await,
        }
    }

    async fn told(&self, message: &Message) {
        if let (Some(live), Some(encounter)) = (&self.live, message.encounter_id) {
            live.announce(message.tenant_id, Topic::Visit(encounter));
        }
    }

    async fn probe(&self) -> Option<Result<(), Trouble>> {
        Some(self.way.probe_at(HEALTH).await)
    }
}

async fn registered(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = store::lock(tx, id).await?;
    if !store::status(&row)?.can_become_paper() {
        return Ok(());
    }
    match ending {
        Ending::Done(bytes) => {
            acts::note_numbers(&mut row, &read(bytes)?);
            let row = turned(tx, row, RegistrationEvent::Accepted).await?;
            acts::ask(tx, &row, format!("rx/{id}/status/0"), true, Some(tx.now() + next_question(&row, tx.now()))).await
        }
        Ending::Refused { code, said } => {
            (row.service_code, row.service_said) = (code.to_owned(), said.to_owned());
            turned(tx, row, RegistrationEvent::TurnedDown).await.map(drop)
        }
        Ending::GivenUp => {
            row.service_code = "given_up".to_owned();
            store::remark(tx, row).await.map(drop)
        }
    }
}

async fn turned(tx: &TenantTx, row: Model, event: RegistrationEvent) -> Result<Model, Error> {
    store::turn(tx, row, event).await?.map_err(Error::internal)
}

async fn revoked(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = store::lock(tx, id).await?;
    if !matches!(store::status(&row)?, RegistrationStatus::ToPaper | RegistrationStatus::Withdrawing) {
        return Ok(());
    }
    let keeps = |row: &mut Model, numbers: &Accepted| {
        if row.register_id.is_empty() {
            acts::note_numbers(row, numbers);
        }
    };
    let event = match ending {
        Ending::Done(bytes) => match read(bytes)? {
            Revoked::Cleared => RegistrationEvent::Cleared,
            Revoked::Taken(numbers) => {
                keeps(&mut row, &numbers);
                row.service_code = AT_PHARMACY.to_owned();
                RegistrationEvent::Taken
            }
            Revoked::Kept(numbers, code, said) => {
                keeps(&mut row, &numbers);
                (row.service_code, row.service_said) = (code, said);
                RegistrationEvent::Kept
            }
        },
        Ending::Refused { .. } | Ending::GivenUp => {
            row.service_code = "given_up".to_owned();
            return store::remark(tx, row).await.map(drop);
        }
    };
    let row = turned(tx, row, event).await?;
    if store::status(&row)?.is_watched() {
        let key = format!("rx/{id}/status/after/{}", row.version);
        acts::ask(tx, &row, key, true, Some(tx.now() + next_question(&row, tx.now()))).await?;
    }
    Ok(())
}

/// What the service says is noted when it is news; the next question follows while a pharmacy may still do something.
async fn seen(tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
    let about: About = read(&message.payload)?;
    let mut row = store::lock(tx, about.prescription_id).await?;
    if !store::status(&row)?.is_watched() {
        return Ok(());
    }
    if let Ending::Done(bytes) = ending {
        let standing: Standing = read(bytes)?;
        let seen = standing.seen().ok_or_else(|| Error::internal("a state of the service this program does not know"))?;
        let is_news = store::status(&row)?.after(RegistrationEvent::Seen(seen)) != Ok(store::status(&row)?);
        if is_news || row.pharmacy_message != standing.message {
            (row.pharmacy_name, row.pharmacy_message) = (standing.pharmacy, standing.message);
            (row.service_code, row.service_said) = Default::default();
            if seen == Seen::Withdrawn {
                row.reason = "電子処方箋管理サービスで取り消されていました".to_owned();
            }
            row = turned(tx, row, RegistrationEvent::Seen(seen)).await?;
        }
    }
    let goes_on = about.goes_on && store::status(&row)?.is_watched() && domain::clock::today(tx.now()) <= row.usable_until;
    if goes_on {
        let key = format!("rx/{}/status/{}", row.id, message.id);
        acts::ask(tx, &row, key, true, Some(tx.now() + next_question(&row, tx.now()))).await?;
    }
    Ok(())
}

/// Most prescriptions are taken in within the hour; later it is enough to ask now and then.
fn next_question(row: &Model, now: DateTime<Utc>) -> TimeDelta {
    match now - row.recorded_at {
        age if age < TimeDelta::minutes(20) => TimeDelta::minutes(1),
        age if age < TimeDelta::hours(12) => TimeDelta::minutes(15),
        _ => TimeDelta::hours(3),
    }
}
