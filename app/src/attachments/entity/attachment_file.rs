//! The file behind a version: where it stands and what is known of its bytes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment_file")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub patient_id: Uuid,
    pub content_type: String,
    pub state: String,
    /// Why it was refused, as a code; the scanner's name of what it found.
    pub reason: String,
    /// Of the bytes that stand for it now: as uploaded while waiting, as written anew afterwards.
    pub bytes: i32,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub sha256: Vec<u8>,
    pub uploaded_at: DateTimeUtc,
    pub uploaded_by_id: Uuid,
    pub attempts: i32,
    pub next_attempt_at: DateTimeUtc,
    pub holder: Option<Uuid>,
    pub settled_at: Option<DateTimeUtc>,
    pub engine: String,
    pub signatures_at: Option<DateTimeUtc>,
    /// When a sealed copy was put where backups lie.
    pub copied_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
