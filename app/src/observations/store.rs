//! Rounds read and written.

use chrono::{DateTime, Utc};
use domain::vital_signs::{VitalItem, VitalSigns};
use domain::{EncounterId, PatientId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::entity::vital_signs::{Column, Entity, Model};

pub const FINAL: &str = "final";
pub const CANCELLED: &str = "entered_in_error";
/// Rounds looked back on, for trends and for what is usual.
const LOOK_BACK: u64 = 12;

/// What was measured, before it is a row.
#[derive(Debug, Clone)]
pub struct NewRound {
    pub encounter_id: EncounterId,
    pub patient_id: PatientId,
    pub measured_at: DateTime<Utc>,
    pub values: VitalSigns,
    pub jcs: String,
    pub acuity: String,
}

impl Model {
    pub fn values(&self) -> VitalSigns {
        let columns = [self.bt, self.sbp, self.dbp, self.hr, self.spo2, self.rr, self.wt, self.ht, self.bs, self.nrs];
        let mut values = VitalSigns::default();
        VitalItem::ALL.into_iter().zip(columns).for_each(|(item, value)| values.set(item, value));
        values
    }
}

/// The last rounds of a person, newest first; cancelled ones are left out.
pub async fn last_rounds(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .filter(Column::Status.eq(FINAL))
        .order_by_desc(Column::MeasuredAt)
        .order_by_desc(Column::Id)
        .limit(LOOK_BACK)
        .all(tx)
        .await?;
    Ok(rows)
}

/// The last round of one visit.
pub async fn last_of_visit(tx: &TenantTx, visit: EncounterId) -> Result<Option<Model>, Error> {
    let row = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(visit.as_uuid()))
        .filter(Column::Status.eq(FINAL))
        .order_by_desc(Column::MeasuredAt)
        .order_by_desc(Column::Id)
        .one(tx)
        .await?;
    Ok(row)
}

/// Which of these visits have been measured: 計測済 on the board.
pub async fn measured(tx: &TenantTx, visits: impl IntoIterator<Item = Uuid>) -> Result<Vec<Uuid>, Error> {
    let query = Query::select()
        .distinct()
        .column(Column::EncounterId)
        .from(Entity)
        .and_where(Expr::col(Column::TenantId).eq(tx.tenant_id().as_uuid()))
        .and_where(Column::EncounterId.eq_any(visits))
        .and_where(Expr::col(Column::Status).eq(FINAL))
        .take();
    tx.query_all(&query).await?.iter().map(|row| row.try_get("", "encounter_id").map_err(Error::from)).collect()
}

pub async fn get(tx: &TenantTx, id: Uuid) -> Result<Model, Error> {
    let row = Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq(id)).one(tx).await?;
    row.ok_or(Error::NotFound)
}

pub async fn insert(tx: &TenantTx, round: &NewRound) -> Result<Model, Error> {
    let value = |item| round.values.get(item);
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: FINAL.to_owned(),
        digest: Vec::new(),
        patient_id: round.patient_id.as_uuid(),
        encounter_id: round.encounter_id.as_uuid(),
        measured_at: round.measured_at,
        bt: value(VitalItem::BodyTemperature),
        sbp: value(VitalItem::Systolic),
        dbp: value(VitalItem::Diastolic),
        hr: value(VitalItem::Pulse),
        spo2: value(VitalItem::OxygenSaturation),
        rr: value(VitalItem::Respiration),
        wt: value(VitalItem::Weight),
        ht: value(VitalItem::Height),
        bs: value(VitalItem::Glucose),
        nrs: value(VitalItem::Pain),
        jcs: round.jcs.clone(),
        acuity: round.acuity.clone(),
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

/// 取消: the round stays readable in its history and counts no more.
pub async fn cancel(tx: &TenantTx, mut row: Model) -> Result<Model, Error> {
    row.status = CANCELLED.to_owned();
    versioned::update(tx, row, Authorship::own(tx), "入力誤り").await
}

/// What is usual for this person, item by item, by the rounds before (newest first).
pub fn usual(rounds: &[Model], item: VitalItem) -> Option<i32> {
    let values: Vec<i32> = rounds.iter().filter_map(|round| round.values().get(item)).collect();
    domain::vital_signs::usual(&values)
}
