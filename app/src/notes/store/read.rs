//! Reading notes: heads by one statement, everything under them by one more, however many notes there are.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::note::{AmendmentKind, Section};
use domain::{EncounterId, NoteAmendmentId, NoteId, NoteSectionId, PatientId, StaffId};
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Order, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde_json::Value;
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use crate::notes::entity::{note, note_amendment, note_section, section_conflict};
use crate::notes::record::{AmendmentRecord, ConflictRecord, NoteRecord, SectionRecord};

/// Notes on one page of the past.
pub const PAGE_SIZE: u64 = 20;

/// Where a page of the past ends; the next one begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub noted_on: NaiveDate,
    pub id: Uuid,
}

impl Cursor {
    pub fn after(note: &NoteRecord) -> Self {
        Self { noted_on: note.noted_on, id: note.id.as_uuid() }
    }

    /// Everything up to and including a day.
    pub fn up_to(day: NaiveDate) -> Option<Self> {
        Some(Self { noted_on: day.succ_opt()?, id: Uuid::nil() })
    }

    /// `2026-11-06.<uuid>`; anything else is no cursor.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, id) = text.split_once('.')?;
        Some(Self { noted_on: day.parse().ok()?, id: id.parse().ok()? })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.noted_on, self.id)
    }
}

fn notes(tx: &TenantTx) -> sea_orm::Select<note::Entity> {
    note::Entity::find().filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
}

/// Which visits of the past are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    All,
    /// Visits that ended with a signed prescription.
    Prescribed,
}

impl Kind {
    pub fn parse(code: &str) -> Self {
        if code == "rx" { Self::Prescribed } else { Self::All }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Prescribed => "rx",
        }
    }
}

/// The note's visit has a signed prescription. Asked of one note after the other: with `OFFSET 0` the planner keeps it so, and reads
/// no further than the page, whatever it believes of the patient's thousand prescriptions.
fn prescribed(tx: &TenantTx) -> SelectStatement {
    use crate::prescriptions::entity::medication_request::{Column as C, Entity};
    Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(Expr::col((Entity, C::EncounterId)).equals((note::Entity, note::Column::EncounterId)))
        .filter(C::Status.eq(crate::prescriptions::store::SIGNED))
        .offset(0)
        .into_query()
}

fn past(tx: &TenantTx, patients: &[PatientId], before: Option<Cursor>) -> sea_orm::Select<note::Entity> {
    let mut query = notes(tx).filter(note::Column::PatientId.is_in(patients.iter().map(|p| p.as_uuid())));
    if let Some(at) = before {
        query = query.filter(
            Condition::any()
                .add(note::Column::NotedOn.lt(at.noted_on))
                .add(Condition::all().add(note::Column::NotedOn.eq(at.noted_on)).add(note::Column::Id.lt(at.id))),
        );
    }
    query.order_by_desc(note::Column::NotedOn).order_by_desc(note::Column::Id).limit(PAGE_SIZE + 1)
}

/// The notes of one encounter and the first page of the patient's past, in one statement.
pub async fn chart_heads(
    tx: &TenantTx,
    encounter: EncounterId,
    patients: &[PatientId],
) -> Result<(Vec<NoteRecord>, Vec<NoteRecord>, bool), Error> {
    let mut query = notes(tx).filter(note::Column::EncounterId.eq(encounter.as_uuid())).into_query();
    query.union(UnionType::All, past(tx, patients, None).into_query());
    let rows = tx.query_all(&query).await?;
    let heads = rows.iter().map(|r| note::Model::from_query_result(r, "")).collect::<Result<Vec<_>, _>>()?;
    let mut seen = std::collections::HashSet::new();
    let unique: Vec<_> = heads.into_iter().filter(|h| seen.insert(h.id)).collect();
    let mut all = load(tx, unique).await?;
    all.sort_by_key(|n| std::cmp::Reverse((n.noted_on, n.id)));
    let today = all.iter().filter(|n| n.encounter_id == encounter).cloned().collect();
    let has_more = all.len() > PAGE_SIZE as usize;
    all.truncate(PAGE_SIZE as usize);
    Ok((today, all, has_more))
}

