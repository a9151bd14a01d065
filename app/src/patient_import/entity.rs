//! Rows of `patient_import`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub file_name: String,
    pub content_sha256: Vec<u8>,
    /// Empty once the import is done or given up.
    pub content_sealed: Vec<u8>,
    pub encoding: String,
    pub state: String,
    /// A code of [`super::columns::Column`] for each column of the file.
    pub mapping: Json,
    pub total: i32,
    pub good: i32,
    /// Registered so far.
    pub done: i32,
    /// Left out so far.
    pub skipped: i32,
    pub problems: Json,
    pub created_at: DateTimeUtc,
    pub created_by_id: Uuid,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
