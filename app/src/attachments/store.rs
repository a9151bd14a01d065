//! Attachments and their files, read and written.

use std::collections::HashMap;

use domain::attachment::{AttachmentKind, ContentType, FileState};
use domain::{AttachmentId, EncounterId, FileId, PatientId, StaffId, clock};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use tenancy::permission::{NoteRead, Permission};
use tenancy::{Access, Authorship, Error, TenantTx, versioned};
use uuid::Uuid;

use super::add::Arrival;
use super::entity::attachment::{Column as C, Entity, Model};
use super::entity::attachment_file::{Column as F, Entity as Files, Model as File};

pub const ACTIVE: &str = "active";
pub const CANCELLED: &str = "cancelled";

/// A row with the file it shows now.
#[derive(Debug, Clone)]
pub struct Shown {
    pub row: Model,
    pub file: File,
}

impl Shown {
    pub fn state(&self) -> FileState {
        FileState::from_code(&self.file.state).unwrap_or(FileState::Refused)
    }

    pub fn content(&self) -> Option<ContentType> {
        ContentType::from_mime(&self.file.content_type)
    }

    pub fn kind(&self) -> AttachmentKind {
        AttachmentKind::from_code(&self.row.kind).unwrap_or(AttachmentKind::Document)
    }

    pub fn id(&self) -> AttachmentId {
        AttachmentId::new(self.row.id)
    }

    pub fn file_id(&self) -> FileId {
        FileId::new(self.file.id)
    }

    pub fn patient(&self) -> PatientId {
        PatientId::new(self.row.patient_id)
    }

    pub fn is_cancelled(&self) -> bool {
        self.row.status == CANCELLED
    }
}

/// How much of a patient's cabinet somebody has before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Chart,
    /// 文書 only: for whoever files papers but does not open the chart's text (GL-06).
    Documents,
}

impl Reach {
    pub fn of<P: Permission>(access: &Access<P>) -> Self {
        if access.may::<NoteRead>() { Self::Chart } else { Self::Documents }
    }

    /// What a file with these bytes is filed as: a scanned letter is a picture only to its camera.
    pub fn filed_as(self, content: ContentType) -> AttachmentKind {
        if self == Self::Chart { content.kind() } else { AttachmentKind::Document }
    }

    fn within(self, query: Select<Entity>) -> Select<Entity> {
        if self == Self::Chart { query } else { query.filter(C::Kind.eq(AttachmentKind::Document.code())) }
    }
}

/// Out of reach is not there.
pub async fn get(tx: &TenantTx, id: AttachmentId, reach: Reach) -> Result<Model, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::Id.eq(id.as_uuid()));
    reach.within(own).one(tx).await?.ok_or(Error::NotFound)
}

pub async fn get_shown(tx: &TenantTx, id: AttachmentId, reach: Reach) -> Result<Shown, Error> {
    let row = get(tx, id, reach).await?;
    let file = get_file(tx, FileId::new(row.file_id)).await?;
    Ok(Shown { row, file })
}

pub async fn get_file(tx: &TenantTx, id: FileId) -> Result<File, Error> {
    let own = Files::find().filter(F::TenantId.eq(tx.tenant_id().as_uuid())).filter(F::Id.eq(id.as_uuid()));
    own.one(tx).await?.ok_or(Error::NotFound)
}

/// What a list asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub kind: Option<AttachmentKind>,
    /// Older than this one.
    pub before: Option<AttachmentId>,
    pub limit: u64,
}

