//! Rows of `dispense_result`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dispense_result")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub prescription_id: Uuid,
    pub patient_id: Uuid,
    pub encounter_id: Uuid,
    /// Which of the uses of a リフィル; 1 of every other.
    pub use_no: i32,
    pub dispensed_on: Option<Date>,
    pub next_on: Option<Date>,
    /// Sealed: a `Dispensing`.
    pub content: Vec<u8>,
    pub received_at: DateTimeUtc,
    pub reviewed_by: Option<Uuid>,
    pub reviewed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
