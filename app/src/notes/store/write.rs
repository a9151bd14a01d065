//! Writing notes. A note that is open is locked first, so that a save and 確定 of the same note take turns.

use domain::note::{AmendmentKind, Hand, NoteStatus, Section, SectionText};
use domain::{EncounterId, NoteId, StaffId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use tenancy::versioned::{self, Authorship};
use tenancy::{Error, TenantTx};
use uuid::Uuid;

use super::visit::Visit;
use crate::notes::entity::{note, note_amendment, note_section, section_conflict};
use crate::notes::record::NoteRecord;

/// The open note under this id, held until the transaction ends; `None` when it is signed or not there.
pub async fn lock_open(tx: &TenantTx, id: NoteId) -> Result<Option<note::Model>, Error> {
    let query = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::Id.eq(id.as_uuid()))
        .filter(note::Column::SignedAt.is_null());
    Ok(query.lock_exclusive().one(tx).await?)
}

/// The open note of an encounter, held likewise.
pub async fn lock_open_of(tx: &TenantTx, encounter: EncounterId) -> Result<Option<note::Model>, Error> {
    let query = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::EncounterId.eq(encounter.as_uuid()))
        .filter(note::Column::SignedAt.is_null());
    Ok(query.lock_exclusive().one(tx).await?)
}

/// The head of a note, open or not, without a lock.
pub async fn find_head(tx: &TenantTx, id: NoteId) -> Result<Option<note::Model>, Error> {
    let query = note::Entity::find().filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid())).filter(note::Column::Id.eq(id.as_uuid()));
    Ok(query.one(tx).await?)
}

/// The note of an encounter as its page shows it: the open one, else the signed one.
pub async fn latest_of(tx: &TenantTx, encounter: EncounterId) -> Result<Option<note::Model>, Error> {
    let open = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::EncounterId.eq(encounter.as_uuid()))
        .filter(note::Column::SignedAt.is_null());
    match open.one(tx).await? {
        Some(open) => Ok(Some(open)),
        None => find_signed_of(tx, encounter).await,
    }
}

/// The signed note of an encounter that is not void. A void one leaves room for the right text.
pub async fn find_signed_of(tx: &TenantTx, encounter: EncounterId) -> Result<Option<note::Model>, Error> {
    let void = note_amendment::Entity::find()
        .select_only()
        .column(note_amendment::Column::NoteId)
        .filter(note_amendment::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note_amendment::Column::Kind.eq(AmendmentKind::Void.code()))
        .into_query();
    let query = note::Entity::find()
        .filter(note::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note::Column::EncounterId.eq(encounter.as_uuid()))
        .filter(note::Column::SignedAt.is_not_null())
        .filter(note::Column::Id.not_in_subquery(void))
        .order_by_desc(note::Column::SignedAt);
    Ok(query.one(tx).await?)
}

/// Makes the note of an encounter. The caller holds the encounter.
pub async fn insert_note(tx: &TenantTx, visit: &Visit, responsible: StaffId) -> Result<note::Model, Error> {
    let model = note::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: responsible.as_uuid(),
        entered_by_id: tx.actor().as_uuid(),
        status: NoteStatus::Draft.code().to_owned(),
        digest: vec![],
        patient_id: visit.patient_id.as_uuid(),
        encounter_id: visit.id.as_uuid(),
        noted_on: visit.date,
        responsible_id: responsible.as_uuid(),
        signed_at: None,
        signed_by_id: None,
    };
    versioned::insert(tx, model, Authorship { author: responsible, entered_by: tx.actor() }).await
}

/// Whose words they are: a doctor's own, or the responsible doctor's by another's hand (GL-12).
pub fn authorship(tx: &TenantTx, hand: Hand, responsible: StaffId) -> Authorship {
    match hand {
        Hand::Doctor => Authorship::own(tx),
        Hand::OnBehalf => Authorship::on_behalf_of(responsible, tx),
    }
}