/// Of one chart (the patient and everybody merged into it), newest first, cancelled ones among them.
pub async fn of_patients(tx: &TenantTx, patients: &[PatientId], wanted: Wanted, reach: Reach) -> Result<Vec<Shown>, Error> {
    let mut query = Entity::find()
        .filter(C::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(C::PatientId.is_in(patients.iter().map(|id| id.as_uuid())))
        .order_by_desc(C::Id)
        .limit(wanted.limit);
    if let Some(kind) = wanted.kind {
        query = query.filter(C::Kind.eq(kind.code()));
    }
    if let Some(before) = wanted.before {
        query = query.filter(C::Id.lt(before.as_uuid()));
    }
    let rows = reach.within(query).all(tx).await?;
    let files = files(tx, rows.iter().map(|row| row.file_id)).await?;
    Ok(rows.into_iter().filter_map(|row| files.get(&row.file_id).cloned().map(|file| Shown { row, file })).collect())
}

async fn files(tx: &TenantTx, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, File>, Error> {
    let own = Files::find().filter(F::TenantId.eq(tx.tenant_id().as_uuid()));
    Ok(own.filter(F::Id.eq_any(ids)).all(tx).await?.into_iter().map(|file| (file.id, file)).collect())
}

pub struct NewFile {
    pub id: FileId,
    pub patient: PatientId,
    pub content: ContentType,
    pub size: Option<(u32, u32)>,
    pub bytes: usize,
    pub digest: [u8; 32],
}

pub async fn insert_file(tx: &TenantTx, new: &NewFile) -> Result<(), Error> {
    let side = |side: u32| i32::try_from(side).ok();
    let row = File {
        tenant_id: tx.tenant_id().as_uuid(),
        id: new.id.as_uuid(),
        patient_id: new.patient.as_uuid(),
        content_type: new.content.mime().to_owned(),
        state: FileState::Quarantine.code().to_owned(),
        reason: String::new(),
        bytes: i32::try_from(new.bytes).unwrap_or(i32::MAX),
        width: new.size.and_then(|(width, _)| side(width)),
        height: new.size.and_then(|(_, height)| side(height)),
        sha256: new.digest.to_vec(),
        uploaded_at: tx.now(),
        uploaded_by_id: tx.actor().as_uuid(),
        attempts: 0,
        next_attempt_at: tx.now(),
        holder: None,
        settled_at: None,
        engine: String::new(),
        signatures_at: None,
        copied_at: None,
    };
    Files::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn insert(tx: &TenantTx, id: AttachmentId, file: FileId, arrival: &Arrival<'_>) -> Result<Model, Error> {
    let row = Model {
        tenant_id: Uuid::nil(),
        id: id.as_uuid(),
        version: 0,
        recorded_at: tx.now(),
        author_id: Uuid::nil(),
        entered_by_id: Uuid::nil(),
        status: ACTIVE.to_owned(),
        digest: vec![],
        patient_id: arrival.patient.as_uuid(),
        encounter_id: arrival.encounter.map(EncounterId::as_uuid),
        kind: arrival.kind.code().to_owned(),
        title: arrival.title.clone(),
        noted_on: clock::today(tx.now()),
        file_id: file.as_uuid(),
        drawing: arrival.drawing.clone(),
    };
    versioned::insert(tx, row, Authorship::own(tx)).await
}

/// The next version of a シェーマ; what was drawn before stays readable.
pub async fn redraw(tx: &TenantTx, mut row: Model, seen: i32, file: FileId, arrival: &Arrival<'_>) -> Result<Model, Error> {
    row.version = seen;
    row.file_id = file.as_uuid();
    row.title.clone_from(&arrival.title);
    row.drawing.clone_from(&arrival.drawing);
    versioned::update(tx, row, Authorship::own(tx), "").await
}

pub async fn set_status(tx: &TenantTx, mut row: Model, status: &str, reason: &str) -> Result<Model, Error> {
    row.status = status.to_owned();
    versioned::update(tx, row, Authorship::own(tx), reason).await
}

/// A version there was: who made it, when, why, and which file it shows.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub version: i32,
    pub at: chrono::DateTime<chrono::Utc>,
    pub by: StaffId,
    pub status: String,
    pub reason: String,
    pub file: FileId,
}

#[derive(FromQueryResult)]
struct VersionRow {
    version: i32,
    recorded_at: chrono::DateTime<chrono::Utc>,
    author_id: Uuid,
    status: String,
    reason: String,
    content: serde_json::Value,
}

/// Every version, the newest first.
pub async fn versions(tx: &TenantTx, id: AttachmentId) -> Result<Vec<Earlier>, Error> {
    let a = Alias::new;
    let query = Query::select()
        .columns(["version", "recorded_at", "author_id", "status", "reason", "content"].map(a))
        .from(a("row_version"))
        .and_where(Expr::col(a("tenant_id")).eq(tx.tenant_id().as_uuid()))
        .and_where(Expr::col(a("kind")).eq("attachment"))
        .and_where(Expr::col(a("id")).eq(id.as_uuid()))
        .order_by(a("version"), sea_orm::Order::Desc)
        .limit(100)
        .take();
    let rows = tx.query_all(&query).await?;
    let read = |row: &sea_orm::QueryResult| {
        let row = VersionRow::from_query_result(row, "")?;
        let file = serde_json::from_value(row.content["file_id"].clone()).map_err(Error::internal)?;
        let (version, at, by) = (row.version, row.recorded_at, StaffId::new(row.author_id));
        Ok(Earlier { version, at, by, status: row.status, reason: row.reason, file })
    };
    rows.iter().map(read).collect()
}

/// The file held until the transaction ends.
pub async fn lock_file(tx: &TenantTx, id: FileId) -> Result<File, Error> {
    let own = Files::find().filter(F::TenantId.eq(tx.tenant_id().as_uuid())).filter(F::Id.eq(id.as_uuid()));
    own.lock_exclusive().one(tx).await?.ok_or(Error::NotFound)
}

pub async fn save_file(tx: &TenantTx, row: File) -> Result<(), Error> {
    let id = row.id;
    let changed = Files::update_many()
        .set(row.into_active_model().reset_all())
        .filter(F::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(F::Id.eq(id))
        .exec(tx)
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// The visits whose open pages show this file.
pub async fn visits_of_file(tx: &TenantTx, file: FileId) -> Result<Vec<Option<EncounterId>>, Error> {
    let own = Entity::find().filter(C::TenantId.eq(tx.tenant_id().as_uuid())).filter(C::FileId.eq(file.as_uuid()));
    Ok(own.all(tx).await?.into_iter().map(|row| row.encounter_id.map(EncounterId::new)).collect())
}
