//! The row of `allergy_intolerance`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "allergy_intolerance")]
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
    pub category: String,
    pub substance: String,
    pub substance_code: String,
    pub substance_system: String,
    /// First seven digits of the YJ code of a drug; empty otherwise.
    pub ingredient_code: String,
    pub reaction: String,
    pub severity: String,
    pub certainty: String,
    pub source: String,
    pub asked_on: Date,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

tenancy::versioned!(Model, ActiveModel, "allergy_intolerance");
