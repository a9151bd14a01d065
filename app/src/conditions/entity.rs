//! Rows of `condition`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "condition")]
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
    pub patient_id: Uuid,
    pub encounter_id: Option<Uuid>,
    pub disease_code: String,
    pub disease_name: String,
    pub exchange_code: String,
    pub icd10: String,
    /// A list of `domain::condition::Modifier`.
    pub modifiers: Json,
    pub display_name: String,
    pub started_on: Date,
    pub is_suspected: bool,
    pub is_main: bool,
    pub is_undisclosed: bool,
    pub purpose: String,
    pub outcome: Option<String>,
    pub ended_on: Option<Date>,
    pub master_release_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

tenancy::versioned!(Model, ActiveModel, "condition");
