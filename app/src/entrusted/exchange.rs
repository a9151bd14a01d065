//! Handing the question in, asking for its answer. Both only ask: an unknown outcome is a failed attempt.

use domain::outbox::Errand;
use tenancy::{Error, TenantTx};

use super::store;
use crate::adapters::eligibility::bulk::{Reply, collection, outcome, read_submitted};
use crate::adapters::eligibility::entrusted::{COLLECT, Collection, SUBMIT, Submission, read_people, submission};
use crate::adapters::national_way::NationalWay;
use crate::bulk_inquiries::exchange::{identifier, read, unreadable};
use crate::outbox::{Ending, Exchange, Message};

pub async fn send(way: &NationalWay, message: &Message) -> Exchange {
    let name = identifier(message);
    if message.errand == Errand::EntrustedSubmit {
        let Some(asked) = read::<Submission>(message) else { return unreadable() };
        let sent = submission(&asked, &name);
        return way
            .exchange(SUBMIT, &name, sent, |received| outcome(read_submitted(received, &asked.institution_code, &name), received))
            .await;
    }
    let Some(asked) = read::<Collection>(message) else { return unreadable() };
    let sent = collection(&asked.institution_code, &name, &asked.reception_number);
    way.exchange(COLLECT, &name, sent, |received| outcome(read_people(received, &asked.institution_code, &name), received)).await
}

pub async fn settled(tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
    let id = message.lane;
    let reply = match ending {
        Ending::Done(reply) => reply,
        Ending::Refused { said, .. } => return store::given_up(tx, id, said).await,
        Ending::GivenUp => return store::given_up(tx, id, "").await,
    };
    let (name, strange) = (identifier(message), || Error::internal("a list's answer that was read once cannot be read again"));
    if message.errand == Errand::EntrustedSubmit {
        let asked: Submission = read(message).ok_or_else(strange)?;
        let Ok(Reply::Given(reception_number)) = read_submitted(reply, &asked.institution_code, &name) else { return Err(strange()) };
        return store::accepted(tx, id, Collection { institution_code: asked.institution_code, reception_number }).await;
    }
    let asked: Collection = read(message).ok_or_else(strange)?;
    let Ok(Reply::Given(people)) = read_people(reply, &asked.institution_code, &name) else { return Err(strange()) };
    store::answered(tx, id, &people).await
}
