//! What an answer means for the registration, in the transaction that settles its message.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::prescription::registration::{RegistrationEvent, RegistrationStatus, Seen};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::acts::{self, About};
use super::driver::{AT_PHARMACY, Revoked, read};
use super::entity::registration::Model;
use super::{changes, results, store};
use crate::adapters::eprescription::reply::{Accepted, Standing};
use crate::outbox::{Ending, Message};
use crate::prescriptions::store::heads;

/// Three uses of up to ninety days.
const REFILLS_LAST: TimeDelta = TimeDelta::days(280);

pub async fn registered(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = store::lock(tx, id).await?;
    if !store::status(&row)?.can_become_paper() {
        return Ok(());
    }
    match ending {
        Ending::Done(bytes) => {
            acts::note_numbers(&mut row, &read(bytes)?);
            let row = turned(tx, row, RegistrationEvent::Accepted).await?;
            changes::settle(tx, id, RegistrationEvent::Replaced).await?;
            acts::ask(tx, &row, format!("rx/{id}/status/0"), true, Some(tx.now() + next_question(&row, tx.now()))).await
        }
        Ending::Refused { code, said } => {
            (row.service_code, row.service_said) = (code.to_owned(), said.to_owned());
            turned(tx, row, RegistrationEvent::TurnedDown).await?;
            changes::settle(tx, id, RegistrationEvent::Spared).await
        }
        Ending::GivenUp => {
            row.service_code = "given_up".to_owned();
            store::remark(tx, row).await.map(drop)
        }
    }
}

/// 取消UNDO: it stands again under its own numbers, or stays taken back.
pub async fn restored(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let row = store::lock(tx, id).await?;
    if store::status(&row)? != RegistrationStatus::Restoring {
        return Ok(());
    }
    undone(tx, row, ending, RegistrationEvent::Accepted, RegistrationEvent::Kept).await
}

/// 変更UNDO: what stood before stands again.
pub async fn reverted(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = store::lock(tx, id).await?;
    if store::status(&row)? != RegistrationStatus::Reverting {
        return Ok(());
    }
    let is_done = matches!(ending, Ending::Done(_));
    let is_at_pharmacy = matches!(ending, Ending::Refused { code, .. } if code == AT_PHARMACY);
    row.reason = if is_done { "変更を元に戻しました".to_owned() } else { row.reason };
    let otherwise = if is_at_pharmacy { RegistrationEvent::Taken } else { RegistrationEvent::Kept };
    undone(tx, row, ending, RegistrationEvent::Cleared, otherwise).await?;
    if is_done { changes::settle(tx, id, RegistrationEvent::Revived).await } else { Ok(()) }
}

async fn undone(
    tx: &TenantTx,
    mut row: Model,
    ending: Ending<'_>,
    done: RegistrationEvent,
    otherwise: RegistrationEvent,
) -> Result<(), Error> {
    let event = match ending {
        Ending::Done(_) => done,
        Ending::Refused { code, said } => {
            (row.service_code, row.service_said) = (code.to_owned(), said.to_owned());
            otherwise
        }
        Ending::GivenUp => {
            row.service_code = "given_up".to_owned();
            return store::remark(tx, row).await.map(drop);
        }
    };
    let row = turned(tx, row, event).await?;
    watch(tx, &row).await
}

/// A pharmacy may do something with it: ask now and then.
async fn watch(tx: &TenantTx, row: &Model) -> Result<(), Error> {
    if !store::status(row)?.is_watched() {
        return Ok(());
    }
    let key = format!("rx/{}/status/after/{}", row.id, row.version);
    acts::ask(tx, row, key, true, Some(tx.now() + next_question(row, tx.now()))).await
}

async fn turned(tx: &TenantTx, row: Model, event: RegistrationEvent) -> Result<Model, Error> {
    store::turn(tx, row, event).await?.map_err(Error::internal)
}

pub async fn revoked(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
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
    watch(tx, &row).await
}

/// What the service says is noted when it is news; the next question follows while a pharmacy may still do something.
pub async fn seen(tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
    let about: About = read(&message.payload)?;
    let mut row = store::lock(tx, about.prescription_id).await?;
    if !store::status(&row)?.is_watched() {
        return Ok(());
    }
    if let Ending::Done(bytes) = ending {
        let standing: Standing = read(bytes)?;
        results::store::keep(tx, &row, &standing.results).await?;
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
    let goes_on = about.goes_on && store::status(&row)?.is_watched() && domain::clock::today(tx.now()) <= watched_until(tx, &row).await?;
    if goes_on {
        let key = format!("rx/{}/status/{}", row.id, message.id);
        acts::ask(tx, &row, key, true, Some(tx.now() + next_question(&row, tx.now()))).await?;
    }
    Ok(())
}

/// A リフィル and the parts of a 分割 come back for months.
async fn watched_until(tx: &TenantTx, row: &Model) -> Result<NaiveDate, Error> {
    let comes_back = row.part.is_some() || heads::content_of(&heads::get(tx, row.id).await?).refill > 0;
    Ok(if comes_back { row.issued_on + REFILLS_LAST } else { row.usable_until })
}

/// Most prescriptions are taken in within the hour; later it is enough to ask now and then.
fn next_question(row: &Model, now: DateTime<Utc>) -> TimeDelta {
    match now - row.recorded_at {
        age if age < TimeDelta::minutes(20) => TimeDelta::minutes(1),
        age if age < TimeDelta::hours(12) => TimeDelta::minutes(15),
        age if age < TimeDelta::days(5) => TimeDelta::hours(3),
        _ => TimeDelta::days(1),
    }
}
