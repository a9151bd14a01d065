//! Conditions read and written.

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveTime, Utc};
use domain::condition::{self, Course, Modifier, Outcome, Purpose};
use domain::warning::{Level, Warning};
use domain::{ConditionId, EncounterId, PatientId, StaffId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::diseases::Disease;
use super::entity::{Column, Entity, Model};
use crate::notes::seen::{Kind, Pending};
use crate::patients;

pub const ACTIVE: &str = "active";
const ENDED: &str = "ended";
pub const MISTAKEN: &str = "mistaken";
/// Lines of the clinic's list of old 疑い.
pub const SUSPECTED_LIMIT: u64 = 200;

/// Everything that can be said of a condition, already checked.
#[derive(Debug, Clone)]
pub struct Content {
    pub disease: Disease,
    pub modifiers: Vec<Modifier>,
    pub course: Course,
    pub is_suspected: bool,
    pub is_main: bool,
    pub is_undisclosed: bool,
    pub purpose: Purpose,
}

/// All conditions of the person, in force first, then newest first; rows entered by mistake are history only.
pub async fn of_patient(tx: &TenantTx, patient: PatientId) -> Result<Vec<Model>, Error> {
    of_patients(tx, &patients::store::group_ids(tx, patient).await?).await
}

/// The same for somebody whose merged records are known already.
pub async fn of_patients(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Model>, Error> {
    let mut rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(group.iter().map(|id| id.as_uuid())))
        .order_by_desc(Column::StartedOn)
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    rows.retain(|row| row.status != MISTAKEN);
    rows.sort_by_key(|row| (row.status != ACTIVE, !row.is_main));
    Ok(rows)
}

pub async fn get(tx: &TenantTx, id: ConditionId) -> Result<Model, Error> {
    Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::Id.eq(id.as_uuid()))
        .one(tx)
        .await?
        .ok_or(Error::NotFound)
}

pub async fn insert(tx: &TenantTx, patient: PatientId, encounter: Option<EncounterId>, content: &Content) -> Result<Model, Error> {
    let model = Model {
        tenant_id: Uuid::nil(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: vec![],
        patient_id: patient.as_uuid(),
        encounter_id: encounter.map(EncounterId::as_uuid),
        disease_code: content.disease.code.clone(),
        disease_name: content.disease.name.clone(),
        exchange_code: content.disease.exchange_code.clone(),
        icd10: content.disease.icd10.clone(),
        modifiers: serde_json::to_value(&content.modifiers).map_err(Error::internal)?,
        display_name: String::new(),
        started_on: content.course.started_on,
        is_suspected: content.is_suspected,
        is_main: content.is_main,
        is_undisclosed: content.is_undisclosed,
        purpose: content.purpose.code().to_owned(),
        outcome: None,
        ended_on: None,
        master_release_id: content.disease.release_id,
    };
    versioned::insert(tx, settled(model, content.course)?, Authorship::own(tx)).await
}

/// The next version; `model.version` is what the person saw.
pub async fn update(tx: &TenantTx, model: Model, course: Course, reason: &str) -> Result<Model, Error> {
    versioned::update(tx, settled(model, course)?, Authorship::own(tx), reason).await
}

/// Columns that follow from the others.
fn settled(mut model: Model, course: Course) -> Result<Model, Error> {
    model.display_name = condition::display(&model.disease_name, &modifiers_of(&model)?, model.is_suspected);
    model.started_on = course.started_on;
    model.outcome = course.outcome.map(|outcome| outcome.code().to_owned());
    model.ended_on = course.ended_on;
    if model.status != MISTAKEN {
        model.status = if course.ended_on.is_some() { ENDED } else { ACTIVE }.to_owned();
    }
    Ok(model)
}

pub fn modifiers_of(model: &Model) -> Result<Vec<Modifier>, Error> {
    serde_json::from_value(model.modifiers.clone()).map_err(Error::internal)
}

pub fn course_of(model: &Model) -> Course {
    Course { started_on: model.started_on, outcome: model.outcome.as_deref().and_then(Outcome::from_code), ended_on: model.ended_on }
}

/// 疑い of the whole clinic older than three months, the oldest first.
pub async fn old_suspicions(tx: &TenantTx, today: NaiveDate) -> Result<Vec<Model>, Error> {
    let rows = Entity::find()
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Expr::col(Column::IsSuspected))
        .filter(Expr::col(Column::Status).eq(Expr::Constant(ACTIVE.into())))
        .filter(Column::StartedOn.lt(condition::stale_before(today)))
        .order_by_asc(Column::StartedOn)
        .order_by_asc(Column::Id)
        .limit(SUSPECTED_LIMIT)
        .all(tx)
        .await?;
    Ok(rows)
}

/// A version out of `row_version`, with its content as the model it was.
#[derive(Debug, Clone)]
pub struct Version {
    pub id: Uuid,
    pub version: i32,
    pub recorded_at: DateTime<Utc>,
    pub author_id: Uuid,
    pub status: String,
    pub reason: String,
    pub content: serde_json::Value,
}

