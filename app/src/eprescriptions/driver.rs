//! Delivers registrations, withdrawals and questions to 電子処方箋管理サービス. A registration whose answer was lost is searched for by
//! our own name of it before anything is sent again, so that there is never a second one.

use async_trait::async_trait;
use domain::outbox::{Errand, Service, Trouble};
use domain::prescription::registration::Seen;
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};

use super::acts::About;
use super::check;
use super::registering::Registering;
use super::settling::{registered, restored, reverted, revoked, seen};
use super::store;
use crate::adapters::eprescription::Trace;
use crate::adapters::eprescription::message::{CHANGE, CHANGE_UNDO, HEALTH, REGISTER, REVOKE, REVOKE_UNDO, SEARCH, STATUS};
use crate::adapters::eprescription::reply::{self, Accepted, Answer, NotOurs};
use crate::adapters::national_way::NationalWay;
use crate::inside_prescriptions::driver as inside;
use crate::live::{Live, Topic};
use crate::outbox::{Driver, Ending, Exchange, Message, Outcome};

/// The service has this very document: an earlier attempt arrived.
pub const KNOWN_ALREADY: &str = "SIMD001E";
pub const WITHDRAWN_ALREADY: &str = "SIMS002E";
pub(super) const AT_PHARMACY: &str = "SIMS003E";
const STANDS_ALREADY: &str = "SIMS004E";
const REVERTED_ALREADY: &str = "SIMS007E";
/// What [`Driver::prepare`] says of a message nobody wants sent any more.
const NOT_WANTED: &[u8] = b"not wanted";

/// How a withdrawal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Revoked {
    /// Nothing stands there any more.
    Cleared,
    Taken(Accepted),
    Kept(Accepted, String, String),
}

pub struct PrescriptionDriver {
    way: NationalWay,
    live: Option<Live>,
}

impl PrescriptionDriver {
    pub fn new(way: impl Into<NationalWay>, live: Option<Live>) -> Self {
        Self { way: way.into(), live }
    }

    /// For the questions of one message.
    fn of(&self, message: &Message) -> Self {
        Self { way: self.way.of(message), live: None }
    }

    /// One question and its answer; `Err` is how the attempt ended without one.
    pub async fn ask(&self, path: &str, sent: Vec<u8>, name: &str) -> (Result<Answer, Outcome>, Vec<u8>, Vec<u8>) {
        match self.way.ask(path, name, &sent).await {
            Err(outcome) => (Err(outcome), sent, Vec::new()),
            Ok(received) => {
                let answer = reply::read(&received, name);
                (answer.map_err(|_: NotOurs| Outcome::Unknown(Trouble::Unreadable)), sent, received)
            }
        }
    }

