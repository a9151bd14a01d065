use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "note")]
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
    pub encounter_id: Uuid,
    pub noted_on: Date,
    pub responsible_id: Uuid,
    pub signed_at: Option<DateTimeUtc>,
    pub signed_by_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

tenancy::versioned!(Model, ActiveModel, "note");
