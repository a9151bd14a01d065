//! 同意済資格情報一括取得: a list is asked for, worked on there, and fetched; everybody on it becomes an answer to take over.

use chrono::NaiveDate;
use domain::check_in::CareSetting;
use domain::outbox::Errand;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use tenancy::versioned::sha256;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::listing::{Column, Entity, Model};
use crate::adapters::eligibility::bulk::{Reply, collection, outcome, read_submitted};
use crate::adapters::eligibility::consented::{Collection, Listing, paths, read_people, submission};
use crate::adapters::eligibility::{ReaderFile, read_face_result};
use crate::adapters::national_way::NationalWay;
use crate::bulk_inquiries::exchange::{identifier, read, unreadable};
use crate::encounters::reader_store;
use crate::inquiries::store::institution_code;
use crate::outbox::{Ending, Exchange, Message, Posting, put};

pub const PENDING: &str = "pending";
pub const ACCEPTED: &str = "accepted";
pub const ANSWERED: &str = "answered";
pub const UNAVAILABLE: &str = "unavailable";
/// Lists on the page.
const RECENT: u64 = 5;

pub async fn ask(tx: &TenantTx, id: Uuid, setting: CareSetting, from: NaiveDate, to: NaiveDate) -> Result<(), Error> {
    let row = Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        setting: setting.code().to_owned(),
        from_on: from,
        to_on: to,
        status: PENDING.to_owned(),
        said: String::new(),
        found: 0,
        asked_at: tx.now(),
        changed_at: tx.now(),
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    post(tx, Errand::ConsentedSubmit, id, &Listing { institution_code: institution_code(tx).await?, setting, from, to }).await
}

async fn post<T: Serialize>(tx: &TenantTx, errand: Errand, id: Uuid, content: &T) -> Result<(), Error> {
    let payload = serde_json::to_vec(content).map_err(Error::internal)?;
    let key = format!("consented-listing/{id}/{}", errand.code());
    put(tx, Posting { errand, key, lane: id, patient_id: None, encounter_id: None, payload: &payload, not_before: None }).await.map(drop)
}

pub async fn recent(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.order_by_desc(Column::AskedAt).limit(RECENT).all(tx).await?)
}

async fn change(tx: &TenantTx, id: Uuid, change: impl FnOnce(&mut Model)) -> Result<(), Error> {
    let own = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id));
    let mut row = own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)?;
    change(&mut row);
    row.changed_at = tx.now();
    let all = Entity::update_many().set(row.into_active_model().reset_all());
    all.filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Both halves only ask: an unknown outcome is a failed attempt.
pub async fn send(way: &NationalWay, message: &Message) -> Exchange {
    let name = identifier(message);
    if message.errand == Errand::ConsentedSubmit {
        let Some(listing) = read::<Listing>(message) else { return unreadable() };
        let [path, _] = paths(listing.setting);
        let sent = submission(&listing, &name);
        return way
            .exchange(path, &name, sent, |received| outcome(read_submitted(received, &listing.institution_code, &name), received))
            .await;
    }
    let Some(asked) = read::<Collection>(message) else { return unreadable() };
    let [_, path] = paths(asked.setting);
    let sent = collection(&asked.institution_code, &name, &asked.reception_number);
    way.exchange(path, &name, sent, |received| outcome(read_people(received, &asked, &name), received)).await
}

pub async fn settled(tx: &TenantTx, message: &Message, ending: Ending<'_>) -> Result<(), Error> {
    let id = message.lane;
    let reply = match ending {
        Ending::Done(reply) => reply,
        Ending::Refused { said, .. } => return given_up(tx, id, said).await,
        Ending::GivenUp => return given_up(tx, id, "").await,
    };
    let (name, strange) = (identifier(message), || Error::internal("a list's answer that was read once cannot be read again"));
    if message.errand == Errand::ConsentedSubmit {
        let listing: Listing = read(message).ok_or_else(strange)?;
        let Ok(Reply::Given(reception_number)) = read_submitted(reply, &listing.institution_code, &name) else { return Err(strange()) };
        let collection = Collection { institution_code: listing.institution_code, setting: listing.setting, reception_number };
        post(tx, Errand::ConsentedCollect, id, &collection).await?;
        return change(tx, id, |row| row.status = ACCEPTED.to_owned()).await;
    }
    let asked: Collection = read(message).ok_or_else(strange)?;
    let Ok(Reply::Given(people)) = read_people(reply, &asked, &name) else { return Err(strange()) };
    let found = i32::try_from(people.len()).unwrap_or(i32::MAX);
    for file in &people {
        keep(tx, file).await?;
    }
    change(tx, id, |row| (row.status, row.found) = (ANSWERED.to_owned(), found)).await
}

/// One person's answer; the same consent fetched again is the same answer.
async fn keep(tx: &TenantTx, file: &ReaderFile) -> Result<(), Error> {
    let digest = sha256(&file.bytes);
    if reader_store::find_content(tx, &digest).await?.is_none() {
        let result = read_face_result(file).map_err(Error::internal)?;
        reader_store::keep(tx, file, digest, &result).await?;
    }
    Ok(())
}

async fn given_up(tx: &TenantTx, id: Uuid, said: &str) -> Result<(), Error> {
    let said = said.chars().filter(|c| !c.is_control()).take(200).collect();
    change(tx, id, |row| (row.status, row.said) = (UNAVAILABLE.to_owned(), said)).await
}
