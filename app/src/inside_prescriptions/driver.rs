//! What goes over the wire about 院内処方, and what the answers mean. A registration whose answer was lost is searched for by our own
//! name of it before anything is sent again.

use domain::outbox::{Errand, Trouble};
use domain::prescription::inside::{InsideEvent, InsideStatus};
use serde::{Deserialize, Serialize};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::acts::{Carried, Revoking, settle_replaced};
use super::store;
use crate::adapters::eprescription::Trace;
use crate::adapters::eprescription::inside::{CHANGE, REGISTER, REVOKE, SEARCH, accepted, found};
use crate::adapters::eprescription::reply::Answer;
use crate::eprescriptions::PrescriptionDriver;
use crate::eprescriptions::driver::{KNOWN_ALREADY, WITHDRAWN_ALREADY, done, harmless, read, unreadable};
use crate::outbox::{Ending, Exchange, Message, Outcome};

/// How a withdrawal ended.
#[derive(Serialize, Deserialize)]
enum Revoked {
    /// Nothing stands there any more.
    Cleared,
    Kept {
        register_id: String,
        code: String,
        said: String,
    },
}

/// A registration whose 処方 was taken back meanwhile stays here, whoever presses 再送.
pub async fn is_wanted(tx: &TenantTx, prescription: Uuid) -> Result<bool, Error> {
    let row = store::find(tx, prescription).await?.ok_or(Error::NotFound)?;
    Ok(matches!(store::status(&row)?, InsideStatus::Pending | InsideStatus::Refused))
}

pub async fn send(line: &PrescriptionDriver, message: &Message, name: &str) -> Exchange {
    if message.errand == Errand::InsideRegister {
        return match read(&message.payload) {
            Ok(carried) => register(line, &carried).await,
            Err(_) => unreadable(),
        };
    }
    match read(&message.payload) {
        Ok(revoking) => revoke(line, &revoking, name).await,
        Err(_) => unreadable(),
    }
}

async fn register(line: &PrescriptionDriver, carried: &Carried) -> Exchange {
    let path = if carried.replaces.is_some() { CHANGE } else { REGISTER };
    let message = carried.trace.inside(&carried.document, &carried.care, carried.replaces.as_deref());
    let (answer, sent, received) = line.ask(path, message, &carried.trace.identifier).await;
    let outcome = match answer {
        Err(outcome) => outcome,
        Ok(Answer::Refused { code, .. }) if code == KNOWN_ALREADY => Outcome::Unknown(Trouble::Unreadable),
        Ok(Answer::Refused { code, said }) => Outcome::Refused { code, said },
        Ok(Answer::Ok(root)) => accepted(&root).map_or(Outcome::Unknown(Trouble::Unreadable), |id| done(&id)),
    };
    Exchange { outcome, sent, received }
}

async fn search(line: &PrescriptionDriver, trace: &Trace, name: &str) -> (Result<Option<String>, Outcome>, Vec<u8>, Vec<u8>) {
    let (answer, sent, received) = line.ask(SEARCH, trace.inside_search(name), name).await;
    let found = answer.and_then(|answer| match answer {
        Answer::Ok(root) => Ok(found(&root, &trace.identifier)),
        Answer::Refused { .. } => Err(Outcome::Unknown(Trouble::Unreadable)),
    });
    (found, sent, received)
}

async fn revoke(line: &PrescriptionDriver, about: &Revoking, name: &str) -> Exchange {
    let known = match &about.register_id {
        Some(id) => Some(id.clone()),
        None => match search(line, &about.trace, &format!("{name}-s")).await {
            (Ok(None), sent, received) if about.replaced.is_none() => {
                return Exchange { outcome: done(&Revoked::Cleared), sent, received };
            }
            (Ok(found), ..) => found.or_else(|| about.replaced.clone()),
            (Err(outcome), sent, received) => return Exchange { outcome: harmless(outcome), sent, received },
        },
    };
    let register_id = known.unwrap_or_default();
    let (answer, sent, received) = line.ask(REVOKE, about.trace.inside_revocation(name, &register_id), name).await;
    let outcome = match answer {
        Err(outcome) => harmless(outcome),
        Ok(Answer::Ok(_)) => done(&Revoked::Cleared),
        Ok(Answer::Refused { code, .. }) if code == WITHDRAWN_ALREADY => done(&Revoked::Cleared),
        Ok(Answer::Refused { code, said }) => done(&Revoked::Kept { register_id, code, said }),
    };
    Exchange { outcome, sent, received }
}

/// Did the registration arrive?
pub async fn look(line: &PrescriptionDriver, message: &Message, name: &str) -> Exchange {
    let Ok(carried) = read::<Carried>(&message.payload) else { return unreadable() };
    let (found, sent, received) = search(line, &carried.trace, name).await;
    let outcome = found.map_or_else(|outcome| outcome, |found| found.map_or(Outcome::Absent, |id| done(&id)));
    Exchange { outcome, sent, received }
}

pub async fn registered(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if !matches!(store::status(&row)?, InsideStatus::Pending | InsideStatus::Refused) {
        return Ok(());
    }
    (row.service_code, row.service_said) = Default::default();
    let replaces = row.replaces_id;
    let event = match ending {
        Ending::Done(bytes) => {
            row.register_id = read(bytes)?;
            InsideEvent::Accepted
        }
        Ending::Refused { code, said } => {
            (row.service_code, row.service_said) = (code.to_owned(), said.to_owned());
            InsideEvent::TurnedDown
        }
        Ending::GivenUp => {
            row.service_code = "given_up".to_owned();
            return store::remark(tx, row).await.map(drop);
        }
    };
    store::turn(tx, row, event).await?.map_err(Error::internal)?;
    settle_replaced(tx, replaces, if event == InsideEvent::Accepted { InsideEvent::Replaced } else { InsideEvent::Spared }).await
}

pub async fn revoked(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if store::status(&row)? != InsideStatus::Withdrawing {
        return Ok(());
    }
    (row.service_code, row.service_said) = Default::default();
    let event = match ending {
        Ending::Done(bytes) => match read(bytes)? {
            Revoked::Cleared => InsideEvent::Cleared,
            Revoked::Kept { register_id, code, said } => {
                (row.register_id, row.service_code, row.service_said) = (register_id, code, said);
                InsideEvent::Kept
            }
        },
        Ending::Refused { .. } | Ending::GivenUp => {
            row.service_code = "given_up".to_owned();
            return store::remark(tx, row).await.map(drop);
        }
    };
    let replaces = row.replaces_id;
    store::turn(tx, row, event).await?.map_err(Error::internal)?;
    settle_replaced(tx, replaces, InsideEvent::Replaced).await
}
