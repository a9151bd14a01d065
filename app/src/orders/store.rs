//! Orders and results read and written.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::order::{OrderAct, OrderRefusal, OrderStatus, flag, station};
use domain::{EncounterId, PatientId, Role, ServiceRequestId, TenantId, clock};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::catalog::{Item, ResultItem};
use super::entity::observation_result::{Column as R, Entity as ResultEntity, Model as ResultRow};
use super::entity::service_request::{Column, Entity, Model};
use super::forms::OrderContent;
use crate::encounters::entity::encounter;

pub const UNREAD: &str = "unread";
const REVIEWED: &str = "reviewed";
/// Rows of a worklist.
const LISTED: u64 = 200;
/// 30 s as promised on the page, and the way there and back.
const UNDO_WITHIN: Duration = Duration::seconds(35);

pub fn status(row: &Model) -> OrderStatus {
    OrderStatus::from_code(&row.status).unwrap_or(OrderStatus::Draft)
}

/// Orders of a visit that were not cancelled, as they were written.
pub async fn of_encounter(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::EncounterId.eq(encounter.as_uuid()))
        .filter(Column::Status.ne(OrderStatus::Cancelled.code()))
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: ServiceRequestId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

/// Orders somebody still has to do, urgent ones first, up to a day.
pub async fn waiting(tx: &TenantTx, day: NaiveDate) -> Result<Vec<Model>, Error> {
    let open: Vec<&str> = OrderStatus::ALL.iter().filter(|s| s.is_waiting()).map(|s| s.code()).collect();
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Status.is_in(open))
        .filter(Column::DueOn.lte(day))
        .order_by_desc(Column::IsStat)
        .order_by_asc(Column::Id)
        .limit(LISTED)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Where the next order of a visit stands; cancelled ones keep their place.
pub async fn next_position(tx: &TenantTx, visit: &encounter::Model) -> Result<i32, Error> {
    let query = Query::select()
        .expr_as(Func::max(Expr::col("position")), "highest")
        .from("service_request")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("encounter_id").eq(visit.id))
        .take();
    let highest: Option<i32> = tx.query_one(&query).await?.map(|row| row.try_get("", "highest")).transpose()?.flatten();
    Ok(highest.unwrap_or_default().saturating_add(1))
}

pub async fn add(tx: &TenantTx, visit: &encounter::Model, item: &Item, content: &OrderContent, position: i32) -> Result<Model, Error> {
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: OrderStatus::Draft.code().to_owned(),
        digest: Vec::new(),
        patient_id: visit.patient_id,
        encounter_id: visit.id,
        category: item.category.code().to_owned(),
        code: item.code.clone(),
        name: item.name.clone(),
        specimen: item.specimen.clone(),
        procedure_code: item.procedure_code.clone(),
        quantity: i32::from(content.quantity),
        position,
        is_stat: content.is_stat,
        due_on: clock::today(tx.now()),
        note: content.note.clone(),
        issued_at: None,
        issued_by_id: None,
        acknowledged_at: None,
        acknowledged_by_id: None,
        done_at: None,
        done_by_id: None,
    };
    versioned::insert(tx, model, Authorship::own(tx)).await
}

/// Moves an order; the inner error is the person's to understand. Who issued, took and did it is kept once.
pub async fn act(tx: &TenantTx, mut row: Model, act: OrderAct, role: Role) -> Result<Result<Model, OrderRefusal>, Error> {
    let next = match status(&row).after(act, role) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (now, by): (Option<DateTime<Utc>>, Option<Uuid>) = (Some(tx.now()), Some(tx.actor().as_uuid()));
    match act {
        OrderAct::Issue => (row.issued_at, row.issued_by_id) = (now, by),
        OrderAct::Acknowledge => (row.acknowledged_at, row.acknowledged_by_id) = (now, by),
        OrderAct::Finish => (row.done_at, row.done_by_id) = (now, by),
        OrderAct::Start | OrderAct::EnterResult | OrderAct::Review | OrderAct::Stop | OrderAct::Cancel => {}
    }
    row.status = next.code().to_owned();
    versioned::update(tx, row, Authorship::own(tx), "").await.map(Ok)
}

