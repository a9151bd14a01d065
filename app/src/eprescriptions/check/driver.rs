//! The worker's part of a check. Asking changes nothing there, so it is simply repeated.

use domain::outbox::Trouble;
use tenancy::{Error, TenantTx};

use super::acts::Asking;
use super::store;
use crate::adapters::eprescription::Trace;
use crate::adapters::eprescription::check::{self, Alert, CHECK, PREFETCH};
use crate::adapters::eprescription::reply::Answer;
use crate::eprescriptions::driver::{PrescriptionDriver, done, harmless, read};
use crate::outbox::{Ending, Exchange, Message, Outcome};

pub async fn prefetch(driver: &PrescriptionDriver, trace: &Trace, name: &str) -> Exchange {
    let (answer, sent, received) = driver.ask(PREFETCH, trace.prefetch(name), name).await;
    let outcome = match answer {
        Err(outcome) => harmless(outcome),
        Ok(Answer::Refused { code, said }) => Outcome::Refused { code, said },
        Ok(Answer::Ok(_)) => Outcome::Done(Vec::new()),
    };
    Exchange { outcome, sent, received }
}

pub async fn check(driver: &PrescriptionDriver, asking: &Asking, name: &str) -> Exchange {
    let (answer, sent, received) = driver.ask(CHECK, asking.trace.check(name, &asking.csv, asking.consents), name).await;
    let outcome = match answer {
        Err(outcome) => harmless(outcome),
        Ok(Answer::Refused { code, said }) => Outcome::Refused { code, said },
        Ok(Answer::Ok(root)) => check::alerts(&root, asking.consents).map_or(Outcome::Retry(Trouble::Unreadable), |alerts| done(&alerts)),
    };
    Exchange { outcome, sent, received }
}

/// The answer is noted; one to a question that was asked anew meanwhile is not.
pub async fn settled(tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
    let asking: Asking = read(&message.payload)?;
    let mut row = store::lock(tx, asking.check_id).await?;
    if row.message_id != Some(message.id.as_uuid()) {
        return Ok(());
    }
    match ending {
        Ending::Done(bytes) => {
            let alerts: Vec<Alert> = read(bytes)?;
            row.result = Some(store::seal(tx, &alerts).await?);
            row.alerts = i32::try_from(alerts.len()).unwrap_or(i32::MAX);
            (row.status, row.answered_at, row.said) = (store::ANSWERED.to_owned(), Some(tx.now()), String::new());
        }
        Ending::Refused { code, said } => {
            (row.status, row.said) = (store::REFUSED.to_owned(), format!("電子処方箋管理サービスが照会を受け付けません({code} {said})。"));
        }
        Ending::GivenUp => {
            (row.status, row.said) = (store::UNAVAILABLE.to_owned(), "電子処方箋管理サービスから返事がありません。".to_owned());
        }
    }
    store::save(tx, row).await.map(drop)
}