    async fn register(&self, carried: &Registering) -> Exchange {
        let (path, message) = match &carried.replaces {
            Some(old) => (CHANGE, carried.trace.change(&carried.document, old, carried.is_on_paper)),
            None => (REGISTER, carried.trace.registration(&carried.document, carried.is_on_paper)),
        };
        let (answer, sent, received) = self.ask(path, message, &carried.trace.identifier).await;
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

    /// 取消UNDO and 変更UNDO may be repeated: what is undone already is done.
    async fn undo(&self, path: &str, about: &About, name: &str, done_already: &str) -> Exchange {
        let id = about.register_id.clone().unwrap_or_default();
        let (answer, sent, received) = self.ask(path, about.trace.about(name, &id), name).await;
        let outcome = match answer {
            Err(outcome) => outcome,
            Ok(Answer::Refused { code, .. }) if code == done_already => Outcome::Done(Vec::new()),
            Ok(Answer::Refused { code, said }) => Outcome::Refused { code, said },
            Ok(Answer::Ok(_)) => Outcome::Done(Vec::new()),
        };
        Exchange { outcome, sent, received }
    }

    /// A 取消 that is undone stands again; of a change that is undone the new one is dead.
    async fn look_undone(&self, about: &About, name: &str, ends_dead: bool) -> Exchange {
        let id = about.register_id.clone().unwrap_or_default();
        let (answer, sent, received) = self.ask(STATUS, about.trace.about(name, &id), name).await;
        let outcome = match answer {
            Err(outcome) => outcome,
            Ok(Answer::Refused { .. }) => Outcome::Unknown(Trouble::Unreadable),
            Ok(Answer::Ok(root)) => match reply::standing(&root).and_then(|standing| standing.seen()) {
                None => Outcome::Unknown(Trouble::Unreadable),
                Some(seen) if (seen == Seen::Withdrawn) == ends_dead => Outcome::Done(Vec::new()),
                Some(_) => Outcome::Absent,
            },
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

pub fn done<T: Serialize>(value: &T) -> Outcome {
    serde_json::to_vec(value).map_or(Outcome::Unknown(Trouble::Unreadable), Outcome::Done)
}

/// Asking changes nothing there.
pub fn harmless(outcome: Outcome) -> Outcome {
    if let Outcome::Unknown(trouble) = outcome { Outcome::Retry(trouble) } else { outcome }
}

pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(Error::internal)
}

/// A name for each attempt, so that no answer is taken for another's.
fn name_of(message: &Message) -> String {
    format!("{}-{}", message.id, message.attempts)
}

pub fn unreadable() -> Exchange {
    Outcome::Refused { code: "payload".into(), said: "送る内容を読み戻せません。".into() }.into()
}

#[async_trait]
impl Driver for PrescriptionDriver {
    fn service(&self) -> Service {
        Service::Prescription
    }

    /// A registration that was turned into paper meanwhile stays here, whoever presses 再送.
    async fn prepare(&self, tx: &TenantTx, message: &Message) -> Result<Vec<u8>, Error> {
        if message.errand == Errand::InsideRegister {
            return Ok(if inside::is_wanted(tx, message.lane).await? { Vec::new() } else { NOT_WANTED.to_vec() });
        }
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
                Ok(carried) => self.of(message).register(&carried).await,
                Err(_) => unreadable(),
            },
            Errand::DuplicateCheck => match read(&message.payload) {
                Ok(asking) => check::driver::check(&self.of(message), &asking, &name_of(message)).await,
                Err(_) => unreadable(),
            },
            Errand::CheckPrefetch => match read(&message.payload) {
                Ok(trace) => check::driver::prefetch(&self.of(message), &trace, &name_of(message)).await,
                Err(_) => unreadable(),
            },
            Errand::InsideRegister | Errand::InsideRevoke => inside::send(&self.of(message), message, &name_of(message)).await,
            errand => match read(&message.payload) {
                Ok(about) if errand == Errand::PrescriptionRevoke => self.of(message).revoke(&about, &name_of(message)).await,
                Ok(about) if errand == Errand::RevokeUndo => {
                    self.of(message).undo(REVOKE_UNDO, &about, &name_of(message), STANDS_ALREADY).await
                }
                Ok(about) if errand == Errand::ChangeUndo => {
                    self.of(message).undo(CHANGE_UNDO, &about, &name_of(message), REVERTED_ALREADY).await
                }
                Ok(about) => self.of(message).status(&about, &name_of(message)).await,
                Err(_) => unreadable(),
            },
        }
    }

    /// Withdrawing and asking may simply be repeated; whether something was undone is read off its state.
    async fn look(&self, message: &Message) -> Exchange {
        if matches!(message.errand, Errand::RevokeUndo | Errand::ChangeUndo) {
            let Ok(about) = read::<About>(&message.payload) else { return unreadable() };
            return self.look_undone(&about, &name_of(message), message.errand == Errand::ChangeUndo).await;
        }
        if message.errand == Errand::InsideRegister {
            return inside::look(&self.of(message), message, &name_of(message)).await;
        }
        if message.errand != Errand::PrescriptionRegister {
            return Outcome::Absent.into();
        }
        let Ok(carried) = read::<Registering>(&message.payload) else { return unreadable() };
        let (found, sent, received) = self.of(message).search(&carried.trace, &name_of(message)).await;
        let outcome = found.map_or_else(|outcome| outcome, |found| found.map_or(Outcome::Absent, |numbers| done(&numbers)));
        Exchange { outcome, sent, received }
    }

    async fn settled(&self, tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
        match message.errand {
            Errand::PrescriptionRegister => registered(tx, message.lane, ending).await,
            Errand::PrescriptionRevoke => revoked(tx, message.lane, ending).await,
            Errand::RevokeUndo => restored(tx, message.lane, ending).await,
            Errand::ChangeUndo => reverted(tx, message.lane, ending).await,
            Errand::DuplicateCheck => check::driver::settled(tx, message, ending).await,
            Errand::CheckPrefetch => Ok(()),
            Errand::InsideRegister => inside::registered(tx, message.lane, ending).await,
            Errand::InsideRevoke => inside::revoked(tx, message.lane, ending).await,
            _ => seen(tx, message, ending).await,
        }
    }

    async fn told(&self, message: &Message) {
        if let (Some(live), Some(encounter)) = (&self.live, message.encounter_id) {
            live.announce(message.tenant_id, Topic::Visit(encounter));
        }
    }

    async fn probe(&self) -> Option<Result<(), Trouble>> {
        self.way.probe_at(HEALTH).await
    }
}
