//! The two exchanges of a list: handing it in, asking for its answers. Both only ask: an unknown outcome is a failed attempt.

use domain::outbox::Errand;
use serde::de::DeserializeOwned;
use tenancy::{Error, TenantTx};

use super::store::{self, Collection, Submission};
use crate::adapters::eligibility::bulk::{Reply, collection, outcome, read_submitted, read_units, submission};
use crate::adapters::national_way::NationalWay;
use crate::outbox::{Ending, Exchange, Message, Outcome};

const SUBMIT: &str = "/oqs/v1/OQSmuquc01";
const COLLECT: &str = "/oqs/v1/OQSmuquc02";

pub async fn send(way: &NationalWay, message: &Message) -> Exchange {
    let name = identifier(message);
    if message.errand == Errand::BulkSubmit {
        let Some(list) = read::<Submission>(message) else { return unreadable() };
        let sent = submission(&list.institution_code, &name, list.day, &list.items);
        return way
            .exchange(SUBMIT, &name, sent, |received| outcome(read_submitted(received, &list.institution_code, &name), received))
            .await;
    }
    let Some(asked) = read::<Collection>(message) else { return unreadable() };
    let sent = collection(&asked.institution_code, &name, &asked.reception_number);
    way.exchange(COLLECT, &name, sent, |received| outcome(read_units(received, &asked.institution_code, &name), received)).await
}

pub(crate) fn identifier(message: &Message) -> String {
    format!("{}-{}", message.id, message.attempts)
}

pub(crate) fn read<T: DeserializeOwned>(message: &Message) -> Option<T> {
    serde_json::from_slice(&message.payload).ok()
}

pub(crate) fn unreadable() -> Exchange {
    Outcome::Refused { code: "payload".into(), said: "照会の内容を読み戻せません。".into() }.into()
}

pub async fn settled(tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
    let id = message.lane;
    let reply = match ending {
        Ending::Done(reply) => reply,
        Ending::Refused { said, .. } => return store::given_up(tx, id, said).await,
        Ending::GivenUp => return store::given_up(tx, id, "").await,
    };
    let (name, strange) = (identifier(message), || Error::internal("a list's answer that was read once cannot be read again"));
    if message.errand == Errand::BulkSubmit {
        let list: Submission = read(message).ok_or_else(strange)?;
        let Ok(Reply::Given(number)) = read_submitted(reply, &list.institution_code, &name) else { return Err(strange()) };
        return store::accepted(tx, id, list.institution_code, number).await;
    }
    let asked: Collection = read(message).ok_or_else(strange)?;
    let Ok(Reply::Given(units)) = read_units(reply, &asked.institution_code, &name) else { return Err(strange()) };
    store::answered(tx, id, &units).await
}