/// One page of a patient's notes, newest first, and whether there are older ones.
pub async fn history_page(
    tx: &TenantTx,
    patients: &[PatientId],
    before: Option<Cursor>,
    kind: Kind,
) -> Result<(Vec<NoteRecord>, bool), Error> {
    let mut query = past(tx, patients, before);
    if kind == Kind::Prescribed {
        query = query.filter(Expr::exists(prescribed(tx)));
    }
    let mut heads = query.all(tx).await?;
    let has_more = heads.len() > PAGE_SIZE as usize;
    heads.truncate(PAGE_SIZE as usize);
    Ok((load(tx, heads).await?, has_more))
}

/// Notes of a period for print, oldest first, at most `limit`; and whether that was all.
pub async fn of_period(
    tx: &TenantTx,
    patients: &[PatientId],
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    limit: u64,
) -> Result<(Vec<NoteRecord>, bool), Error> {
    let mut query = notes(tx).filter(note::Column::PatientId.is_in(patients.iter().map(|p| p.as_uuid())));
    if let Some(from) = from {
        query = query.filter(note::Column::NotedOn.gte(from));
    }
    if let Some(to) = to {
        query = query.filter(note::Column::NotedOn.lte(to));
    }
    let mut heads = query.order_by_desc(note::Column::NotedOn).order_by_desc(note::Column::Id).limit(limit + 1).all(tx).await?;
    let is_all = heads.len() as u64 <= limit;
    heads.truncate(limit as usize);
    heads.reverse();
    Ok((load(tx, heads).await?, is_all))
}

/// One note with everything under it.
pub async fn get(tx: &TenantTx, id: NoteId) -> Result<NoteRecord, Error> {
    let head = notes(tx).filter(note::Column::Id.eq(id.as_uuid())).one(tx).await?.ok_or(Error::NotFound)?;
    load(tx, vec![head]).await?.pop().ok_or(Error::NotFound)
}

/// 未確定の記録, oldest first; of one doctor when given.
pub async fn unsigned(tx: &TenantTx, responsible: Option<StaffId>, limit: u64) -> Result<(Vec<NoteRecord>, bool), Error> {
    let mut query = notes(tx).filter(note::Column::SignedAt.is_null());
    if let Some(doctor) = responsible {
        query = query.filter(note::Column::ResponsibleId.eq(doctor.as_uuid()));
    }
    let mut heads = query.order_by_asc(note::Column::NotedOn).order_by_asc(note::Column::Id).limit(limit + 1).all(tx).await?;
    let has_more = heads.len() as u64 > limit;
    heads.truncate(limit as usize);
    Ok((load(tx, heads).await?, has_more))
}

/// Heads become records, in the order given.
pub async fn load(tx: &TenantTx, heads: Vec<note::Model>) -> Result<Vec<NoteRecord>, Error> {
    let ids: Vec<Uuid> = heads.iter().map(|h| h.id).collect();
    let mut parts: HashMap<Uuid, Vec<PartRow>> = HashMap::new();
    if !ids.is_empty() {
        for row in tx.query_all(&parts_of(tx, &ids)).await? {
            let part = PartRow::from_query_result(&row, "")?;
            parts.entry(part.note_id).or_default().push(part);
        }
    }
    heads
        .into_iter()
        .map(|head| {
            let under = parts.remove(&head.id).unwrap_or_default();
            record(head, under)
        })
        .collect()
}

/// Sections, amendments and kept texts look alike enough to travel together.
#[derive(FromQueryResult)]
struct PartRow {
    note_id: Uuid,
    id: Uuid,
    kind: String,
    section: Option<String>,
    version: i32,
    body: String,
    reason: String,
    recorded_at: DateTime<Utc>,
    author_id: Uuid,
    entered_by_id: Uuid,
    is_done: bool,
}

