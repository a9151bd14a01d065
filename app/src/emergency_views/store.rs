//! Looks as rows: opening, what came, judging; and who is named.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::emergency::{Judgement, LookReason};
use domain::{EncounterId, PatientId, ReaderResultId, StaffId};
use sea_orm::sea_query::Cond;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use tenancy::staff::staff;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::basis::Basis;
use super::entity::{privilege, view};
use crate::consents::store::{PENDING, RECEIVED, REFUSED, UNAVAILABLE};
use crate::outbox::{Ending, Posting, put};

const RAW: &str = "emergency_view.raw";
/// Looks on the list.
pub const LINES: u64 = 500;

/// Why somebody looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    pub reason: LookReason,
    pub words: String,
}

/// Writes the look and its question together.
pub async fn open(tx: &TenantTx, id: Uuid, patient: PatientId, basis: &Basis<'_>, why: &Why) -> Result<(), Error> {
    let question = basis.question(crate::inquiries::store::institution_code(tx).await?);
    let (reading, encounter) = basis.reading().unzip();
    let posting = Posting {
        errand: basis.errand(),
        key: format!("emergency/{id}"),
        lane: id,
        patient_id: Some(patient),
        encounter_id: encounter,
        payload: &serde_json::to_vec(&question).map_err(Error::internal)?,
        not_before: None,
    };
    put(tx, posting).await?;
    let row = view::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id,
        version: 1,
        patient_id: patient.as_uuid(),
        encounter_id: encounter.map(EncounterId::as_uuid),
        reader_result_id: reading.map(ReaderResultId::as_uuid),
        grounds: basis.grounds().code().to_owned(),
        reason: why.reason.code().to_owned(),
        reason_words: why.words.clone(),
        opened_by_id: tx.actor().as_uuid(),
        opened_at: tx.now(),
        until: basis.until(tx.now()),
        status: PENDING.to_owned(),
        said: String::new(),
        raw: None,
        received_at: None,
        judged_by_id: None,
        judged_at: None,
        judgement: None,
        remark: String::new(),
    };
    view::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// What the answer means, in the transaction that settles the message.
pub async fn settled(tx: &TenantTx, id: Uuid, ending: Ending<'_>) -> Result<(), Error> {
    let mut row = lock(tx, id).await?;
    match ending {
        Ending::Done(reply) => {
            row.raw = Some(tx.seal(RAW, reply).await?);
            row.received_at = Some(tx.now());
            row.status = RECEIVED.to_owned();
        }
        Ending::Refused { said, .. } => {
            row.status = REFUSED.to_owned();
            row.said = said.chars().filter(|c| !c.is_control()).take(200).collect();
        }
        Ending::GivenUp => row.status = UNAVAILABLE.to_owned(),
    }
    save(tx, row).await
}

/// The sealed answer; only callers that have looked at [`view::Model::look`] ask for it.
pub async fn content(tx: &TenantTx, row: &view::Model) -> Result<Vec<u8>, Error> {
    tx.open(RAW, row.raw.as_deref().ok_or(Error::NotFound)?).await
}

fn own(tx: &TenantTx, id: Uuid) -> sea_orm::Select<view::Entity> {
    view::Entity::find().filter(view::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(view::Column::Id.eq(id))
}

pub async fn get(tx: &TenantTx, id: Uuid) -> Result<view::Model, Error> {
    own(tx, id).one(tx).await?.ok_or(Error::NotFound)
}

pub async fn lock(tx: &TenantTx, id: Uuid) -> Result<view::Model, Error> {
    own(tx, id).lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

pub async fn judge(tx: &TenantTx, mut row: view::Model, judgement: Judgement, remark: String) -> Result<(), Error> {
    row.judged_by_id = Some(tx.actor().as_uuid());
    row.judged_at = Some(tx.now());
    row.judgement = Some(judgement.code().to_owned());
    row.remark = remark;
    save(tx, row).await
}

async fn save(tx: &TenantTx, mut row: view::Model) -> Result<(), Error> {
    let id = row.id;
    row.version += 1;
    view::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(view::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(view::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// What nobody has judged yet, and everything opened between these moments; newest first, never the content.
pub async fn lines(tx: &TenantTx, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Result<Vec<view::Model>, Error> {
    use view::Column as C;
    let rows = view::Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Cond::any().add(C::JudgedById.is_null()).add(Cond::all().add(C::OpenedAt.gte(from)).add(C::OpenedAt.lt(to))))
        .order_by_desc(C::OpenedAt)
        .limit(LINES)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Names of staff by id.
pub async fn names(tx: &TenantTx, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, String>, Error> {
    let ids: BTreeSet<Uuid> = ids.into_iter().collect();
    let rows: Vec<(Uuid, String)> = staff::Entity::find()
        .select_only()
        .columns([staff::Column::Id, staff::Column::Name])
        .filter(staff::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(staff::Column::Id.eq_any(ids))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().collect())
}

/// 救急閲覧権限: asked at every act, so that taking it back works at once.
pub async fn is_named(tx: &TenantTx, person: StaffId) -> Result<bool, Error> {
    let held = of_person(tx, person).one(tx).await?;
    Ok(held.is_some_and(|row| row.is_held))
}

fn of_person(tx: &TenantTx, person: StaffId) -> sea_orm::Select<privilege::Entity> {
    privilege::Entity::find()
        .filter(privilege::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(privilege::Column::StaffId.eq(person.as_uuid()))
}

pub async fn privileges(tx: &TenantTx) -> Result<HashMap<Uuid, privilege::Model>, Error> {
    let rows = privilege::Entity::find().filter(privilege::Column::TenantId.eq(tx.tenant_id().as_uuid())).all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.staff_id, row)).collect())
}

/// Names a person, or takes it back. `seen` is the version of the page it was pressed on, 0 where there was none.
pub async fn name(tx: &TenantTx, person: StaffId, is_held: bool, seen: i32) -> Result<Result<(), i32>, Error> {
    let known = of_person(tx, person).lock_exclusive().one(tx).await?;
    let version = known.as_ref().map_or(0, |row| row.version);
    if version != seen {
        return Ok(Err(version));
    }
    let row = privilege::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        staff_id: person.as_uuid(),
        version: version + 1,
        is_held,
        changed_at: tx.now(),
        changed_by_id: tx.actor().as_uuid(),
    };
    match known {
        None => privilege::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await.map(drop)?,
        Some(_) => privilege::Entity::update_many()
            .set(row.into_active_model().reset_all())
            .filter(privilege::Column::TenantId.eq(tx.tenant_id().as_uuid()))
            .filter(privilege::Column::StaffId.eq(person.as_uuid()))
            .exec(tx)
            .await
            .map(drop)?,
    }
    Ok(Ok(()))
}
