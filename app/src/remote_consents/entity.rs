//! Rows of `consented_listing` and `remote_consent`.

pub mod listing {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "consented_listing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// A `CareSetting`
        pub setting: String,
        pub from_on: Date,
        pub to_on: Date,
        /// `pending`, `accepted`, `answered` or `unavailable`
        pub status: String,
        pub said: String,
        pub found: i32,
        pub asked_at: DateTimeUtc,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A continuing consent, with the numbers it is asked about by.
pub mod consent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "remote_consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub patient_id: Uuid,
        /// A `CareSetting`
        pub setting: String,
        pub insurer_number: String,
        pub insured_symbol: String,
        pub insured_number: String,
        pub branch_number: String,
        pub birth_date: Date,
        /// `active` or `ended`
        pub status: String,
        /// Its last day, where it has one.
        pub until: Option<Date>,
        /// The last answer under it.
        pub reader_result_id: Uuid,
        pub registered_at: DateTimeUtc,
        pub registered_by_id: Uuid,
        pub checked_at: DateTimeUtc,
        pub ended_at: Option<DateTimeUtc>,
        pub ended_by_id: Option<Uuid>,
        /// A `ConsentEnding`
        pub ending: String,
        /// What tells the service of its end.
        pub message_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
