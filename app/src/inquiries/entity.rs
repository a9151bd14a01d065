//! Rows of `eligibility_inquiry`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "eligibility_inquiry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub patient_id: Option<Uuid>,
    pub message_id: Uuid,
    pub insurer_number: String,
    pub insured_symbol: String,
    pub insured_number: String,
    pub branch_number: String,
    pub birth_date: Date,
    pub limit_consent: bool,
    /// A `CareSetting`
    pub setting: String,
    /// `pending`, `answered`, `unavailable` or `manual_verified`
    pub status: String,
    pub reader_result_id: Option<Uuid>,
    pub asked_at: DateTimeUtc,
    pub asked_by_id: Uuid,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
