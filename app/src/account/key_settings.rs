//! Rows of `key_settings`; the id is the person's.

use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "key_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub recorded_at: DateTimeUtc,
    pub author_id: Uuid,
    pub entered_by_id: Uuid,
    pub status: String,
    pub digest: Vec<u8>,
    pub has_letters: bool,
    /// Ctrl+Alt beside Alt; `None` as the machine's system is used to (macOS: yes).
    pub is_ctrl_alt: Option<bool>,
    /// Declared key → own key; only those that differ.
    pub own_keys: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

tenancy::versioned!(Model, ActiveModel, "key_settings");