fn parts_of(tx: &TenantTx, ids: &[Uuid]) -> SelectStatement {
    use note_amendment::Column as A;
    use note_section::Column as S;
    use section_conflict::Column as C;
    let tenant = tx.tenant_id().as_uuid();
    let a = |name: &'static str| Alias::new(name);
    let mut sections = Query::select()
        .columns([S::NoteId, S::Id])
        .expr_as(Expr::val("section"), a("kind"))
        .columns([S::Section, S::Version, S::Body])
        .expr_as(Expr::val(""), a("reason"))
        .columns([S::RecordedAt, S::AuthorId, S::EnteredById])
        .expr_as(Expr::val(true), a("is_done"))
        .from(note_section::Entity)
        .and_where(S::TenantId.eq(tenant))
        .and_where(S::NoteId.eq_any(ids.to_vec()))
        .take();
    let amendments = Query::select()
        .columns([A::NoteId, A::Id, A::Kind, A::Section, A::Version, A::Body, A::Reason, A::RecordedAt, A::AuthorId, A::EnteredById])
        .expr(Expr::val(true))
        .from(note_amendment::Entity)
        .and_where(A::TenantId.eq(tenant))
        .and_where(A::NoteId.eq_any(ids.to_vec()))
        .take();
    let conflicts = Query::select()
        .columns([C::NoteId, C::Id])
        .expr(Expr::val("conflict"))
        .columns([C::Section, C::BaseVersion, C::Body])
        .expr(Expr::val(""))
        .columns([C::CreatedAt, C::AuthorId, C::AuthorId])
        .expr(Expr::col(C::ResolvedAt).is_not_null())
        .from(section_conflict::Entity)
        .and_where(C::TenantId.eq(tenant))
        .and_where(C::NoteId.eq_any(ids.to_vec()))
        .take();
    sections.union(UnionType::All, amendments).union(UnionType::All, conflicts);
    sections
}

fn record(head: note::Model, mut parts: Vec<PartRow>) -> Result<NoteRecord, Error> {
    parts.sort_by_key(|p| (p.recorded_at, p.id));
    let (mut sections, mut amendments, mut conflicts) = (vec![], vec![], vec![]);
    for p in parts {
        let section: Option<Section> = p.section.map(|s| s.parse()).transpose().map_err(Error::internal)?;
        match (p.kind.as_str(), section) {
            ("section", Some(section)) => sections.push(SectionRecord {
                id: NoteSectionId::new(p.id),
                section,
                version: p.version,
                body: p.body,
                recorded_at: p.recorded_at,
                author_id: StaffId::new(p.author_id),
                entered_by_id: StaffId::new(p.entered_by_id),
            }),
            ("conflict", Some(section)) => conflicts.push(ConflictRecord {
                id: p.id,
                section,
                base_version: p.version,
                body: p.body,
                author_id: StaffId::new(p.author_id),
                created_at: p.recorded_at,
                is_resolved: p.is_done,
            }),
            (kind, section) => amendments.push(AmendmentRecord {
                id: NoteAmendmentId::new(p.id),
                kind: kind.parse::<AmendmentKind>().map_err(Error::internal)?,
                section,
                body: p.body,
                reason: p.reason,
                recorded_at: p.recorded_at,
                author_id: StaffId::new(p.author_id),
                entered_by_id: StaffId::new(p.entered_by_id),
            }),
        }
    }
    sections.sort_by_key(|s| s.section);
    Ok(NoteRecord {
        id: NoteId::new(head.id),
        version: head.version,
        patient_id: PatientId::new(head.patient_id),
        encounter_id: EncounterId::new(head.encounter_id),
        noted_on: head.noted_on,
        stored_status: head.status.parse().map_err(Error::internal)?,
        author_id: StaffId::new(head.author_id),
        entered_by_id: StaffId::new(head.entered_by_id),
        responsible_id: StaffId::new(head.responsible_id),
        signed: head.signed_at.zip(head.signed_by_id.map(StaffId::new)),
        sections,
        amendments,
        conflicts,
    })
}

