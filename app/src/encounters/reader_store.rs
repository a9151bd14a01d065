//! Reader results kept: the file as it arrived, sealed under the clinic's key, once per content.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use domain::check_in::CheckChannel;
use domain::eligibility::{EligibilityStatus, FaceResult};
use domain::{EncounterId, PatientId, ReaderResultId, TenantId};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set};
use tenancy::keys::{Envelope, Keyring};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::entity::reader_result::{ActiveModel, Column, Entity, Model};
use crate::adapters::eligibility::ReaderFile;
use crate::patients::entity::patient;

/// What the sealed bytes are for; a value sealed for another purpose does not open here.
const PURPOSE: &str = "reader_result";
const RECEIVED: &str = "received";
pub const REFLECTED: &str = "reflected";
/// Lines on the page.
const RECENT: u64 = 30;
const OF_DAY: u64 = 200;

/// One line of the list: never the content.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Line {
    pub id: Uuid,
    pub file_name: String,
    pub received_at: DateTime<Utc>,
    pub outcome: String,
    pub validity: String,
    pub channel: String,
    pub patient_id: Option<Uuid>,
    pub name_ideographic: Option<String>,
}

impl Model {
    pub fn is_reflected(&self) -> bool {
        self.outcome == REFLECTED
    }
}

impl Line {
    pub fn is_reflected(&self) -> bool {
        self.outcome == REFLECTED
    }
}

/// The same content, if it came before.
pub async fn find_content(tx: &TenantTx, sha256: &[u8]) -> Result<Option<Model>, Error> {
    let found =
        Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::ContentSha256.eq(sha256)).one(tx).await?;
    Ok(found)
}

pub async fn get(tx: &TenantTx, id: ReaderResultId) -> Result<Model, Error> {
    one(tx, id, false).await
}

/// Holds the row until the transaction ends, so that two people do not take the same result over.
pub async fn lock(tx: &TenantTx, id: ReaderResultId) -> Result<Model, Error> {
    one(tx, id, true).await
}

async fn one(tx: &TenantTx, id: ReaderResultId, is_locked: bool) -> Result<Model, Error> {
    let query = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id.as_uuid()));
    let query = if is_locked { query.lock_exclusive() } else { query };
    query.one(tx).await?.ok_or(Error::NotFound)
}

/// Seals and stores. A second writer of the same content gets [`Error::Duplicate`].
pub async fn insert(
    tx: &TenantTx,
    keys: &Keyring,
    file: &ReaderFile,
    sha256: [u8; 32],
    result: &FaceResult,
) -> Result<ReaderResultId, Error> {
    let sealed = keys.seal(tx, PURPOSE, &file.bytes).await?;
    let id = tx.new_id();
    let row = ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(id),
        file_name: Set(file.name.clone()),
        content_sha256: Set(sha256.to_vec()),
        key_version: Set(sealed.key_version),
        raw_encrypted: Set(sealed.to_bytes()),
        received_at: Set(tx.now()),
        staff_id: Set(tx.actor().as_uuid()),
        outcome: Set(RECEIVED.to_owned()),
        validity: Set(result.status().code().to_owned()),
        channel: Set(result.channel().code().to_owned()),
        patient_id: Set(None),
        encounter_id: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(ReaderResultId::new(id))
}

/// An answer that came over the line, kept the same way.
pub async fn keep(tx: &TenantTx, file: &ReaderFile, sha256: [u8; 32], result: &FaceResult) -> Result<ReaderResultId, Error> {
    insert(tx, tx.keyring()?, file, sha256, result).await
}

/// The file as it arrived.
pub async fn open(tx: &TenantTx, keys: &Keyring, row: &Model) -> Result<ReaderFile, Error> {
    let sealed = Envelope::from_bytes(&row.raw_encrypted)?;
    Ok(ReaderFile { name: row.file_name.clone(), bytes: keys.open(tx, PURPOSE, &sealed).await? })
}