/// What was carried out at a visit, as it is billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneLine {
    pub service_request_id: Uuid,
    pub category: String,
    pub name: String,
    /// 診療行為コード; empty when none belongs to it.
    pub procedure_code: String,
    pub quantity: i32,
    pub done_at: Option<DateTime<Utc>>,
}

/// 会計 takes these over: everything done at the visit, in the order it was ordered.
pub async fn done_lines(tx: &TenantTx, encounter: EncounterId) -> Result<Vec<DoneLine>, Error> {
    let rows = of_encounter(tx, encounter).await?;
    let done = rows.into_iter().filter(|row| status(row).is_done());
    let line = |row: Model| DoneLine {
        service_request_id: row.id,
        category: row.category,
        name: row.name,
        procedure_code: row.procedure_code,
        quantity: row.quantity,
        done_at: row.done_at,
    };
    Ok(done.map(line).collect())
}

/// Results of these orders, as they were entered.
pub async fn results_of(tx: &TenantTx, orders: &[Uuid]) -> Result<Vec<ResultRow>, Error> {
    if orders.is_empty() {
        return Ok(vec![]);
    }
    let rows = ResultEntity::find()
        .filter(R::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(R::ServiceRequestId.eq_any(orders.iter().copied()))
        .order_by_asc(R::Id)
        .all(tx)
        .await?;
    Ok(rows)
}

/// The newest measured values of a person.
pub async fn measured(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<ResultRow>, Error> {
    let rows = ResultEntity::find()
        .filter(R::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(R::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .order_by_desc(R::ObservedAt)
        .limit(LISTED)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Unread results of the clinic, oldest first.
pub async fn unread(tx: &TenantTx) -> Result<Vec<ResultRow>, Error> {
    let rows = ResultEntity::find()
        .filter(R::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(R::Status.eq(UNREAD))
        .order_by_asc(R::ObservedAt)
        .order_by_asc(R::Id)
        .limit(LISTED)
        .all(tx)
        .await?;
    Ok(rows)
}

/// Where each of these visits goes next, in the order of their orders: 採血, 処置.
pub async fn stations(tx: &TenantTx, visits: &[Uuid]) -> Result<HashMap<Uuid, Vec<&'static str>>, Error> {
    let mut next: HashMap<Uuid, Vec<&'static str>> = HashMap::new();
    for row in tx.query_all(&open_statement(tx.tenant_id(), visits)).await? {
        let (category, specimen): (String, String) = (row.try_get("", "category")?, row.try_get("", "specimen")?);
        let stations = next.entry(row.try_get("", "encounter_id")?).or_default();
        let station = station(&category, &specimen);
        if !stations.contains(&station) {
            stations.push(station);
        }
    }
    Ok(next)
}

fn open_statement(tenant: TenantId, visits: &[Uuid]) -> SelectStatement {
    let open = OrderStatus::ALL.iter().filter(|status| status.is_waiting()).map(|status| status.code());
    Query::select()
        .columns(["encounter_id", "category", "specimen"])
        .from("service_request")
        .and_where(Expr::col("tenant_id").eq(tenant.as_uuid()))
        .and_where(Column::EncounterId.eq_any(visits.iter().copied()))
        .and_where(Expr::col("status").is_in(open))
        .order_by("position", Order::Asc)
        .order_by("id", Order::Asc)
        .take()
}

/// The board's query with typical input, for the plan test.
pub fn plans(tenant: TenantId) -> Vec<(&'static str, SelectStatement)> {
    vec![("open orders of visits", open_statement(tenant, &[Uuid::nil()]))]
}

/// How many unread results each of these patients has, for the board's chip.
pub async fn unread_counts(tx: &TenantTx, patients: &[PatientId]) -> Result<HashMap<PatientId, i64>, Error> {
    if patients.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Query::select()
        .column("patient_id")
        .expr_as(Func::count(Expr::col("id")), "unread")
        .from("observation_result")
        .and_where(Expr::col("tenant_id").eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col("status").eq(UNREAD))
        .and_where(R::PatientId.eq_any(patients.iter().map(|id| id.as_uuid())))
        .group_by_col("patient_id")
        .take();
    let rows = tx.query_all(&query).await?;
    rows.iter().map(|row| Ok((PatientId::new(row.try_get("", "patient_id")?), row.try_get("", "unread")?))).collect()
}

/// Values of one order by their code. A value that was there before gets its next version and is unread again.
pub async fn enter(
    tx: &TenantTx,
    order: Model,
    items: &[ResultItem],
    values: &BTreeMap<String, String>,
    role: Role,
) -> Result<Result<(), OrderRefusal>, Error> {
    let known = results_of(tx, &[order.id]).await?;
    let mut is_changed = false;
    for (item, value) in items.iter().filter_map(|item| Some((item, values.get(&item.code)?))) {
        let before = known.iter().find(|row| row.code == item.code);
        if before.is_some_and(|row| row.value_text == *value) {
            continue;
        }
        let base = before.cloned().unwrap_or_else(|| blank(tx, &order, item));
        let row = ResultRow {
            status: UNREAD.to_owned(),
            value_text: value.clone(),
            flag: flag(value, &item.low, &item.high).code().to_owned(),
            observed_at: tx.now(),
            reviewed_at: None,
            reviewed_by_id: None,
            ..base
        };
        match before {
            Some(_) => versioned::update(tx, row, Authorship::own(tx), "結果の訂正").await?,
            None => versioned::insert(tx, row, Authorship::own(tx)).await?,
        };
        is_changed = true;
    }
    if !is_changed {
        return Ok(Ok(()));
    }
    Ok(act(tx, order, OrderAct::EnterResult, role).await?.map(drop))
}

fn blank(tx: &TenantTx, order: &Model, item: &ResultItem) -> ResultRow {
    ResultRow {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: UNREAD.to_owned(),
        digest: Vec::new(),
        patient_id: order.patient_id,
        service_request_id: order.id,
        code: item.code.clone(),
        name: item.name.clone(),
        value_text: String::new(),
        unit: item.unit.clone(),
        reference_low: item.low.clone(),
        reference_high: item.high.clone(),
        flag: String::new(),
        ordered_by_id: order.issued_by_id.unwrap_or(order.author_id),
        observed_at: tx.now(),
        reviewed_at: None,
        reviewed_by_id: None,
    }
}

/// 確認: every unread value of the order was seen by this doctor.
pub async fn review(tx: &TenantTx, order: Model, role: Role) -> Result<Result<Model, OrderRefusal>, Error> {
    let results = results_of(tx, &[order.id]).await?;
    let order = match act(tx, order, OrderAct::Review, role).await? {
        Ok(order) => order,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for mut row in results.into_iter().filter(|row| row.status == UNREAD) {
        row.status = REVIEWED.to_owned();
        (row.reviewed_at, row.reviewed_by_id) = (Some(tx.now()), Some(tx.actor().as_uuid()));
        versioned::update(tx, row, Authorship::own(tx), "").await?;
    }
    Ok(Ok(order))
}

/// 元に戻す of a review; false when it is too late or somebody else's.
pub async fn unreview(tx: &TenantTx, mut order: Model) -> Result<bool, Error> {
    let is_own = order.author_id == tx.actor().as_uuid() && tx.now() - order.recorded_at <= UNDO_WITHIN;
    if status(&order) != OrderStatus::Reviewed || !is_own {
        return Ok(false);
    }
    let reviewed_at = order.recorded_at;
    for mut row in results_of(tx, &[order.id]).await?.into_iter().filter(|row| row.reviewed_at == Some(reviewed_at)) {
        row.status = UNREAD.to_owned();
        (row.reviewed_at, row.reviewed_by_id) = (None, None);
        versioned::update(tx, row, Authorship::own(tx), "確認を元に戻した").await?;
    }
    order.status = OrderStatus::Resulted.code().to_owned();
    versioned::update(tx, order, Authorship::own(tx), "確認を元に戻した").await.map(|_| true)
}

/// The orders of these results, in the results' order, and one more that was just reviewed.
pub async fn of_results(tx: &TenantTx, results: &[ResultRow], also: Option<ServiceRequestId>) -> Result<Vec<Model>, Error> {
    let mut ids: Vec<Uuid> = results.iter().map(|row| row.service_request_id).chain(also.map(ServiceRequestId::as_uuid)).collect();
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let mut rows =
        Entity::find().filter(Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(Column::Id.eq_any(ids.iter().copied())).all(tx).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows)
}