/// One version of a note or of a section, out of `row_version`.
#[derive(Debug, FromQueryResult)]
pub struct VersionRow {
    pub kind: String,
    pub id: Uuid,
    pub version: i32,
    pub recorded_at: DateTime<Utc>,
    pub author_id: Uuid,
    pub entered_by_id: Uuid,
    pub status: String,
    pub reason: String,
    pub content: Value,
}

impl VersionRow {
    /// The text of a section's version.
    pub fn body(&self) -> &str {
        self.content.get("body").and_then(Value::as_str).unwrap_or_default()
    }
}

fn versions(tx: &TenantTx) -> SelectStatement {
    let a = |name: &'static str| Alias::new(name);
    Query::select()
        .columns(["kind", "id", "version", "recorded_at", "author_id", "entered_by_id", "status", "reason", "content"].map(Alias::new))
        .from(a("row_version"))
        .and_where(Expr::col(a("tenant_id")).eq(tx.tenant_id().as_uuid()))
        .take()
}

/// Versions of a note and its sections, newest first.
pub async fn versions_of(tx: &TenantTx, note: &NoteRecord, limit: u64) -> Result<Vec<VersionRow>, Error> {
    let a = |name: &'static str| Alias::new(name);
    let sections: Vec<Uuid> = note.sections.iter().map(|s| s.id.as_uuid()).collect();
    let query = versions(tx)
        .cond_where(
            Condition::any()
                .add(Expr::col(a("kind")).eq("note").and(Expr::col(a("id")).eq(note.id.as_uuid())))
                .add(Expr::col(a("kind")).eq("note_section").and(Expr::col(a("id")).is_in(sections))),
        )
        .order_by(a("recorded_at"), Order::Desc)
        .order_by(a("version"), Order::Desc)
        .limit(limit)
        .take();
    let rows = tx.query_all(&query).await?;
    Ok(rows.iter().map(|r| VersionRow::from_query_result(r, "")).collect::<Result<_, _>>()?)
}

/// One step of a note out of its history.
pub async fn last_step(tx: &TenantTx, note: NoteId, version: i32) -> Result<Option<VersionRow>, Error> {
    one_version(tx, "note", note.as_uuid(), version).await
}

/// One version of a section, if it was ever stored.
pub async fn find_version(tx: &TenantTx, section: NoteSectionId, version: i32) -> Result<Option<VersionRow>, Error> {
    one_version(tx, "note_section", section.as_uuid(), version).await
}

async fn one_version(tx: &TenantTx, kind: &str, id: Uuid, version: i32) -> Result<Option<VersionRow>, Error> {
    let a = |name: &'static str| Alias::new(name);
    let query = versions(tx)
        .and_where(Expr::col(a("kind")).eq(kind))
        .and_where(Expr::col(a("id")).eq(id))
        .and_where(Expr::col(a("version")).eq(version))
        .take();
    let row = tx.query_one(&query).await?;
    Ok(row.map(|r| VersionRow::from_query_result(&r, "")).transpose()?)
}

/// Notes a doctor asked to make void, newest first, without those already void.
pub async fn void_requests(tx: &TenantTx, limit: u64) -> Result<Vec<note_amendment::Model>, Error> {
    use note_amendment::Column as A;
    let (asked, done) = (AmendmentKind::VoidRequest.code(), AmendmentKind::Void.code());
    let rows = note_amendment::Entity::find()
        .filter(A::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(A::Kind.is_in([asked, done]))
        .order_by_desc(A::RecordedAt)
        .limit(limit)
        .all(tx)
        .await?;
    let void: Vec<Uuid> = rows.iter().filter(|r| r.kind == done).map(|r| r.note_id).collect();
    Ok(rows.into_iter().filter(|r| r.kind == asked && !void.contains(&r.note_id)).collect())
}
