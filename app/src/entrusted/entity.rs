//! Rows of `entrusted_listing`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "entrusted_listing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The first day of the 診療年月
    pub month: Date,
    /// `pending`, `accepted`, `answered` or `unavailable`
    pub status: String,
    pub said: String,
    pub found: i32,
    /// Of these, whose coverage was renewed.
    pub renewed: i32,
    /// The rest, sealed.
    pub others: Vec<u8>,
    pub asked_at: DateTimeUtc,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
