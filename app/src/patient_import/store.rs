//! Imports read and written.

use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::check::{self, Judged, Problem};
use super::columns::Column;
use super::entity::{Column as C, Entity, Model};
use super::reading::Sheet;

pub const CHECKED: &str = "checked";
pub const QUEUED: &str = "queued";
pub const RUNNING: &str = "running";
pub const DONE: &str = "done";
pub const DISCARDED: &str = "discarded";
/// What the file is sealed for.
const PURPOSE: &str = "patient_import.content";
/// Problems kept of one file; the counts are of all.
pub const PROBLEMS_KEPT: usize = 500;
const LISTED: u64 = 30;

pub async fn recent(tx: &TenantTx) -> Result<Vec<Model>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.order_by_desc(C::CreatedAt).order_by_desc(C::Id).limit(LISTED).all(tx).await?)
}

pub async fn find_content(tx: &TenantTx, sha256: &[u8]) -> Result<Option<Model>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.filter(C::ContentSha256.eq(sha256)).one(tx).await?)
}

pub async fn get(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id)).one(tx).await?.ok_or(Error::NotFound)
}

/// Held until the transaction ends: two people must not start one import, nor two workers go on with it.
pub async fn lock(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id));
    own.lock(LockType::Update).one(tx).await?.ok_or(Error::NotFound)
}

/// The next import the worker has to go on with.
pub async fn waiting(tx: &TenantTx) -> Result<Option<Model>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.filter(C::State.is_in([QUEUED, RUNNING])).order_by_asc(C::CreatedAt).limit(1).one(tx).await?)
}

pub async fn insert(tx: &TenantTx, row: Model) -> Result<(), Error> {
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn save(tx: &TenantTx, row: Model) -> Result<(), Error> {
    let id = row.id;
    Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn seal(tx: &TenantTx, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    tx.seal(PURPOSE, bytes).await
}

pub async fn open(tx: &TenantTx, row: &Model) -> Result<Vec<u8>, Error> {
    tx.open(PURPOSE, &row.content_sealed).await
}

/// Looks at every line and notes in the row what would come of it.
pub async fn look_at(tx: &TenantTx, row: &mut Model, sheet: &Sheet, mapping: &[Column], today: chrono::NaiveDate) -> Result<(), Error> {
    let known = check::known_numbers(tx, sheet, mapping).await?;
    let judged: Vec<Judged> = check::judge(sheet, mapping, &known, today);
    let problems = check::problems(&judged);
    row.mapping = json!(mapping.iter().map(|column| column.code()).collect::<Vec<_>>());
    row.total = i32::try_from(judged.len()).unwrap_or(i32::MAX);
    row.good = i32::try_from(judged.len() - problems.len()).unwrap_or(i32::MAX);
    row.problems = json!(&problems[..problems.len().min(PROBLEMS_KEPT)]);
    Ok(())
}

impl Model {
    pub fn columns(&self) -> Vec<Column> {
        let codes: Vec<String> = serde_json::from_value(self.mapping.clone()).unwrap_or_default();
        codes.iter().map(|code| Column::from_code(code).unwrap_or(Column::Ignored)).collect()
    }

    pub fn kept_problems(&self) -> Vec<Problem> {
        serde_json::from_value(self.problems.clone()).unwrap_or_default()
    }
}
