//! Rows of `viewing_consent` and `consented_record`.

pub mod consent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "viewing_consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub patient_id: Uuid,
        pub reader_result_id: Uuid,
        pub subject: String,
        pub flag: String,
        pub given_at: Option<DateTimeUtc>,
        pub available_until: Option<DateTimeUtc>,
        pub recorded_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was fetched under a reading's consents.
pub mod record {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "consented_record")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i32,
        pub patient_id: Uuid,
        pub encounter_id: Uuid,
        pub reader_result_id: Uuid,
        pub kind: String,
        /// `pending`, `received`, `refused` or `unavailable`
        pub status: String,
        /// Why it was refused, in the service's words.
        pub said: String,
        /// The question, sealed: it is asked again as it was.
        pub question: Vec<u8>,
        /// The answer as it arrived, sealed.
        pub raw: Option<Vec<u8>>,
        pub requested_at: DateTimeUtc,
        pub received_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