pub async fn find_section(tx: &TenantTx, note: Uuid, section: Section) -> Result<Option<note_section::Model>, Error> {
    let query = note_section::Entity::find()
        .filter(note_section::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note_section::Column::NoteId.eq(note))
        .filter(note_section::Column::Section.eq(section.letter()));
    Ok(query.one(tx).await?)
}

pub async fn insert_section(
    tx: &TenantTx,
    note: &note::Model,
    section: Section,
    text: SectionText,
    by: Authorship,
) -> Result<note_section::Model, Error> {
    let model = note_section::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: by.author.as_uuid(),
        entered_by_id: by.entered_by.as_uuid(),
        status: NoteStatus::Draft.code().to_owned(),
        digest: vec![],
        note_id: note.id,
        patient_id: note.patient_id,
        section: section.letter().to_owned(),
        body: text.into_inner(),
        frozen_at: None,
    };
    versioned::insert(tx, model, by).await
}

/// Keeps a text that came too late. Returns the id under which it can be compared.
pub async fn keep_text(
    tx: &TenantTx,
    note: &note::Model,
    section: Section,
    section_id: Option<Uuid>,
    base_version: i32,
    text: SectionText,
) -> Result<Uuid, Error> {
    let id = tx.new_id();
    let row = section_conflict::ActiveModel {
        tenant_id: Set(tx.tenant_id().as_uuid()),
        id: Set(id),
        section: Set(section.letter().to_owned()),
        section_id: Set(section_id),
        note_id: Set(note.id),
        patient_id: Set(note.patient_id),
        base_version: Set(base_version),
        body: Set(text.into_inner()),
        author_id: Set(tx.actor().as_uuid()),
        created_at: Set(tx.now()),
        resolved_at: Set(None),
    };
    section_conflict::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// Marks a kept text as dealt with; the text stays.
pub async fn resolve_conflict(tx: &TenantTx, id: Uuid) -> Result<(), Error> {
    section_conflict::Entity::update_many()
        .col_expr(section_conflict::Column::ResolvedAt, Expr::value(tx.now()))
        .filter(section_conflict::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(section_conflict::Column::Id.eq(id))
        .filter(section_conflict::Column::ResolvedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Freezes a section as part of 確定. The text is the writer's; the signature is on the note.
pub async fn freeze(tx: &TenantTx, mut row: note_section::Model) -> Result<(), Error> {
    let by = Authorship { author: StaffId::new(row.author_id), entered_by: StaffId::new(row.entered_by_id) };
    row.status = NoteStatus::Signed.code().to_owned();
    row.frozen_at = Some(tx.now());
    versioned::update(tx, row, by, "").await.map(drop)
}

/// Rows of the sections of a note, for 確定.
pub async fn sections_of(tx: &TenantTx, note: Uuid) -> Result<Vec<note_section::Model>, Error> {
    let query = note_section::Entity::find()
        .filter(note_section::Column::TenantId.eq(tx.tenant_id().as_uuid()))
        .filter(note_section::Column::NoteId.eq(note));
    Ok(query.all(tx).await?)
}

/// A row beside a signed note.
pub struct NewAmendment {
    pub kind: AmendmentKind,
    pub section: Option<Section>,
    pub body: String,
    pub reason: String,
}

pub async fn insert_amendment(tx: &TenantTx, note: &NoteRecord, new: NewAmendment) -> Result<(), Error> {
    let model = note_amendment::Model {
        tenant_id: tx.tenant_id().as_uuid(),
        id: tx.new_id(),
        version: 0,
        recorded_at: tx.now(),
        author_id: tx.actor().as_uuid(),
        entered_by_id: tx.actor().as_uuid(),
        status: NoteStatus::Signed.code().to_owned(),
        digest: vec![],
        note_id: note.id.as_uuid(),
        patient_id: note.patient_id.as_uuid(),
        kind: new.kind.code().to_owned(),
        section: new.section.map(|s| s.letter().to_owned()),
        body: new.body,
        reason: new.reason,
    };
    versioned::insert(tx, model, Authorship::own(tx)).await.map(drop)
}