/// 反映済: by which way, for whom, and which visit it became, if it became one.
pub async fn mark_reflected(
    tx: &TenantTx,
    id: ReaderResultId,
    channel: CheckChannel,
    patient: PatientId,
    visit: Option<EncounterId>,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(REFLECTED))
        .col_expr(Column::Channel, Expr::value(channel.code()))
        .col_expr(Column::PatientId, Expr::value(patient.as_uuid()))
        .col_expr(Column::EncounterId, Expr::value(visit.map(EncounterId::as_uuid)))
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// How many other results carry the same file name: allowed, but said.
pub async fn count_namesakes(tx: &TenantTx, row: &Model) -> Result<u64, Error> {
    use sea_orm::PaginatorTrait;
    let count = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::FileName.eq(&row.file_name))
        .filter(Column::Id.ne(row.id))
        .count(tx)
        .await?;
    Ok(count)
}

pub async fn recent(tx: &TenantTx) -> Result<Vec<Line>, Error> {
    let rows = tx.query_all(&recent_statement(tx.tenant_id())).await?;
    rows.iter().map(|row| Line::from_query_result(row, "").map_err(Error::from)).collect()
}

/// What came between these moments and is not taken over yet, newest first.
pub async fn unreflected(tx: &TenantTx, between: Range<DateTime<Utc>>) -> Result<Vec<Line>, Error> {
    let rows = tx.query_all(&unreflected_statement(tx.tenant_id(), between)).await?;
    rows.iter().map(|row| Line::from_query_result(row, "").map_err(Error::from)).collect()
}

/// What came from people's own devices and is not taken over yet, newest first.
pub async fn remote_unreflected(tx: &TenantTx) -> Result<Vec<Line>, Error> {
    let remote = [CheckChannel::Home, CheckChannel::Online].map(CheckChannel::code);
    let query = recent_statement(tx.tenant_id())
        .and_where(Expr::col((Entity, Column::Channel)).is_in(remote))
        .and_where(Expr::col((Entity, Column::Outcome)).eq(RECEIVED))
        .limit(OF_DAY)
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Line::from_query_result(row, "").map_err(Error::from)).collect()
}

/// What each of these results said of the insurance.
pub async fn validities(tx: &TenantTx, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, EligibilityStatus>, Error> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let rows: Vec<(Uuid, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Validity])
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq_any(ids))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().filter_map(|(id, code)| Some((id, EligibilityStatus::from_code(&code)?))).collect())
}

fn unreflected_statement(tenant: TenantId, between: Range<DateTime<Utc>>) -> SelectStatement {
    recent_statement(tenant)
        .and_where(Expr::col((Entity, Column::ReceivedAt)).gte(between.start))
        .and_where(Expr::col((Entity, Column::ReceivedAt)).lt(between.end))
        .and_where(Expr::col((Entity, Column::Outcome)).eq(RECEIVED))
        .limit(OF_DAY)
        .take()
}

/// The newest results with the patient they became.
pub fn recent_statement(tenant: TenantId) -> SelectStatement {
    use patient::Column as P;
    Query::select()
        .columns(
            [Column::Id, Column::FileName, Column::ReceivedAt, Column::Outcome, Column::Validity, Column::Channel, Column::PatientId]
                .map(|c| (Entity, c)),
        )
        .expr_as(Expr::col((patient::Entity, P::NameIdeographic)), Alias::new("name_ideographic"))
        .from(Entity)
        .left_join(
            patient::Entity,
            Cond::all()
                .add(Expr::col((patient::Entity, P::TenantId)).eq(tenant.as_uuid()))
                .add(Expr::col((patient::Entity, P::Id)).equals((Entity, Column::PatientId))),
        )
        .and_where(Expr::col((Entity, Column::TenantId)).eq(tenant.as_uuid()))
        .order_by((Entity, Column::ReceivedAt), Order::Desc)
        .limit(RECENT)
        .take()
}