impl Version {
    pub fn text(&self, field: &str) -> &str {
        self.content.get(field).and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    pub fn flag(&self, field: &str) -> bool {
        self.content.get(field).and_then(serde_json::Value::as_bool).unwrap_or_default()
    }

    pub fn course(&self) -> Option<Course> {
        Some(Course {
            started_on: self.text("started_on").parse().ok()?,
            outcome: Outcome::from_code(self.text("outcome")),
            ended_on: self.text("ended_on").parse().ok(),
        })
    }
}

#[derive(FromQueryResult)]
struct VersionRow {
    id: Uuid,
    version: i32,
    recorded_at: DateTime<Utc>,
    author_id: Uuid,
    status: String,
    reason: String,
    content: serde_json::Value,
}

/// Every version of these rows recorded before `until`, newest first.
pub async fn versions(tx: &TenantTx, ids: &[Uuid], until: Option<DateTime<Utc>>) -> Result<Vec<Version>, Error> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let a = |name: &'static str| Alias::new(name);
    let mut query = Query::select()
        .columns(["id", "version", "recorded_at", "author_id", "status", "reason", "content"].map(Alias::new))
        .from(a("row_version"))
        .and_where(Expr::col(a("tenant_id")).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(a("kind")).eq("condition"))
        .and_where(Expr::col(a("id")).is_in(ids.to_vec()))
        .order_by(a("recorded_at"), Order::Desc)
        .order_by(a("version"), Order::Desc)
        .take();
    if let Some(until) = until {
        query.and_where(Expr::col(a("recorded_at")).lt(until));
    }
    let rows = tx.query_all(&query).await?;
    rows.iter()
        .map(|row| {
            let VersionRow { id, version, recorded_at, author_id, status, reason, content } = VersionRow::from_query_result(row, "")?;
            Ok(Version { id, version, recorded_at, author_id, status, reason, content })
        })
        .collect()
}

/// What held in a month, in the words recorded by its end: what a claim of that month said.
pub async fn of_month(tx: &TenantTx, patient: PatientId, first: NaiveDate) -> Result<Vec<Version>, Error> {
    let next = first.with_day(1).and_then(|day| day.checked_add_months(Months::new(1))).unwrap_or(first);
    let group = patients::store::group_ids(tx, patient).await?;
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Column::PatientId.is_in(group.into_iter().map(PatientId::as_uuid)))
        .into_tuple()
        .all(tx)
        .await?;
    let mut seen = std::collections::HashSet::new();
    let mut then: Vec<Version> = versions(tx, &ids, Some(start_of(next))).await?.into_iter().filter(|v| seen.insert(v.id)).collect();
    let last = next.checked_sub_days(Days::new(1)).unwrap_or(first);
    then.retain(|v| v.status != MISTAKEN && v.course().is_some_and(|course| course.touches(first, last)));
    then.sort_by(|a, b| (!a.flag("is_main"), a.text("started_on")).cmp(&(!b.flag("is_main"), b.text("started_on"))));
    Ok(then)
}

/// Midnight in Japan at the beginning of a day.
fn start_of(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let jst = FixedOffset::east_opt(9 * 3600).and_then(|jst| midnight.and_local_timezone(jst).single());
    jst.map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// The names in force, which a signature rests on.
pub async fn pending(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Pending>, Error> {
    let active = of_patients(tx, group).await?.into_iter().filter(|row| row.status == ACTIVE);
    let pending = |row: Model| {
        let (id, version, by) = (row.id, row.version, StaffId::new(row.entered_by_id));
        Pending { kind: Kind::Condition, id, version, text: row.display_name, by }
    };
    Ok(active.map(pending).collect())
}

/// What 病名 has to say before 確定. Never in the way: a diagnosis may take its time.
pub async fn warnings(tx: &TenantTx, group: &[PatientId]) -> Result<Vec<Warning>, Error> {
    let today = domain::clock::today(tx.now());
    let rows = of_patients(tx, group).await?;
    let active = || rows.iter().filter(|row| row.status == ACTIVE);
    let mut found: Vec<Warning> = active()
        .filter(|row| row.is_suspected)
        .filter_map(|row| {
            let days = condition::stale_suspicion(row.started_on, today)?;
            let says = format!("疑いのまま{days}日です。確かめたら転帰か確定病名にしてください。");
            Some(Warning::new(Level::Info, format!("condition.suspected.{}", row.id), row.display_name.clone(), says).at("pane-conditions"))
        })
        .collect();
    if !active().any(|row| row.purpose == Purpose::Claim.code()) {
        let says = "請求に使う病名がまだありません。";
        found.push(Warning::new(Level::Info, "condition.none", "病名", says).at("pane-conditions"));
    }
    Ok(found)
}
